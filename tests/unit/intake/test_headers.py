"""Headers are read by hand, from bytes that arrive in any pieces, and agree with what Pillow reads."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scopix_server.domain.errors import CorruptImage
from scopix_server.intake.decode_plan import read_header, walker_for
from scopix_server.intake.headers.exif_block import orientation_of
from scopix_server.intake.headers.jpeg import MAX_SCANS
from scopix_server.intake.headers.walk import MAX_TAKE, Header, HeaderReader
from tests.support.images import encoded, jpeg_of_scans, picture, png_chunk, webp_chunks
from tests.support.memory import peak_stays_below

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


SAMPLES: dict[str, tuple[str, bytes]] = {
    "jpeg": ("JPEG", encoded(picture(), "JPEG")),
    "grey jpeg": ("JPEG", encoded(picture().convert("L"), "JPEG")),
    "progressive jpeg": ("JPEG", encoded(picture(), "JPEG", progressive=True)),
    "turned jpeg": ("JPEG", encoded(picture(), "JPEG", exif=turned(6))),
    "cmyk jpeg": ("JPEG", encoded(picture().convert("CMYK"), "JPEG", progressive=True, subsampling=0)),
    "png": ("PNG", encoded(picture(), "PNG")),
    "turned png": ("PNG", encoded(picture().convert("RGBA"), "PNG", exif=turned(8))),
    "1-bit png": ("PNG", encoded(picture().convert("1"), "PNG")),
    "apng": ("PNG", encoded(picture(), "PNG", save_all=True, append_images=[picture(seed=2), picture(seed=3)])),
    "gif": ("GIF", encoded(picture(), "GIF", comment=b"of no interest" * 90)),
    "webp": ("WEBP", encoded(picture(), "WEBP")),
    "lossless webp": ("WEBP", encoded(picture(), "WEBP", lossless=True)),
    "turned webp": ("WEBP", encoded(picture().convert("RGBA"), "WEBP", exif=turned(3))),
    "animated webp": ("WEBP", encoded(picture(), "WEBP", save_all=True, append_images=[picture(seed=2)])),
}


def pushed(format: str, data: bytes, chunk: int = 65536) -> Header:
    walker = walker_for(TYPES[format])
    assert walker is not None
    reader = HeaderReader(walker)
    for start in range(0, len(data), chunk):
        reader.feed(data[start : start + chunk])
    return reader.header


def pulled(format: str, data: bytes) -> Header:
    return read_header(TYPES[format], io.BytesIO(data))


@pytest.mark.parametrize("name", SAMPLES)
def test_headers_agree_with_pillow(name: str) -> None:
    format, data = SAMPLES[name]
    header = pulled(format, data)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert (header.width, header.height) == image.size
        assert header.orientation == image.getexif().get(0x0112, 1)
        assert header.frames == getattr(image, "n_frames", 1)
        assert (format == "JPEG" and header.interlaced) == bool(image.info.get("progressive"))
        if format == "JPEG":
            assert header.channels == len(image.getbands())
    assert header.complete


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1021])
def test_headers_do_not_depend_on_how_the_bytes_arrive(name: str, chunk: int) -> None:
    format, data = SAMPLES[name]
    assert pushed(format, data, chunk) == pushed(format, data) == pulled(format, data)


def test_a_jpeg_whose_coefficients_are_kept_is_known_by_its_scans() -> None:
    assert pulled(*SAMPLES["jpeg"]).coefficient_bytes == 0
    # 4:2:0: 1.5 coefficients a pixel, two bytes each; 4:4:4 of four channels: four.
    assert pulled(*SAMPLES["progressive jpeg"]).coefficient_bytes == 320 * 240 * 3
    assert pulled(*SAMPLES["cmyk jpeg"]).coefficient_bytes == 320 * 240 * 8
    assert pulled(*SAMPLES["progressive jpeg"]).scans > 5


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    assert pulled("JPEG", jpeg_of_scans(MAX_SCANS)).scans == MAX_SCANS
    with pytest.raises(CorruptImage, match=f"more than {MAX_SCANS} scans"):
        pulled("JPEG", jpeg_of_scans(3000))


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("JPEG", b"\xff\xd8" + b"\xff\xfe\x00\x02" * 1_000_000),
        ("PNG", SAMPLES["png"][1][:33] + png_chunk(b"teSt", b"") * 1_000_000),
        ("GIF", SAMPLES["gif"][1][:13] + bytes(768) + b"!\xfe\x01a\x00" * 1_000_000),
        ("WEBP", webp_chunks(SAMPLES["webp"][1][12:], b"teSt\0\0\0\0" * 1_000_000)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_million_empty_pieces_are_refused_early(format: str, data: bytes) -> None:
    with pytest.raises(CorruptImage):
        pulled(format, data)


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("JPEG", b"\xff\xd8" + (b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(65_527)) * 600),
        ("PNG", SAMPLES["png"][1][:33] + png_chunk(b"eXIf", bytes(40_000_000))),
        ("GIF", SAMPLES["gif"][1][:13] + bytes(768) + b"!\xfe" + (b"\xff" + bytes(255)) * 150_000),
        ("WEBP", webp_chunks(SAMPLES["webp"][1][12:], b"EXIF" + struct.pack("<I", 40_000_000) + bytes(40_000_000))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_40_mb_of_metadata_are_passed_over_in_64_kib(format: str, data: bytes) -> None:
    """The measured peak is of Python's own blocks: three copies of the longest segment, and what a walker needs."""
    chunks = [data[start : start + 65536] for start in range(0, len(data), 65536)]

    def read() -> None:
        walker = walker_for(TYPES[format])
        assert walker is not None
        reader = HeaderReader(walker)
        for chunk in chunks:
            reader.feed(chunk)

    assert peak_stays_below(5 * MAX_TAKE, read)


class Counting(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_a_file_is_read_no_further_than_its_header_needs() -> None:
    format, data = SAMPLES["png"]
    large = data[:33] + png_chunk(b"teSt", bytes(10_000_000)) + data[33:]
    file = Counting(large)
    assert HeaderReader(walker_for(TYPES[format])).read(file).complete
    assert file.count < 1000


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=4),
    cut=st.floats(0, 1.2),
)
def test_a_broken_file_is_refused_or_left_incomplete(name: str, changes: list[tuple[float, bytes]], cut: float) -> None:
    format, sound = SAMPLES[name]
    data = bytearray(sound)
    for place, values in changes:
        # Most of what can go wrong is at the beginning.
        at = 2 + int(place * place * (len(data) - 12))
        data[at : at + len(values)] = values
    broken = bytes(data[: max(2, int(len(data) * cut))])
    outcomes = []
    for read in (lambda: pushed(format, broken, 997), lambda: pulled(format, broken)):
        try:
            outcomes.append(read())
        except CorruptImage as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([b"II*\0", b"MM\0*", b""]), st.binary(max_size=80))
def test_an_orientation_is_always_one_of_eight(start: bytes, rest: bytes) -> None:
    assert 1 <= orientation_of(b"Exif\0\0" + start + rest) <= 8


def test_a_wrong_checksum_of_the_first_chunk_is_no_png() -> None:
    data = bytearray(SAMPLES["png"][1])
    data[29] ^= 1
    with pytest.raises(CorruptImage) as refused:
        pulled("PNG", bytes(data))
    assert "first chunk" in refused.value.details["reason"]
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert pulled("PNG", bytes(data)).complete
