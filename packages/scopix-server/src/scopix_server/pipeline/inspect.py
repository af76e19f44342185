"""Checking an image as it streams by: is its header sound, is it complete, are its pixels within the limit?

Nothing is decoded and memory stays constant: the first bytes are kept for the header, and of the rest only the format's
end mark is looked for. Damage in the middle is found when the worker decodes the file.
"""

import io

from scopix_server.domain.errors import CorruptImage
from scopix_server.domain.file import FileType, ImageHeader
from scopix_server.pipeline.decode import check_pixels, open_image

__all__ = ["ImageInspector"]

_HEAD_BYTES = 2 * 1024 * 1024

# What an intact file of the type contains at or near its end.
_END_MARKS = {
    "image/jpeg": b"\xff\xd9",  # EOI; within entropy-coded data 0xFF is always followed by 0x00 or a restart mark
    "image/png": b"IEND\xaeB`\x82",  # the last chunk's type and its (constant) checksum
}
_START_OF_SCAN = 0xDA
_RIFF_HEADER = 8


class ImageInspector:
    """Feed it the whole file in order, then ask `finish`."""

    def __init__(self, file_type: FileType, *, max_pixels: int) -> None:
        self._content_type = file_type.content_type
        self._max_pixels = max_pixels
        self._head = bytearray()
        self._header: ImageHeader | None = None
        self._size = 0
        self._end_mark = _END_MARKS.get(self._content_type)
        self._search_from = 0  # the end mark counts from this offset of the file on
        self._complete = self._end_mark is None
        self._carry = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises CorruptImage or TooManyPixels as soon as the header tells."""
        if self._header is None:
            self._head += chunk[: _HEAD_BYTES - len(self._head)]
            if len(self._head) >= _HEAD_BYTES:
                self._read_header()
        if not self._complete and self._header is not None:
            self._search(chunk)
        self._size += len(chunk)

    def finish(self) -> ImageHeader:
        """Return the header of a complete image.

        Raises:
            CorruptImage: the header is damaged or the end is missing.
            TooManyPixels: the header says so.
        """
        if self._header is None:
            self._read_header()
        if self._content_type == "image/webp":
            self._complete = int.from_bytes(self._head[4:8], "little") + _RIFF_HEADER <= self._size
        if not self._complete or self._header is None:
            raise CorruptImage(
                "The image is incomplete: its end is missing. It was probably cut off while it was copied or saved; "
                "upload a complete copy.",
                issue="truncated",
            )
        return self._header

    def _read_header(self) -> None:
        if self._content_type == "image/webp":
            # Pillow reads a WebP file whole before it says anything about it.
            self._header = _webp_header(self._head)
            check_pixels(self._header.width, self._header.height, max_pixels=self._max_pixels)
        else:
            with open_image(io.BytesIO(self._head), max_pixels=self._max_pixels) as image:
                self._header = ImageHeader(*image.size)
        if self._content_type == "image/jpeg":
            # A thumbnail inside the metadata has an end mark of its own: search behind the metadata.
            self._search_from = _offset_of_scan(self._head)
        if not self._complete:
            self._search_head()
        del self._head[_RIFF_HEADER:]

    def _search_head(self) -> None:
        assert self._end_mark is not None
        self._complete = self._head.find(self._end_mark, self._search_from) >= 0
        self._carry = bytes(self._head[-(len(self._end_mark) - 1) :])

    def _search(self, chunk: bytes) -> None:
        assert self._end_mark is not None
        joined = self._carry + chunk[: len(self._end_mark) - 1]
        self._complete = self._end_mark in joined or self._end_mark in chunk
        self._carry = chunk[-(len(self._end_mark) - 1) :]


def _webp_header(head: bytes | bytearray) -> ImageHeader:
    """Read the canvas size from the first chunk of a WebP file (RFC 9649, sections 2.5 to 2.7).

    Raises:
        CorruptImage: there is no such chunk.
    """
    kind, data = bytes(head[12:16]), bytes(head[20:30])
    if len(data) == 10 and kind == b"VP8X":
        return ImageHeader(int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
    if len(data) == 10 and kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        return ImageHeader(*(int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8)))
    if len(data) >= 5 and kind == b"VP8L" and data[0] == 0x2F:
        packed = int.from_bytes(data[1:5], "little")
        return ImageHeader((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    raise CorruptImage(issue="unreadable_header")


def _offset_of_scan(head: bytes | bytearray) -> int:
    """Walk the segments of a JPEG (ITU-T T.81, annex B) and return where the first scan begins."""
    position = 2
    while position + 4 <= len(head):
        if head[position] != 0xFF:
            position += 1
            continue
        marker = head[position + 1]
        if marker == _START_OF_SCAN:
            return position
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
            continue
        position += 2 + int.from_bytes(head[position + 2 : position + 4], "big")
    return min(position, len(head))
