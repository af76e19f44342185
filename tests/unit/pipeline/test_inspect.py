"""Images are checked as they stream by."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scopix_server.domain.errors import CorruptImage, TooManyPixels
from scopix_server.domain.file import ImageHeader
from scopix_server.pipeline.inspect import ImageInspector
from scopix_server.pipeline.sniff import sniff
from tests.support.images import encoded, noise, padded_png, picture, png_bomb


def inspect(data: bytes, *, chunk: int = 65536, max_pixels: int = 10**9) -> ImageHeader:
    file_type = sniff(data)
    assert file_type is not None
    inspector = ImageInspector(file_type, max_pixels=max_pixels)
    for start in range(0, len(data), chunk):
        inspector.feed(data[start : start + chunk])
    return inspector.finish()


SAMPLES = {
    "jpeg": encoded(picture(), "JPEG"),
    "progressive jpeg": encoded(picture(), "JPEG", progressive=True),
    "jpeg with a thumbnail in its metadata": encoded(
        picture(), "JPEG", exif=b"Exif\x00\x00" + encoded(picture(64, 48), "JPEG")
    ),
    "png": encoded(picture(), "PNG"),
    "gif": encoded(picture(), "GIF"),
    "webp": encoded(picture(), "WEBP"),
    "lossless webp": encoded(picture(), "WEBP", lossless=True),
    "webp with alpha": encoded(picture().convert("RGBA"), "WEBP", exif=Image.Exif()),
    "animated webp": encoded(picture(), "WEBP", save_all=True, append_images=[picture(seed=2)]),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("chunk", [1, 7, 65536])
def test_sound_images_pass_in_any_chunks(name: str, chunk: int) -> None:
    assert inspect(SAMPLES[name], chunk=chunk) == ImageHeader(320, 240)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "gif"])
def test_no_cut_passes(name: str) -> None:
    """A file cut anywhere is refused: at every 37th byte, and at each of the last twenty."""
    data = SAMPLES[name]
    last = range(len(data) - 20, len(data))
    tolerated = {len(data) - 1} if len(data) % 2 else set()  # a padding byte of RIFF may be missing
    for cut in [*range(16, len(data) - 20, 37), *last]:
        if "webp" in name and cut in tolerated:
            continue
        with pytest.raises(CorruptImage):
            inspect(data[:cut])


@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_behind_the_end_do_no_harm(name: str) -> None:
    assert inspect(SAMPLES[name] + b"trailer of a phone's camera" * 9000) == ImageHeader(320, 240)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_files_larger_than_what_is_kept_of_them(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {"quality": 100} if format == "JPEG" else {}
    data = encoded(noise(1500, 1000), format, **options)
    assert len(data) > 2 * 1024 * 1024
    assert inspect(data) == ImageHeader(1500, 1000)
    with pytest.raises(CorruptImage, match="incomplete"):
        inspect(data[:-30])


def test_a_png_with_megabytes_before_its_end() -> None:
    assert inspect(padded_png(5_000_000)) == ImageHeader(320, 240)


def test_the_limit_on_pixels_is_told_from_the_header() -> None:
    with pytest.raises(TooManyPixels, match="30000 × 30000 = 900 million"):
        inspect(png_bomb(), max_pixels=200_000_000)
    with pytest.raises(TooManyPixels):
        inspect(SAMPLES["webp"], max_pixels=320 * 240 - 1)


def test_a_header_that_lies_about_its_size_is_caught() -> None:
    data = bytearray(SAMPLES["png"])
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    with pytest.raises((CorruptImage, TooManyPixels)):
        inspect(bytes(data), max_pixels=200_000_000)


@settings(max_examples=300, deadline=None)
@given(
    head=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\x00\x00\x00WEBPVP8X"]),
    rest=st.binary(max_size=400),
)
def test_garbage_behind_a_good_signature_never_crashes(head: bytes, rest: bytes) -> None:
    try:
        inspect(head + rest + bytes(16))
    except (CorruptImage, TooManyPixels):
        pass


def test_what_passes_is_what_pillow_reads() -> None:
    for data in SAMPLES.values():
        assert inspect(data) == ImageHeader(*Image.open(io.BytesIO(data)).size)
