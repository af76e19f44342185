"""Images are checked as they stream by."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scopix.types.sniff import sniff
from scopix_server.domain.errors import CorruptImage, TooManyPixels
from scopix_server.domain.file import ImageHeader
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.inspect import ImageInspector
from tests.support.images import (
    encoded,
    jpeg_promising,
    noise,
    padded_png,
    picture,
    png_bomb,
    png_chunk,
    png_promising,
    webp_promising,
)
from tests.support.memory import peak_stays_below


def inspect(data: bytes, *, chunk: int = 65536, max_pixels: int = 10**9) -> ImageHeader:
    file_type = sniff(data)
    assert file_type is not None
    inspector = ImageInspector(file_type, PixelLimits(max_pixels, 50_000_000))
    for start in range(0, len(data), chunk):
        inspector.feed(data[start : start + chunk])
    header = inspector.finish()
    assert header is not None
    return header


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


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "gif" and "jpeg" not in name])
def test_no_cut_passes(name: str) -> None:
    """A file cut anywhere is refused: at every 37th byte, and at each of the last twenty.

    But for a PNG from which nothing is missing but its last chunk, of 12 bytes, or a part of that.
    """
    data = SAMPLES[name]
    last = range(len(data) - 20, len(data) - (12 if data.startswith(b"\x89PNG") else 0))
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
def test_files_of_megabytes(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {"quality": 100} if format == "JPEG" else {}
    data = encoded(noise(1500, 1000), format, **options)
    assert len(data) > 2 * 1024 * 1024
    assert inspect(data) == ImageHeader(1500, 1000)
    if format != "JPEG":
        with pytest.raises(CorruptImage, match="incomplete"):
            inspect(data[:-30])


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "jpeg with a thumbnail in its metadata"])
def test_a_jpeg_is_taken_once_its_pixels_have_begun(name: str) -> None:
    """What is there can be decoded; the thumbnail in its metadata does not count."""
    data = SAMPLES[name]
    begun = data.rindex(b"\xff\xda") if "progressive" not in name else data.index(b"\xff\xda")
    for cut in range(16, begun, 37):
        with pytest.raises(CorruptImage):
            inspect(data[:cut])
    for cut in (begun + 40, len(data) - 2):
        assert inspect(data[:cut]) == ImageHeader(320, 240)


@pytest.mark.parametrize("name", [name for name in SAMPLES if SAMPLES[name].startswith(b"\x89PNG")])
def test_a_png_without_its_last_chunk_is_taken(name: str) -> None:
    for cut in range(len(SAMPLES[name]) - 12, len(SAMPLES[name])):
        assert inspect(SAMPLES[name][:cut]) == ImageHeader(320, 240)


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


def test_metadata_of_any_size_may_stand_before_the_pixels() -> None:
    png, jpeg = SAMPLES["png"], SAMPLES["jpeg"]
    text = png_chunk(b"tEXt", b"workflow\0" + b"<mxCell/>" * 400_000)
    segment = b"\xff\xe1" + struct.pack(">H", 65002) + b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 64965
    assert inspect(png[:33] + text + png[33:]) == ImageHeader(320, 240)
    assert inspect(jpeg[:2] + segment * 45 + jpeg[2:]) == ImageHeader(320, 240)


def test_what_a_decoder_would_unfold_costs_the_web_process_nothing() -> None:
    """64 MiB of text in 67 kB, ten times."""
    text = png_chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(64 << 20), 9))
    data = SAMPLES["png"][:33] + text * 10 + SAMPLES["png"][33:]
    assert inspect(data) == ImageHeader(320, 240)
    assert peak_stays_below(1 << 20, lambda: inspect(data))


def test_a_gif_that_promises_a_canvas_is_refused_on_its_screen() -> None:
    """43 bytes: a canvas of 28,000 x 28,000 that is cleared after the frame."""
    data = b"GIF89a" + struct.pack("<HHBBB", 28_000, 28_000, 0x80, 0, 0) + bytes(6)
    data += b"!\xf9\x04\x08\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 28_000, 28_000, 0) + b"\x02\x00"
    assert len(data) < 50
    with pytest.raises(TooManyPixels, match="28000 × 28000"):
        inspect(data, max_pixels=200_000_000)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("a progressive JPEG", jpeg_promising(13_000, 13_000, progressive=True)),
        ("an interlaced PNG", png_promising(14_000, 14_000, colour=6, interlaced=True)),
        ("a lossless WebP", webp_promising(14_000, 14_000, lossless=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_decoded_within_the_memory_is_refused_on_its_header(kind: str, data: bytes) -> None:
    with pytest.raises(TooManyPixels, match=kind) as refused:
        inspect(data, max_pixels=200_000_000)
    assert refused.value.details["issue"] == "too_much_memory"


@pytest.mark.parametrize(
    "data",
    [
        jpeg_promising(14_100, 14_100, progressive=False),
        jpeg_promising(9_900, 9_900, progressive=True),
        png_promising(14_100, 14_100, colour=6, interlaced=False),
        webp_promising(14_100, 14_100, lossless=False),
    ],
)
def test_the_same_pixels_in_another_form_pass(data: bytes) -> None:
    try:
        inspect(data, max_pixels=200_000_000)
    except CorruptImage as incomplete:
        assert incomplete.details["issue"] == "truncated"
