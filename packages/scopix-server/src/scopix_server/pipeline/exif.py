"""What EXIF data say about how a picture was taken.

They come from strangers: values of any type, size and content. Few tags are read, each is checked for its type and
range, texts are cut and lose their control characters, and whatever breaks costs the metadata, never the picture.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from scopix_server.domain.description import Capture
from scopix_server.domain.phrases import clean

__all__ = ["EXIF_IFD", "GPS_IFD", "Metadata", "read_capture", "read_taken"]

MAX_TEXT: Final = 60
_RAW_TEXT: Final = 4 * MAX_TEXT

EXIF_IFD: Final = 0x8769
GPS_IFD: Final = 0x8825
_MAKE, _MODEL = 0x010F, 0x0110
_EXPOSURE, _APERTURE, _ISO, _FLASH, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x9209, 0x920A
_TAKEN, _OFFSET, _LENS = 0x9003, 0x9011, 0xA434
_LATITUDE, _LONGITUDE = 2, 4
_YEARS: Final = (1970, 2100)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Values by tag: of the image itself, of how it was taken, of where."""

    base: Mapping[int, Any] = field(default_factory=dict)
    details: Mapping[int, Any] = field(default_factory=dict)
    place: Mapping[int, Any] = field(default_factory=dict)


def read_capture(metadata: Metadata) -> Capture | None:
    """Return what the metadata say, or None when they say nothing that can be used."""
    try:
        taken, flash = _stamp(metadata.details.get(_TAKEN)), metadata.details.get(_FLASH)
        capture = Capture(
            taken=f"{taken:%Y-%m-%d %H:%M}" if taken else "",
            camera=_camera(_text(metadata.base.get(_MAKE)), _text(metadata.base.get(_MODEL))),
            lens=_text(metadata.details.get(_LENS)),
            exposure=_number(metadata.details.get(_EXPOSURE), 1e-5, 86_400),
            aperture=_number(metadata.details.get(_APERTURE), 0.5, 128),
            iso=_whole(metadata.details.get(_ISO), 1, 10_000_000),
            focal_length=_number(metadata.details.get(_FOCAL_LENGTH), 0.5, 10_000),
            flash=bool(flash & 1) if isinstance(flash, int) else None,
            located=_LATITUDE in metadata.place and _LONGITUDE in metadata.place,
        )
    except Exception:  # values of Pillow's readers raise what they like when they are broken
        return None
    # That no flash fired is nothing to speak of on its own.
    return None if capture in (Capture(), Capture(flash=False)) else capture


def read_taken(metadata: Metadata) -> datetime | None:
    """Return when it was taken; without a zone it is read as UTC."""
    taken, offset = _stamp(metadata.details.get(_TAKEN)), metadata.details.get(_OFFSET)
    if taken is None or not isinstance(offset, str) or len(offset) != 6:
        return taken
    try:
        return datetime.fromisoformat(taken.strftime("%Y-%m-%dT%H:%M:%S") + offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _stamp(value: Any) -> datetime | None:
    """A date as EXIF writes it, in the camera's own time; blank and impossible ones are None."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.strptime(value[:40].strip("\x00 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if _YEARS[0] < at.year < _YEARS[1] else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value[:_RAW_TEXT].decode("ascii", "ignore")
    return clean(value, _RAW_TEXT)[:MAX_TEXT].strip() if isinstance(value, str) else ""


def _camera(make: str, model: str) -> str:
    """The model, after its maker unless it begins with the maker's name itself."""
    first = make.split()[0].casefold() if make else ""
    return (model if model.casefold().startswith(first) and model else f"{make} {model}".strip())[:MAX_TEXT]


def _number(value: Any, least: float, most: float) -> float | None:
    """A number, or the first of several, within its range."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if value is None or isinstance(value, (bool, str, bytes)):
        return None
    number = float(value)
    return number if math.isfinite(number) and least <= number <= most else None


def _whole(value: Any, least: int, most: int) -> int | None:
    number = _number(value, least, most)
    return None if number is None else round(number)
