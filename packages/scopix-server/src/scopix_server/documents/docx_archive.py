"""The ZIP archive that a Word document is, opened within bounds: how many entries, how large unpacked, how dense.

XML is parsed without a document type, in which entities that unfold without end would be declared.
"""

import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from xml.parsers.expat import ExpatError

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.errors import DescribeError

__all__ = ["Archive", "local_name", "opened_archive", "refusal"]

_MAX_ENTRIES = 5_000  # a document with a thousand pictures has some 1,100
_MAX_PART = 200_000_000
"""Bytes of a part unpacked: the text of a 5,000-page book is 60 MB of it. It is read as a stream, never held."""
_MAX_SMALL_PART = 8_000_000  # of styles, properties and notes, which are held
_MAX_RATIO, _RATIO_FROM = 400, 1_000_000
"""Unpacked to packed, from a megabyte on: XML of Word is packed to a tenth, in long tables to a fiftieth."""
_TAIL = 65_557  # bytes: the end record of a ZIP file with the longest comment
_BROKEN = (zipfile.BadZipFile, zlib.error, ET.ParseError, ExpatError, OSError, EOFError, KeyError, ValueError)
_BROKEN_TOO = (NotImplementedError, RuntimeError)  # another compression; a password


def refusal(why: str) -> DescribeError:
    """Return the failure of a document that is not read: "The Word document " and `why`."""
    return DescribeError(f"The Word document {why}.", DescriptionErrorType.VALIDATION_ERROR, retryable=False)


def local_name(element: ET.Element) -> str:
    """Return an element's name without its namespace, of which there are two: transitional and strict."""
    return element.tag.rpartition("}")[2]


class Archive:
    """An open document. Parts are named by their paths."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._names = set(file.namelist())

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._names

    def small(self, name: str) -> ET.Element | None:
        """Return the root of a small part; None where there is none, or it is larger than it may be."""
        if name not in self._names or self._file.getinfo(name).file_size > _MAX_SMALL_PART:
            return None
        with self._stream(name) as stream:
            parser = ET.XMLParser()  # noqa: S314  (no document type gets to it)
            for chunk in _without_type(stream):
                parser.feed(chunk)
            root: ET.Element = parser.close()
            return root

    def elements(self, name: str) -> Iterator[tuple[str, ET.Element]]:
        """Yield a part's elements as they begin ("start") and end ("end")."""
        with self._stream(name) as stream:
            # Of these events the parser gives an element each; its type allows for others.
            parser: Any = ET.XMLPullParser(("start", "end"))
            for chunk in _without_type(stream):
                parser.feed(chunk)
                yield from parser.read_events()
            parser.close()
            yield from parser.read_events()

    @contextmanager
    def _stream(self, name: str) -> Iterator[IO[bytes]]:
        entry = self._file.getinfo(name)
        dense = entry.file_size > _RATIO_FROM and entry.file_size > _MAX_RATIO * max(1, entry.compress_size)
        if entry.file_size > _MAX_PART or dense:
            raise refusal("unpacks to far more than a document has")
        # The library reads no more than the size that is declared.
        with self._file.open(entry) as stream:
            yield stream


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Open a document for as long as the context lasts.

    Raises:
        DescribeError: `validation`: it is damaged, protected, or beyond the bounds; also while it is read.
    """
    if _entries(path) > _MAX_ENTRIES:
        raise refusal("has more parts than a document has")
    try:
        with zipfile.ZipFile(path) as file:
            yield Archive(file)
    except DescribeError:
        raise
    except (*_BROKEN, *_BROKEN_TOO) as error:
        raise refusal("is damaged and could not be read; open it and save it again, then upload it") from error


def _entries(path: Path) -> int:
    """Return how many entries the archive declares: the library would make an object of each before one can look."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    return int(struct.unpack_from("<H", tail, at + 10)[0]) if 0 <= at <= len(tail) - 12 else 0


def _without_type(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what a part holds, which the parser would unfold if it had a document type. Raises DescribeError."""
    before = b""
    while chunk := stream.read(1 << 16):
        # Of UTF-16, too; text cannot hold these signs, for "<" is escaped in it.
        plain = before + chunk.replace(b"\0", b"")
        if b"<!DOCTYPE" in plain:
            raise refusal("has a document type, which no Word document has")
        before = plain[-len(b"<!DOCTYPE") :]
        yield chunk
