"""Hostile files, drawn from a seed: cut, flipped, with giant promises, odd counts, nested metadata, and polyglots."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from tests.support.images import encoded, jpeg_of_scans, noise, picture, png_chunk, webp_chunks

__all__ = ["HostileFile", "hostile_files"]


@dataclass(frozen=True, slots=True)
class HostileFile:
    """`name` tells its number, what was done and to what; its extension is an image's."""

    name: str
    data: bytes


def hostile_files(seed: int, count: int) -> Iterator[HostileFile]:
    """The same `count` files for the same seed, each kind in turn."""
    chance = random.Random(seed)
    sound = _sound()
    for number in range(count):
        kind, change = _KINDS[number % len(_KINDS)]
        name = chance.choice(sorted(sound))
        data = change(chance, sound[name])
        yield HostileFile(f"{number:04}-{kind}-{name.replace(' ', '-')}.{chance.choice(('png', 'jpg', 'gif'))}", data)


def _sound() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:17 12:30:00"
    frames = {"save_all": True, "append_images": [picture(90, 70, seed=2), picture(90, 70, seed=3)]}
    small, alpha = picture(90, 70), picture(90, 70).convert("RGBA")
    return {
        "jpeg": encoded(small, "JPEG", exif=exif, icc_profile=bytes(3000)),
        "jpeg of noise": encoded(noise(120, 90), "JPEG", quality=98),
        "progressive jpeg": encoded(small, "JPEG", progressive=True, restart_marker_blocks=2),
        "cmyk jpeg": encoded(small.convert("CMYK"), "JPEG"),
        "mpo": encoded(small, "MPO", **frames),
        "png": encoded(alpha, "PNG", exif=exif),
        "palette png": encoded(small.convert("P"), "PNG", transparency=3),
        "16-bit png": encoded(Image.new("I;16", (90, 70), 40_000), "PNG"),
        "apng": encoded(small, "PNG", **frames),
        "gif": encoded(small, "GIF", **frames, disposal=2),
        "webp": encoded(alpha, "WEBP", exif=exif),
        "lossless webp": encoded(alpha, "WEBP", lossless=True),
        "animated webp": encoded(small, "WEBP", **frames),
    }


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(1, len(data))]


def _flipped(chance: random.Random, data: bytes) -> bytes:
    """One to forty bits, half of them among the first bytes."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 40))):
        at = chance.randrange(min(len(data), 200) if chance.random() < 0.5 else len(data))
        broken[at] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _promising(chance: random.Random, data: bytes) -> bytes:
    """Sizes, lengths and offsets of up to 4 GiB at any place of the header, with a right checksum where one belongs."""
    broken = bytearray(data)
    at = chance.randrange(4, min(len(data) - 8, 400))
    value = chance.choice((0, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF))
    form = chance.choice((">H", "<H", ">I", "<I"))
    broken[at : at + struct.calcsize(form)] = struct.pack(form, value & (0xFFFF if form[1] == "H" else 0xFFFF_FFFF))
    if data.startswith(b"\x89PNG"):
        if chance.random() < 0.5:
            broken[16:24] = struct.pack(
                ">II", chance.choice((1, 14_000, 2**31 - 1)), chance.choice((1, 14_000, 70_000))
            )
        broken[29:33] = struct.pack(">I", zlib.crc32(bytes(broken[12:29])))
    return bytes(broken)


def _odd_counts(chance: random.Random, data: bytes) -> bytes:
    """Pieces of the file left out, doubled, moved or repeated many times."""
    first, second = sorted(chance.randrange(2, len(data)) for _ in range(2))
    piece = data[first:second]
    return chance.choice(
        (
            data[:first] + data[second:],
            data[:second] + piece + data[second:],
            data[:second] + piece[:64] * chance.randrange(2, 3000) + data[second:],
            data[:first] + data[second:] + piece,
            jpeg_of_scans(chance.choice((99, 101, 900)), 64, 48),
        )
    )


def _nested(chance: random.Random, data: bytes) -> bytes:
    """Metadata within metadata: EXIF that points at itself, packed texts that unfold, pictures inside pictures."""
    ring = b"II*\0\x08\0\0\0" + struct.pack("<H", 3)
    ring += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8)
    ring += struct.pack("<HHII", 0x9286, 7, chance.choice((10, 0xFFFF_FFFF)), 0xFFFF_FFF0) + struct.pack("<I", 8)
    if data.startswith(b"\xff\xd8"):
        inner = chance.choice((b"Exif\0\0" + ring, b"Exif\0\0" + data[:60_000], b"ICC_PROFILE\0\xff\xff" + ring))
        return data[:2] + (b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner) * chance.choice((1, 200)) + data[2:]
    if data.startswith(b"\x89PNG"):
        packed = zlib.compress(bytes(chance.choice((10, 2_000_000, 64 << 20))), 9)
        names = (b"zTXt", b"iCCP", b"eXIf")
        inner = b"".join(png_chunk(name, ring if name == b"eXIf" else b"a\0\0" + packed) for name in names)
        return data[:33] + inner * chance.choice((1, 40)) + data[33:]
    if data.startswith(b"GIF"):
        return data[:13] + b"!\xff\x0bXMP DataXMP" + bytes(range(255, 0, -1)) * 40 + b"\0" + data[13:]
    exif = b"EXIF" + struct.pack("<I", len(ring)) + ring
    return webp_chunks(data[12:], exif * chance.choice((1, 3000)))


def _polyglot(chance: random.Random, data: bytes) -> bytes:
    """A picture that is something else as well."""
    other = chance.choice(
        (
            b"<script>alert(1)</script>",
            b"%PDF-1.7\n%%EOF",
            b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18),
            b"#!/bin/sh\nid\n",
            data,
        )
    )
    return chance.choice((data + other, data[:4] + other + data[4:], data[: len(data) // 2] + other, other + data))


_Change = Callable[[random.Random, bytes], bytes]
_KINDS: tuple[tuple[str, _Change], ...] = (
    ("cut", _cut),
    ("flipped", _flipped),
    ("promising", _promising),
    ("odd", _odd_counts),
    ("nested", _nested),
    ("polyglot", _polyglot),
)
