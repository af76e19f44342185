"""The segments of a JPEG file (ITU-T T.81, annex B), up to the end of its first image."""

from typing import Final

from scopix_server.domain.errors import CorruptImage
from scopix_server.intake.headers.exif_block import orientation_of
from scopix_server.intake.headers.walk import Cursor, Header, NextMarker, Note, Skip, Take, Walker, unreadable

__all__ = ["MAX_SCANS", "walk_jpeg"]

MAX_SCANS: Final = 100
"""Each scan goes over all blocks of the image. Cameras and encoders make 1 to 20; what has thousands is made to hold a
core for minutes."""
MAX_SEGMENTS: Final = 20_000
"""100 MB of the longest segments are 1,600; what has more than this is made of empty ones."""

_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_EXIF: Final = b"Exif\x00\x00"


def walk_jpeg(header: Header, cursor: Cursor, note: Note | None = None) -> Walker:
    """Fill `header` from the frame and the scans; complete at the end mark.

    What is broken behind the first scan ends the picture, too.
    """
    yield Take(2)
    segments, has_exif = 0, False
    while (marker := (yield NextMarker())[1]) != _EOI:
        if marker == _SOI:
            continue
        segments += 1
        length = int.from_bytes((yield Take(2)), "big") - 2
        if length < 0 and header.begun:
            return  # what was decoded until here is shown
        if length < 0 or segments > MAX_SEGMENTS:
            raise unreadable("the segments are broken" if length < 0 else f"there are over {MAX_SEGMENTS} segments")
        if note is not None:
            note(bytes([marker]), cursor.offset, length)
        if marker in _FRAMES:
            _read_frame(header, marker, (yield Take(length)) if length else b"")
        elif marker == _SOS:
            data = (yield Take(length)) if length else b""
            _read_scan(header, data)
        elif marker == _APP1 and not has_exif and length > len(_EXIF):
            data = yield Take(length)
            if has_exif := data.startswith(_EXIF):
                header.orientation = orientation_of(data)
        else:
            yield Skip(length)
    if not header.scans:
        raise unreadable("there are no pixels")
    header.complete = True


def _read_frame(header: Header, marker: int, data: bytes) -> None:
    channels = data[5] if len(data) > 5 else 0
    if header.width or not channels or len(data) < 6 + 3 * channels:
        raise unreadable("the frame is broken")
    header.bits, header.channels = data[0], channels
    header.height, header.width = int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big")
    factors = [(data[at] >> 4, data[at] & 15) for at in range(7, 6 + 3 * channels, 3)]
    if not header.pixels or any(not 1 <= factor <= 4 for pair in factors for factor in pair):
        raise unreadable("the frame is broken")
    header.interlaced = marker in _PROGRESSIVE
    maximum = max(across for across, _ in factors) * max(down for _, down in factors)
    # Two bytes a coefficient, one coefficient a sample.
    header.coefficient_bytes = sum(2 * header.pixels * across * down // maximum for across, down in factors)


def _read_scan(header: Header, data: bytes) -> None:
    if not header.width or not data:
        raise unreadable("the scans are broken")
    header.scans += 1
    header.begun = True
    if header.scans == 1 and not header.interlaced and data[0] >= header.channels:
        header.coefficient_bytes = 0  # all channels in one scan: each block is finished when it is read
    if header.scans > MAX_SCANS:
        raise CorruptImage(
            f"The image has more than {MAX_SCANS} scans; no camera or encoder makes so many. Save it again, then "
            "upload it.",
            issue="too_many_scans",
        )
