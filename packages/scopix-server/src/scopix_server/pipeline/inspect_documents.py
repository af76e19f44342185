"""Checking a document as it streams by: is it complete, and is it what it says?

Documents are stored, not read, so nothing is parsed: a PDF must have its end mark, a DOCX must be a whole ZIP archive
with a Word document in it, and text must be text.
"""

import codecs

from scopix_server.domain.errors import CorruptDocument
from scopix_server.domain.file import FileType

__all__ = ["DocumentInspector"]

_TAIL_BYTES = 256 * 1024
_ZIP_END = b"PK\x05\x06"
_WORD_PART = b"word/document.xml"
# C0 controls that no text file needs; tab, line feed, form feed, carriage return and escape are common.
_CONTROLS = bytes(sorted(set(range(32)) - {9, 10, 12, 13, 27}))


class DocumentInspector:
    """Feed it the whole file in order, then ask `finish`."""

    def __init__(self, file_type: FileType) -> None:
        self._extension = file_type.extension
        self._tail = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises CorruptDocument as soon as text turns out to be none."""
        if self._extension in {"txt", "md"}:
            self._read_text(chunk)
        else:
            # Both formats keep their table of contents at the end.
            self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def finish(self) -> None:
        """Raise CorruptDocument unless the document was complete."""
        if self._extension == "pdf" and b"%%EOF" not in self._tail:
            raise CorruptDocument(
                "The PDF is incomplete: its end is missing. It was probably cut off while it was copied; upload a "
                "complete copy.",
                issue="truncated",
            )
        if self._extension == "docx" and not (_ZIP_END in self._tail and _WORD_PART in self._tail):
            raise CorruptDocument("The file is no complete Word document.", issue="truncated")
        if self._extension in {"txt", "md"}:
            self._read_text(b"", final=True)

    def _read_text(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise CorruptDocument(
                "The text is not valid UTF-8. Save it as UTF-8, then upload it.", issue="not_utf8"
            ) from error
        if len(chunk.translate(None, _CONTROLS)) != len(chunk):
            raise CorruptDocument("The file has bytes that are no text.", issue="not_text")
