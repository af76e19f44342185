"""What EXIF data say about how a picture was taken.

They come from strangers: values of any type, size and content. Few tags are read, each is checked for its type and
range, texts are cut and lose their control characters, and whatever breaks costs the metadata, never the picture.
"""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
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
_LENS = 0xA434
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_DIGITIZED, _DIGITIZED_OFFSET = 0x9004, 0x9012
_CHANGED, _CHANGED_OFFSET = 0x0132, 0x9010
_SENSITIVITIES: Final = (0x8832, 0x8831, 0x8833)
"""Recommended exposure index, standard output sensitivity, ISO speed: what cameras set beside an ISO that is full."""
_FULL_ISO: Final = 65_535
"""The largest value of the old tag; it stands for "more" (Exif 2.3, 4.6.5)."""
_LATITUDE, _LONGITUDE, _GPS_STATUS = 2, 4, 9
_ZONE: Final = re.compile(r"Z|[+-]\d\d:?\d\d")
_STAMP: Final = re.compile(
    r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)? ?(" + _ZONE.pattern + ")?"
)
"""EXIF has colons and a space (4.6.5); scanners and editors write ISO 8601, too, and leave the seconds out."""
_YEARS: Final = (1826, 2100)
"""From the oldest photograph that is kept; scans of old ones are dated by their owners."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Values by tag: of the image itself, of how it was taken, of where."""

    base: Mapping[int, Any] = field(default_factory=dict)
    details: Mapping[int, Any] = field(default_factory=dict)
    place: Mapping[int, Any] = field(default_factory=dict)


def read_capture(metadata: Metadata) -> Capture | None:
    """Return what the metadata say, or None when they say nothing that can be used."""
    try:
        taken = _stamp(metadata.details.get(_TAKEN)) or _stamp(metadata.details.get(_DIGITIZED))
        flash = metadata.details.get(_FLASH)
        capture = Capture(
            taken=f"{taken[0]:%Y-%m-%d %H:%M}" if taken else "",
            camera=_camera(_text(metadata.base.get(_MAKE)), _text(metadata.base.get(_MODEL))),
            lens=_text(metadata.details.get(_LENS)),
            exposure=_number(metadata.details.get(_EXPOSURE), 1e-5, 86_400),
            aperture=_number(metadata.details.get(_APERTURE), 0.5, 128),
            iso=_sensitivity(metadata.details),
            focal_length=_number(metadata.details.get(_FOCAL_LENGTH), 0.5, 10_000),
            flash=bool(flash & 1) if isinstance(flash, int) else None,
            located=_is_located(metadata.place),
        )
    except Exception:  # values of Pillow's readers raise what they like when they are broken
        return None
    # That no flash fired is nothing to speak of on its own.
    return None if capture in (Capture(), Capture(flash=False)) else capture


def read_taken(metadata: Metadata) -> datetime | None:
    """Return when it was taken, else when it was digitised, else when it was last changed.

    Without a zone that can be read it is the camera's own time, given as UTC.
    """
    details = metadata.details
    for stamp, offset in (
        (details.get(_TAKEN), details.get(_TAKEN_OFFSET)),
        (details.get(_DIGITIZED), details.get(_DIGITIZED_OFFSET)),
        (metadata.base.get(_CHANGED), details.get(_CHANGED_OFFSET)),
    ):
        if (found := _stamp(stamp)) is not None:
            return _in_zone(found[0], found[1] or offset)
    return None


def _in_zone(at: datetime, offset: Any) -> datetime:
    if not isinstance(offset, str) or not _ZONE.fullmatch(offset.strip("\x00 ")):
        return at
    try:
        return datetime.fromisoformat(at.strftime("%Y-%m-%dT%H:%M:%S") + offset.strip("\x00 ")).astimezone(UTC)
    except (ValueError, OverflowError):
        return at


def _is_located(place: Mapping[int, Any]) -> bool:
    """Whether coordinates are noted that a receiver had found: it writes zeros or nothing while it looks for them."""
    if place.get(_GPS_STATUS) == "V":
        return False
    sides = [_degrees(place.get(tag), limit) for tag, limit in ((_LATITUDE, 90.0), (_LONGITUDE, 180.0))]
    return None not in sides and any(sides)


def _degrees(value: Any, limit: float) -> float | None:
    """Degrees, minutes and seconds as one number; None for anything else, and beyond `limit`."""
    if not isinstance(value, tuple) or not value:
        return None
    degrees = sum(float(part) / 60**position for position, part in enumerate(value[:3]))
    return degrees if math.isfinite(degrees) and 0 <= degrees <= limit else None


def _sensitivity(details: Mapping[int, Any]) -> int | None:
    iso = _whole(details.get(_ISO), 1, _FULL_ISO)
    if iso is not None and iso < _FULL_ISO:
        return iso
    return next((found for tag in _SENSITIVITIES if (found := _whole(details.get(tag), 1, 10_000_000))), None)


def _stamp(value: Any) -> tuple[datetime, str] | None:
    """A date as cameras and scanners write it, in the camera's own time, and the zone that it names, or "".

    Blank and impossible ones are None.
    """
    written = _STAMP.fullmatch(value[:40].strip("\x00 ")) if isinstance(value, str) else None
    if written is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in written.groups()[:6])
    try:
        # Some phones count the hours of a day from 1 to 24, and write its first as the last.
        at = datetime(year, month, day, 0 if hour == 24 else hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (at, written[7] or "") if _YEARS[0] <= at.year < _YEARS[1] else None


def _text(value: Any) -> str:
    if isinstance(value, str) and not value.isascii():
        # Pillow reads a sign a byte, and phones write UTF-8.
        with suppress(UnicodeEncodeError):
            value = value.encode("latin-1")
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return clean(value.decode(), _RAW_TEXT)[:MAX_TEXT].strip()
        value = value[:_RAW_TEXT].decode("latin-1")
    return clean(value, _RAW_TEXT)[:MAX_TEXT].strip() if isinstance(value, str) else ""


def _camera(make: str, model: str) -> str:
    """The model, after its maker unless it begins with the maker's name itself."""
    first = make.split()[0].casefold() if make else ""
    return (model if model.casefold().startswith(first) and model else f"{make} {model}".strip())[:MAX_TEXT]


def _number(value: Any, minimum: float, maximum: float) -> float | None:
    """A number, or the first of several, within its range."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if value is None or isinstance(value, (bool, str, bytes)):
        return None
    number = float(value)
    return number if math.isfinite(number) and minimum <= number <= maximum else None


def _whole(value: Any, minimum: int, maximum: int) -> int | None:
    number = _number(value, minimum, maximum)
    return None if number is None else round(number)
