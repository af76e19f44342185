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
    return flat_png(side, colour=0, bits=1, value=0)


def flat_png(side: int, *, colour: int, bits: int = 8, value: int = 0x7F, extra: bytes = b"") -> bytes:
    """A sound PNG of side x side pixels of one value, made fast: packed pieces of it are repeated.

    `colour` is the colour type; `extra` chunks stand before the pixels.
    """
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\x00" + bytes([value]) * ((side * channels * bits + 7) // 8)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = row * min(side, max(1, (1 << 20) // len(row)))
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)  # ends at a byte, and refers to nothing before
    whole, rest = divmod(side * len(row), len(piece))
    checksum = 1
    for _ in range(whole):
        checksum = zlib.adler32(piece, checksum)
    checksum = zlib.adler32(piece[:rest], checksum)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    end = last.compress(piece[:rest]) + last.flush()
    data = b"\x78\xda" + packed * whole + end + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, 0)
    palette = png_chunk(b"PLTE", bytes(768)) + png_chunk(b"tRNS", bytes(range(256))) if colour == 3 else b""
    body = png_chunk(b"IHDR", header) + palette + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def damaged_png() -> bytes:
    """An image whose header and end are sound, and whose pixels are not: it is stored, and its description fails."""
    data = bytearray(encoded(picture(900, 700), "PNG"))
    first = data.index(b"IDAT") + 4
    data[first : first + 400] = hashlib.sha512(b"damage").digest() * 6 + bytes(16)
    return bytes(data)


def padded_png(size: int) -> bytes:
    """A sound PNG of exactly `size` bytes: a private chunk in it holds whatever is missing."""
    plain = encoded(picture())
    head, tail = plain[:-12], plain[-12:]
    room = size - len(plain) - 12
    assert room >= 0
    return head + png_chunk(b"paDd", random.Random(size).randbytes(room)) + tail


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


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def webp_chunks(*chunks: bytes) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_scans(scans: int, width: int = 320, height: int = 240) -> bytes:
    """A sound progressive grey JPEG whose picture is refined by empty scans; about 20 bytes each."""
    plain = encoded(Image.new("L", (width, height), 90), "JPEG", progressive=True)
    empty = plain.rindex(b"\xff\xda")
    return plain[:-2] + plain[empty:-2] * (scans - plain.count(b"\xff\xda")) + plain[-2:]


def png_promising(width: int, height: int, *, colour: int, interlaced: bool) -> bytes:
    """The beginning of a PNG with 8 bits a channel of colour type `colour`; its end is missing."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


def jpeg_promising(width: int, height: int, *, progressive: bool) -> bytes:
    """The beginning of a JPEG (4:4:4) whose frame says so; its end is missing."""
    plain = encoded(picture(16, 16), "JPEG", progressive=progressive, subsampling=0)
    frame = plain.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    return plain[: frame + 5] + struct.pack(">HH", height, width) + plain[frame + 9 : -2]


def webp_promising(width: int, height: int, *, lossless: bool) -> bytes:
    """The beginning of a WebP whose first chunk says so; its end is missing."""
    plain = encoded(picture(16, 16), "WEBP", lossless=lossless)
    if lossless:
        packed = struct.pack("<I", width - 1 | (height - 1) << 14)
        return plain[:21] + packed + plain[25:-2]
    return plain[:26] + struct.pack("<HH", width, height) + plain[30:-2]
