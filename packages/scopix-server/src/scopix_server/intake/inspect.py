"""Checking an image as it streams by: is its header sound, is it complete, can it be decoded within the limits?

Nothing is decoded or unpacked, no imaging library is asked, and at most 64 KiB are held. Damage in the middle is found
when the worker decodes the file. Formats whose header may be anywhere are read once the file is there.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from scopix.types.sniff import SCAN, FileType, raw_type
from scopix_server.domain.errors import CorruptImage
from scopix_server.domain.file import ImageHeader
from scopix_server.intake.decode_plan import PixelLimits, check_header, is_raw, read_header, walker_for
from scopix_server.intake.headers.walk import Header, HeaderReader

__all__ = ["ImageInspector"]


class ImageInspector:
    """Feed it the whole file in order, then ask `finish`."""

    def __init__(self, file_type: FileType, limits: PixelLimits) -> None:
        self.file_type = file_type
        self._limits = limits
        walker = walker_for(file_type.content_type)
        self._reader = HeaderReader(walker) if walker is not None else None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises CorruptImage or TooManyPixels as soon as the header says so."""
        if self._reader is not None and not self._reader.done:
            self._reader.feed(chunk)
            if self._reader.header.pixels:
                check_header(self.file_type.content_type, self._reader.header, self._limits)

    def finish(self, whole: AbstractContextManager[Path] | None = None, filename: str = "") -> ImageHeader | None:
        """Return the size of an image as it is shown, turned as its EXIF says; None for what has none of its own.

        `whole` lends the file, for formats that are not read as they stream by. `file_type` is final after that: a TIFF
        may turn out to be a camera's raw file, or a document of several pages, which then has no size.

        Raises:
            CorruptImage: the header is damaged or the end is missing; a JPEG whose end is missing is taken when its
                pixels have begun, as what is there can be decoded.
            TooManyPixels: as from `feed`.
        """
        header = self._header(whole)
        if header.raw and not is_raw(self.file_type.content_type):
            self.file_type = raw_type(filename, is_dng=header.dng)
        if not header.pixels and not header.raw:
            raise CorruptImage(issue="unreadable_header")
        if not header.complete and not header.begun:
            raise CorruptImage(
                "The image is incomplete: its end is missing. It was probably cut off while it was copied or saved; "
                "upload a complete copy.",
                issue="truncated",
            )
        if header.pages > 1:
            self.file_type = SCAN
            return None
        return ImageHeader(*header.turned_size) if header.pixels else None

    def _header(self, whole: AbstractContextManager[Path] | None) -> Header:
        if self._reader is not None:
            return self._reader.header
        assert whole is not None
        with whole as path, path.open("rb") as file:
            header = read_header(self.file_type.content_type, file)
        check_header(self.file_type.content_type, header, self._limits)
        return header
