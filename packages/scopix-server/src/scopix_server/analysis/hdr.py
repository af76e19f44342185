"""Whether a picture holds more light than a common screen shows.

Everything here works on its rendition for common screens: of a file with a gain map that is the picture itself, of PQ
and HLG what `coded_colours.py` makes of them. That there is more is told, so that nobody takes it for all there was.
"""

from pathlib import Path
from typing import Final

from scopix_server.analysis.decode import opened, read_file_header

__all__ = ["is_hdr"]

_LOOKED_AT: Final = 1 << 18
"""Bytes. What describes a gain map stands before the pixels, beside an EXIF block of 64 KiB at most."""
_GAIN_MAPS: Final = (
    b"http://ns.adobe.com/hdr-gain-map/1.0/",  # XMP of Ultra HDR
    b"urn:iso:std:iso:ts:21496:-1",  # ISO 21496-1, in a JPEG's APP2
    b"urn:com:apple:photo:2020:aux:hdrgainmap",  # the auxiliary picture of a phone's HEIC
)
_TRANSFERS: Final = frozenset({16, 18})
"""PQ and HLG among the transfer characteristics of ITU-T H.273."""


def is_hdr(path: Path) -> bool:
    """Return it for an image that was decoded: it has a gain map, or its values are those of PQ or HLG."""
    with opened(path) as file:
        head = file.read(_LOOKED_AT)
        if any(mark in head for mark in _GAIN_MAPS):
            return True
        _, header, _ = read_file_header(file)
        return header.codec == "tmap" or (header.code_points is not None and header.code_points[1] in _TRANSFERS)
