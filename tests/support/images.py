"""Images made on the spot, so that each test says what is in its own."""

import hashlib
import io
import random
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageDraw


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """The bytes of an image in a format Pillow knows."""
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def picture(width: int = 320, height: int = 240, seed: int = 1) -> Image.Image:
    """A few coloured shapes; the same for the same seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", (width, height), tuple(chance.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = chance.randrange(width), chance.randrange(height)
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw.ellipse((x, y, x + chance.randrange(5, 80), y + chance.randrange(5, 80)), fill=colour)
    return image


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """Random pixels: an image that hardly compresses."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))


def png_bomb(side: int = 30_000) -> bytes:
    """A sound PNG of side x side black pixels in about 100 kB (one bit a pixel)."""
    row = b"\x00" + bytes((side + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def padded_png(size: int) -> bytes:
    """A sound PNG of exactly `size` bytes: a private chunk in it holds whatever is missing."""
    plain = encoded(picture())
    head, tail = plain[:-12], plain[-12:]
    room = size - len(plain) - 12
    assert room >= 0
    return head + _chunk(b"paDd", random.Random(size).randbytes(room)) + tail


def write_padded_png(path: Path, size: int) -> str:
    """Write what `padded_png` would, piece by piece, with other random bytes; return its SHA-256 in hex."""
    plain, chance = encoded(picture()), random.Random(size)
    left = size - len(plain) - 12
    assert left >= 0
    digest, checksum = hashlib.sha256(), zlib.crc32(b"paDd")
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            digest.update(data)
            file.write(data)

        write(plain[:-12] + struct.pack(">I", left) + b"paDd")
        while left:
            piece = chance.randbytes(min(left, 1 << 20))
            checksum = zlib.crc32(piece, checksum)
            left -= len(piece)
            write(piece)
        write(struct.pack(">I", checksum) + plain[-12:])
    return digest.hexdigest()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
