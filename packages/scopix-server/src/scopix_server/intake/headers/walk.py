"""Driving a format's walker over a file that arrives in pieces.

A walker is a generator: it yields what it needs next (`Take`, `Skip`, `NextMarker`) and is sent the bytes. So one
parser serves an upload that is pushed through the web process and a file that a child reads, and what it holds is
bounded by the largest `Take`, whatever a file promises.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias

from scopix_server.domain.errors import CorruptImage

__all__ = ["MAX_TAKE", "Cursor", "Header", "HeaderReader", "NextMarker", "Note", "Skip", "Take", "Walker", "unreadable"]

MAX_TAKE: Final = 1 << 16
"""Bytes held at once: a whole segment of a JPEG, hence its EXIF data."""
_READ: Final = 1 << 16

# A marker of a JPEG that is not part of entropy-coded data (0xFF00, restart marks), not filling (0xFFFF) and not
# without meaning (0xFF01).
_MARKER: Final = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")


@dataclass(frozen=True, slots=True)
class Take:
    """The next `count` bytes, at most MAX_TAKE, are needed."""

    count: int


@dataclass(frozen=True, slots=True)
class Skip:
    """The next `count` bytes are of no interest."""

    count: int


class NextMarker:
    """Everything up to and with the next marker of a JPEG is passed over; the marker's two bytes are sent."""


@dataclass(slots=True)
class Cursor:
    """Where in the file a walker is: `offset` of the next byte that it has not had."""

    offset: int = 0


@dataclass(slots=True)
class Header:
    """What is known of an image so far. Sizes are pixels as stored, before any EXIF turn; 0 is not known yet.

    `channels` and `bits` (of each) are as stored. `interlaced` is an Adam7 PNG or a progressive JPEG;
    `coefficient_bytes` are what a JPEG's coefficients take while they are kept for all of its `scans`, 0 when each
    block is finished at once. `frames` are those announced or counted, 1 unless the format tells cheaply.
    `decoded_pixels` are those that a decoder makes, where that is more than the picture has. A JPEG 2000 picture can be
    halved `levels` times while it is decoded, and holds less if it is `tiled`; `profile` is where its colour profile
    begins and ends. `raw` are the files of cameras that hold what the sensor saw,
    `dng` those of Adobe's format. `first_frame` is where that of a GIF begins and ends (left, top, right, bottom) if it
    leaves some of the picture out. `code_points` are colour primaries and transfer characteristics (ITU-T H.273).
    `codec` is how a HEIF file's picture is coded, by its four letters. `begun` tells that pixels follow, so that
    something can be decoded of a JPEG, or all of a PNG, whose end is missing. Of more than one of `pages` a file is a
    document.
    """

    width: int = 0
    height: int = 0
    channels: int = 0
    bits: int = 8
    palette: bool = False
    interlaced: bool = False
    lossless: bool = False
    coefficient_bytes: int = 0
    scans: int = 0
    frames: int = 1
    pages: int = 1
    orientation: int = 1
    complete: bool = False
    decoded_pixels: int = 0
    levels: int = 0
    tiled: bool = False
    profile: tuple[int, int] | None = None
    raw: bool = False
    dng: bool = False
    codec: str = ""
    begun: bool = False
    first_frame: tuple[int, int, int, int] | None = None
    code_points: tuple[int, int] | None = None

    @property
    def pixels(self) -> int:
        """Width x height."""
        return self.width * self.height

    @property
    def turned_size(self) -> tuple[int, int]:
        """Width and height as the image is shown: EXIF orientations from 5 on swap them."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


Walker: TypeAlias = Generator[Take | Skip | NextMarker, bytes, None]
Note: TypeAlias = Callable[[bytes, int, int], None]
"""Is told of each chunk or segment behind the first: its name, where its data begin and how many bytes they are."""


def unreadable(reason: str) -> CorruptImage:
    """The refusal of a header that breaks its format's rules."""
    return CorruptImage(issue="unreadable_header", reason=reason)


class HeaderReader:
    """Feed it a file in order, pieces of any size; `header` fills as it goes.

    Raises:
        CorruptImage: from `feed`, when the bytes break the rules of the format.
    """

    def __init__(self, walk: Callable[[Header, Cursor], Walker]) -> None:
        self.header = Header()
        self._cursor = Cursor()
        self._walker = walk(self.header, self._cursor)
        self._needs: Take | Skip | NextMarker | None = next(self._walker)
        self._held = bytearray()
        self._skip = self._needs.count if isinstance(self._needs, Skip) else 0

    @property
    def done(self) -> bool:
        """Whether the walker has seen all that it wants."""
        return self._needs is None

    @property
    def jump(self) -> int:
        """How many of the next bytes are of no interest; a reader that can seek need not feed them."""
        return self._skip

    def jumped(self, count: int) -> None:
        """Take `count` bytes, at most `jump`, as passed over."""
        self._skip -= count
        self._cursor.offset += count
        if not self._skip:
            self._send(b"")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        view, at = memoryview(chunk), 0
        while self._needs is not None and at < len(chunk):
            if isinstance(self._needs, Skip):
                count = min(self._skip, len(chunk) - at)
                at += count
                self.jumped(count)
            elif isinstance(self._needs, Take):
                count = min(self._needs.count - len(self._held), len(chunk) - at)
                self._held += view[at : at + count]
                at += count
                self._cursor.offset += count
                if len(self._held) == self._needs.count:
                    self._send_held()
            else:
                at = self._seek_marker(chunk, at)

    def read(self, file: BinaryIO) -> Header:
        """Read a whole file, seeking over what is of no interest; less than 64 KiB are held."""
        size = file.seek(0, 2)
        file.seek(0)
        while not self.done:
            if self.jump:
                count = min(self.jump, size - self._cursor.offset)
                self.jumped(count)
                file.seek(self._cursor.offset)
                if not count:
                    break
            chunk = file.read(_READ if isinstance(self._needs, NextMarker) else max(1, self._missing()))
            if not chunk:
                break
            self.feed(chunk)
        return self.header

    def _missing(self) -> int:
        return self._needs.count - len(self._held) if isinstance(self._needs, Take) else 0

    def _seek_marker(self, chunk: bytes, at: int) -> int:
        if self._held and 0x02 <= chunk[at] <= 0xFE and not 0xD0 <= chunk[at] <= 0xD7:
            # The 0xFF was the last byte of the piece before.
            self._held.append(chunk[at])
            self._cursor.offset += 1
            self._send_held()
            return at + 1
        self._held.clear()
        found = _MARKER.search(chunk, at)
        end = found.end() if found else len(chunk)
        self._cursor.offset += end - at
        if found:
            self._held += found[0]
            self._send_held()
        elif chunk[-1] == 0xFF:
            self._held.append(0xFF)
        return end

    def _send_held(self) -> None:
        data = bytes(self._held)
        self._held.clear()
        self._send(data)

    def _send(self, data: bytes) -> None:
        try:
            self._needs = self._walker.send(data)
            while isinstance(self._needs, Skip) and not self._needs.count:
                self._needs = self._walker.send(b"")
        except StopIteration:
            self._needs = None
        self._skip = self._needs.count if isinstance(self._needs, Skip) else 0
