"""An image file without what a decoder has no use for, read in place: its pixels, and metadata of sane size.

Phones, editors and generators put megabytes beside the pixels (depth maps, second pictures, workflows), packed ones may
unfold to thousands of times their size, and a broken one spoils a sound picture. A decoder sees none of that.
"""

import io
import zlib
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from scopix_server.intake.headers.jpeg import walk_jpeg
from scopix_server.intake.headers.png import walk_png
from scopix_server.intake.headers.walk import Header, HeaderReader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["MAX_UNPACKED", "Parts", "essential_jpeg", "essential_png"]

MAX_UNPACKED: Final = 1 << 20
"""Of one packed text or profile; it is Pillow's own limit, at which it gives the whole picture up."""
MAX_METADATA: Final = 4 << 20
"""Of all metadata that are kept, unpacked. A profile of a printer has 1 to 3 MB."""

# With the bytes they have at least; decoders read that many of them, and give the picture up where there are fewer.
_PNG_SMALL: Final = {b"tRNS": 1, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9}
_PNG_LARGE: Final = frozenset({b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_MAX_SMALL: Final = 4096
_PNG_HEAD: Final = 8 + 25  # the signature and the first chunk
_JPEG_METADATA: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
# JFIF and Adobe's tell how colours are stored; the others are read for the date, the turn, the profile, and for what
# people wrote.
_JPEG_KEPT: Final = ((0xE0, b""), (0xE1, b"Exif\x00"), (0xE1, b"http://ns.adobe.com/xap/1.0/\x00"))
_JPEG_KEPT_TOO: Final = ((0xE2, b"ICC_PROFILE\x00"), (0xED, b"Photoshop 3.0\x00"), (0xEE, b"Adobe"))
_MIN_ADOBE: Final = 12  # a shorter one does not tell how colours are stored, and Pillow gives the picture up


class Parts(io.RawIOBase):
    """Some ranges of a file, one behind the other, as a file to read and seek in."""

    def __init__(self, file: BinaryIO, ranges: list[tuple[int, int]]) -> None:
        self._file = file
        self._ranges = ranges
        self._starts = [0]
        for start, end in ranges:
            self._starts.append(self._starts[-1] + end - start)
        self._at = 0
        self._number = 0  # of the range that holds `_at`

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """See `io.IOBase`."""
        base = {0: 0, 1: self._at, 2: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        if self._number >= len(self._ranges) or self._at < self._starts[self._number]:
            self._number = 0
        return self._at

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._at

    def readinto(self, target: "WriteableBuffer") -> int:
        """See `io.RawIOBase`."""
        view = memoryview(target).cast("B")
        while self._number < len(self._ranges) and self._at >= self._starts[self._number + 1]:
            self._number += 1
        if self._number >= len(self._ranges):
            return 0
        start, end = self._ranges[self._number]
        inside = self._at - self._starts[self._number]
        self._file.seek(start + inside)
        data = self._file.read(min(len(view), end - start - inside))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Ranges:
    """Collects ranges of a file that follow each other; neighbours become one."""

    def __init__(self, first_end: int) -> None:
        self.all = [(0, first_end)]

    def add(self, start: int, end: int) -> None:
        if self.all[-1][1] == start:
            self.all[-1] = self.all[-1][0], end
        else:
            self.all.append((start, end))


_PNG_FRAMES: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})


def essential_png(file: BinaryIO, *, with_frames: bool = False) -> tuple[Header, BinaryIO]:
    """Return the header of a PNG, and the file without what is broken or too large, and without further frames.

    A broken one of these would cost the picture, so they are left in only on request.

    Raises:
        CorruptImage: the header is broken.
    """
    chunks: list[tuple[bytes, int, int]] = []

    def note(name: bytes, offset: int, length: int) -> None:
        # Critical chunks have a capital first letter.
        if length < _PNG_SMALL.get(name, 0):
            return
        limit = _MAX_SMALL if name in _PNG_SMALL else MAX_UNPACKED if name in _PNG_LARGE else -1
        if not name[0] & 0x20 or length <= limit or (with_frames and name in _PNG_FRAMES):
            chunks.append((name, offset, length))

    header = HeaderReader(partial(walk_png, note=note)).read(file)
    ranges, left = _Ranges(_PNG_HEAD), MAX_METADATA
    for name, offset, length in chunks:
        if name == b"tRNS" and not header.palette and length < 2 * header.channels:
            continue  # one value of two bytes for each channel
        if name[0] & 0x20 and name not in _PNG_FRAMES:
            size = _sound_size(file, name, offset, length)
            if size is None or size > left:
                continue
            left -= size
        ranges.add(offset - 8, offset + length + 4)
    return header, cast(BinaryIO, io.BufferedReader(Parts(file, ranges.all)))


def _sound_size(file: BinaryIO, name: bytes, offset: int, length: int) -> int | None:
    """The unpacked size of a chunk, or None when its checksum is wrong or what is packed is broken or too large."""
    file.seek(offset)
    data, checksum = file.read(length), file.read(4)
    if zlib.crc32(data, zlib.crc32(name)) != int.from_bytes(checksum, "big"):
        return None
    packed = data.partition(b"\x00")[2]
    if name == b"iTXt" and packed[:1] == b"\x01":
        method, packed = packed[1:2], packed[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    elif name in {b"iCCP", b"zTXt"}:
        method, packed = packed[:1], packed[1:]
    else:
        return length
    if method != b"\x00":
        return None  # there is one way of packing, and decoders give a picture up for another
    unpacker = zlib.decompressobj()
    try:
        size = len(unpacker.decompress(packed, MAX_UNPACKED))
    except zlib.error:
        return None
    return max(length, size) if unpacker.eof else None


def essential_jpeg(file: BinaryIO) -> tuple[Header, BinaryIO]:
    """Return the header of a JPEG, and its first image without second pictures, comments and oversized metadata.

    Raises:
        CorruptImage: the header is broken.
    """
    metadata: list[tuple[int, int, int]] = []

    def note(name: bytes, offset: int, length: int) -> None:
        if name[0] in _JPEG_METADATA:
            metadata.append((name[0], offset, length))

    header = HeaderReader(partial(walk_jpeg, note=note)).read(file)
    end = file.seek(0, 2)
    ranges, at, left = _Ranges(2), 2, MAX_METADATA
    for marker, offset, length in metadata:
        file.seek(offset)
        begin = file.read(min(length, 40))
        kept = any(marker == kind and begin.startswith(name) for kind, name in _JPEG_KEPT + _JPEG_KEPT_TOO)
        if kept and length <= left and not (marker == 0xEE and length < _MIN_ADOBE):
            left -= length
            continue
        ranges.add(at, offset - 4)
        at = offset + length
    ranges.add(min(at, end), end)
    return header, cast(BinaryIO, io.BufferedReader(Parts(file, ranges.all)))
