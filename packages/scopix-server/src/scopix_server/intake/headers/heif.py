"""The items of a HEIF or AVIF file (ISO/IEC 23008-12): which is the picture, how large it is, how it is turned."""

from dataclasses import dataclass, field
from typing import BinaryIO, Final

from scopix_server.intake.headers.boxes import Box, boxes, read_exactly
from scopix_server.intake.headers.walk import Header, unreadable

__all__ = ["read_heif"]

_FULL: Final = 4
"""Bytes of version and flags at the beginning of a full box."""
_MAX_ITEMS: Final = 16_384
"""Tiles of 512 x 512 pixels: four gigapixels."""


@dataclass(slots=True)
class _Items:
    primary: int | None = None
    properties: list[Box] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    kinds: dict[int, bytes] = field(default_factory=dict)
    end: int = 0


def read_heif(file: BinaryIO) -> Header:
    """Return the header of the primary item, or of the first track of a sequence without items.

    It is complete when the file reaches as far as its items. `decoded_pixels` are those of the largest item: a picture
    may be cut out of more. Raises CorruptImage.
    """
    size = file.seek(0, 2)
    header, items, tracks = Header(channels=3), _Items(), []
    for box in boxes(file, 0, size):
        if box.name == b"meta":
            _read_meta(file, box, items)
        elif box.name == b"moov":
            tracks = [inner for inner in boxes(file, box.start, box.end) if inner.name == b"trak"]
        elif box.name == b"mdat":
            items.end = max(items.end, box.end)
    if items.primary in items.kinds:
        header.codec = items.kinds[items.primary].decode("latin-1")
    if items.primary in items.owned:
        _read_properties(file, header, items)
    elif tracks:
        _read_track(file, header, tracks[0])
    if not header.pixels:
        raise unreadable("there is no picture with a size")
    header.complete = items.end <= size
    return header


def _read_meta(file: BinaryIO, meta: Box, items: _Items) -> None:
    for box in boxes(file, meta.start + _FULL, meta.end):
        if box.name == b"pitm":
            data = read_exactly(file, box.start, box.end)
            items.primary = int.from_bytes(data[4:8] if data[:1] > b"\x00" else data[4:6], "big")
        elif box.name == b"iprp":
            for inner in boxes(file, box.start, box.end):
                if inner.name == b"ipco":
                    items.properties = list(boxes(file, inner.start, inner.end))
                elif inner.name == b"ipma":
                    _read_owners(read_exactly(file, inner.start, inner.end), items)
        elif box.name == b"iinf":
            wide = read_exactly(file, box.start, box.start + 1) > b"\x00"
            for inner in boxes(file, box.start + (8 if wide else 6), box.end):
                data = read_exactly(file, inner.start, min(inner.end, inner.start + 14))
                at = 8 if data[:1] > b"\x02" else 6
                items.kinds[int.from_bytes(data[4:at], "big")] = data[at + 2 : at + 6]
        elif box.name == b"iloc":
            items.end = max(items.end, _end_of_items(read_exactly(file, box.start, box.end)))


def _read_owners(data: bytes, items: _Items) -> None:
    """Which properties belong to which item, by their numbers from 1 (9.3.2)."""
    wide_item, wide_number = data[:1] > b"\x00", bool(data[3] & 1)
    at = 8
    for _ in range(min(int.from_bytes(data[4:8], "big"), _MAX_ITEMS)):
        end = at + (4 if wide_item else 2)
        item, count, at = int.from_bytes(data[at:end], "big"), data[end] if end < len(data) else 0, end + 1
        width = 2 if wide_number else 1
        numbers = [int.from_bytes(data[at + n * width : at + (n + 1) * width], "big") for n in range(count)]
        # The highest bit says that the property is essential.
        items.owned[item] = [number & (0x7FFF if wide_number else 0x7F) for number in numbers]
        at += count * width


def _read_properties(file: BinaryIO, header: Header, items: _Items) -> None:
    assert items.primary is not None
    sizes = {n: _pair(file, box) for n, box in enumerate(items.properties, 1) if box.name == b"ispe"}
    header.decoded_pixels = max((width * height for width, height in sizes.values()), default=0)
    for number in items.owned[items.primary]:
        if not 1 <= number <= len(items.properties):
            continue
        box = items.properties[number - 1]
        if box.name == b"ispe":
            header.width, header.height = sizes[number]
        elif box.name == b"clap":
            _cut(header, read_exactly(file, box.start, box.end))
        elif box.name == b"pixi":
            header.bits = max(read_exactly(file, box.start, box.end)[5:] or b"\x08")
        elif box.name == b"colr":
            _read_colours(header, read_exactly(file, box.start, min(box.end, box.start + 8)))
        elif box.name == b"irot" and read_exactly(file, box.start, box.end)[0] & 1:
            header.orientation = 6  # by a quarter, whichever way
        elif box.name in {b"irot", b"imir"} and header.orientation == 1:
            header.orientation = 3


def _pair(file: BinaryIO, box: Box) -> tuple[int, int]:
    data = read_exactly(file, box.start, box.end)
    return int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")


def _read_colours(header: Header, data: bytes) -> None:
    """Code points (14496-12, 12.1.5); a profile may stand beside them, in a box of the same name."""
    if data[:4] == b"nclx" and len(data) == 8:
        header.code_points = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")


def _cut(header: Header, data: bytes) -> None:
    """A clean aperture: width and height as fractions (14496-12, 12.1.4); what makes no sense is passed over."""
    parts = [int.from_bytes(data[at : at + 4], "big") for at in range(0, 16, 4)]
    if len(data) >= 32 and parts[1] and parts[3]:
        width, height = parts[0] // parts[1], parts[2] // parts[3]
        if 0 < width <= header.width and 0 < height <= header.height:
            header.width, header.height = width, height


def _end_of_items(data: bytes) -> int:
    """How far into the file the data of the items reach (8.11.3); 0 where that cannot be told."""
    version = data[0]
    offset_size, length_size, base_size, index_size = data[4] >> 4, data[4] & 15, data[5] >> 4, data[5] & 15
    wide = 4 if version == 2 else 2
    count, at, end = int.from_bytes(data[6 : 6 + wide], "big"), 6 + wide, 0
    index_size = index_size if version else 0
    for _ in range(min(count, _MAX_ITEMS)):
        at += wide
        inside = 0
        if version:
            inside, at = int.from_bytes(data[at : at + 2], "big") & 15, at + 2
        at += 2
        base, at = int.from_bytes(data[at : at + base_size], "big"), at + base_size
        extents, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        for _ in range(extents):
            at += index_size
            offset, at = int.from_bytes(data[at : at + offset_size], "big"), at + offset_size
            length, at = int.from_bytes(data[at : at + length_size], "big"), at + length_size
            if at > len(data):
                return end
            end = max(end, base + offset + length) if inside == 0 else end
    return end


def _read_track(file: BinaryIO, header: Header, track: Box) -> None:
    """Of a track its width and height, as 16.16 fixed-point numbers (14496-12, 8.3.2)."""
    for box in boxes(file, track.start, track.end):
        if box.name == b"tkhd":
            data = read_exactly(file, box.start, box.end)
            header.width = int.from_bytes(data[-8:-4], "big") >> 16
            header.height = int.from_bytes(data[-4:], "big") >> 16
            header.frames = 2  # a sequence; how many there are is not told here
