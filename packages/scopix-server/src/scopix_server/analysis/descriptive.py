"""What people wrote into a file about its picture: title, caption, keywords, place, credit and rating.

It comes in three dialects, of which later ones were meant to replace the earlier: EXIF (with Windows' own tags), IPTC's
information interchange model, and XMP. Whatever is there is data of strangers: of any length, in any encoding, broken.
Each value is checked and cut; what breaks costs that dialect, never the picture.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from PIL import IptcImagePlugin
from PIL.Image import Image
from PIL.ImageFile import ImageFile

from scopix_server.analysis.exif import Metadata
from scopix_server.domain.description import DescriptiveMetadata
from scopix_server.domain.phrases import clean

__all__ = ["read_descriptive"]

_MAX_TEXT: Final = 500
"""Characters of a title, caption, place or credit; the longest captions of news agencies are shorter."""
_MAX_KEYWORD: Final = 60
_MAX_KEYWORDS: Final = 50
_MAX_PACKET: Final = 1 << 20
"""Bytes of XMP that are parsed: histories of editors grow beyond, and hold nothing that is read here."""

# EXIF 2.32, and the tags that Windows writes (UTF-16).
_DESCRIPTION, _ARTIST, _RATING, _COPYRIGHT = 0x010E, 0x013B, 0x4746, 0x8298
_XP_TITLE, _XP_COMMENT, _XP_AUTHOR, _XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E
# IPTC-NAA information interchange model 4.2, record 2.
_IIM: Final = {"title": 5, "keywords": 25, "caption": 120}
_IIM_PLACE, _IIM_CREDIT = (92, 90, 95, 101), (80, 110, 116)
# XMP, by local names: the namespaces' prefixes are the writer's choice.
_XMP: Final = {"title": ("title", "Headline"), "caption": ("description",), "keywords": ("subject",)}
_XMP_PLACE, _XMP_CREDIT = ("Location", "City", "State", "Country", "CountryName"), ("creator", "Credit", "rights")

# What cameras and programs write where people leave a caption empty.
_BY_MACHINES: Final = re.compile(
    r"(?i)(sony dsc|.*digital (still )?camera|screenshot|untitled|default|exif_jpeg_picture|ascii|dcim|picture|photo"
    r"|camera|jpeg picture|created with .*|img[_ -]?\d+|dscf?\d+|[\W\d_]*)"
)


def read_descriptive(image: Image, metadata: Metadata) -> DescriptiveMetadata | None:
    """Return what people wrote about a loaded image, or None. What XMP says goes before IPTC's, that before EXIF's."""
    dialects: list[dict[str, Any]] = []
    for read in (_of_xmp, _of_iptc, _of_exif):
        with suppress(Exception):  # Pillow's readers and ours raise what they like when the values are broken
            dialects.append(dict(read(image, metadata)))

    def first(name: str) -> Any:
        return next((found for dialect in dialects if (found := dialect.get(name))), None)

    found = DescriptiveMetadata(
        title=_text(first("title")),
        caption=_text(first("caption")),
        keywords=_keywords(first("keywords") or ()),
        place=_joined(first("place") or ()),
        credit=_joined(first("credit") or ()),
        rating=_rating(first("rating")),
    )
    return None if found == DescriptiveMetadata() else found


def _of_exif(_image: Image, metadata: Metadata) -> Iterator[tuple[str, Any]]:
    base = metadata.base
    yield "title", _utf16(base.get(_XP_TITLE))
    yield "caption", _utf8(base.get(_DESCRIPTION)) or _utf16(base.get(_XP_COMMENT))
    yield "keywords", _utf16(base.get(_XP_KEYWORDS)).split(";")
    yield "credit", [_utf16(base.get(_XP_AUTHOR)) or _utf8(base.get(_ARTIST)), _utf8(base.get(_COPYRIGHT))]
    yield "rating", base.get(_RATING)


def _of_iptc(image: Image, _metadata: Metadata) -> Iterator[tuple[str, Any]]:
    record = IptcImagePlugin.getiptcinfo(image) if isinstance(image, ImageFile) else None

    def values(number: int) -> list[str]:
        value = (record or {}).get((2, number), [])
        return [_utf8(one) for one in (value if isinstance(value, list) else [value])]

    for name, number in _IIM.items():
        found = values(number)
        yield name, found if name == "keywords" else "".join(found[:1])
    yield "place", [one for number in _IIM_PLACE for one in values(number)]
    yield "credit", [one for number in _IIM_CREDIT for one in values(number)]


def _of_xmp(image: Image, _metadata: Metadata) -> Iterator[tuple[str, Any]]:
    packet = image.info.get("xmp", b"")
    packet = packet.encode() if isinstance(packet, str) else packet
    # A packet has no use for a document type, in which entities that unfold without end would be declared.
    if not packet or len(packet) > _MAX_PACKET or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return
    start = packet.find(b"<x:xmpmeta") if b"<x:xmpmeta" in packet else packet.find(b"<rdf:RDF")
    end = packet.rfind(b">") + 1
    properties: dict[str, list[str]] = {}
    for element in ET.fromstring(packet[max(0, start) : end].rstrip(b"\x00 ")).iter():  # noqa: S314 -- see above
        if _local(element.tag) != "Description":
            continue
        for name, value in element.attrib.items():
            properties.setdefault(_local(name), []).append(value)
        for child in element:
            items = [item.text or "" for item in child.iter() if _local(item.tag) == "li"] or [child.text or ""]
            properties.setdefault(_local(child.tag), []).extend(items)
    for name, names in _XMP.items():
        found = [value for one in names for value in properties.get(one, ())]
        # Of several languages the first is the one meant for everybody.
        yield name, found if name == "keywords" else next((value for value in found if value.strip()), "")
    yield "place", [value for name in _XMP_PLACE for value in properties.get(name, ())]
    yield "credit", [value for name in _XMP_CREDIT for value in properties.get(name, ())]
    yield "rating", next(iter(properties.get("Rating", ())), None)


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _utf8(value: Any) -> str:
    """A text of EXIF or IPTC: of bytes, or of a sign a byte as Pillow gives it; UTF-8 where it can be that."""
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return str(value)
    if not isinstance(value, bytes):
        return ""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _utf16(value: Any) -> str:
    if isinstance(value, tuple):
        value = bytes(part for part in value if isinstance(part, int) and 0 <= part < 256)
    return value.decode("utf-16-le", "ignore").partition("\x00")[0] if isinstance(value, bytes) else ""


def _text(value: Any) -> str:
    cleaned = clean(value, 4 * _MAX_TEXT)[:_MAX_TEXT].strip() if isinstance(value, str) else ""
    return "" if _BY_MACHINES.fullmatch(cleaned) else cleaned


def _keywords(values: Sequence[Any]) -> tuple[str, ...]:
    words = (clean(value, 4 * _MAX_KEYWORD)[:_MAX_KEYWORD].strip() for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(word for word in words if word))[:_MAX_KEYWORDS]


def _joined(values: Sequence[Any]) -> str:
    parts = (_text(value) for value in values if isinstance(value, str))
    return ", ".join(dict.fromkeys(part for part in parts if part))[:_MAX_TEXT]


def _rating(value: Any) -> int | None:
    """One to five stars; nought is none, and -1 stands for "rejected" (XMP part 1, 8.4)."""
    try:
        stars = float(value)
    except (TypeError, ValueError):
        return None
    return int(stars) if stars in {1, 2, 3, 4, 5} else None
