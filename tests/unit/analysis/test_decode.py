"""The one gate, and what comes out of it."""

import io
import random
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from scopix_server.analysis.decode import Decoded, decode
from scopix_server.analysis.variants import MAX_SIDE, SIZES, render
from scopix_server.domain.errors import CorruptImage, TooManyPixels
from scopix_server.intake.decode_plan import plan_decode
from scopix_server.intake.headers.walk import Header
from tests.support.images import damaged_png, encoded, noise, picture, png_bomb, png_chunk

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def decoded(data: bytes, *, max_pixels: int = 10**8, work_pixels: int = 10**8, min_side: int | None = None) -> Decoded:
    return decode(io.BytesIO(data), max_pixels=max_pixels, work_pixels=work_pixels, min_side=min_side)


def red_over_blue() -> Image.Image:
    image = Image.new("RGB", (60, 40), RED)
    image.paste(BLUE, (0, 20, 60, 40))
    return image


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [(1, (60, 40), RED), (3, (60, 40), BLUE), (6, (40, 60), BLUE), (8, (40, 60), RED)],
)
def test_an_image_is_turned_as_its_exif_says(orientation: int, size: tuple[int, int], corner: tuple[int, ...]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = decoded(encoded(red_over_blue(), "PNG", exif=exif))
    assert result.image.size == result.full_size == size
    assert result.image.getpixel((0, 0)) == corner


def test_transparency_is_laid_on_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert decoded(encoded(image)).image.getpixel((1, 1)) == WHITE
    palette = Image.new("P", (4, 4), 0)
    assert decoded(encoded(palette, "GIF", transparency=0)).image.getpixel((1, 1)) == WHITE


def test_sixteen_bit_grey_keeps_its_range() -> None:
    values = np.array([[0, 32768, 65535]], dtype=np.uint16)
    image = decoded(encoded(Image.fromarray(values))).image
    assert [image.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert decoded(encoded(red_over_blue().convert(mode), format)).image.mode == "RGB"


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(format: str) -> None:
    data = encoded(Image.new("RGB", (8, 8), RED), format, save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)])
    red, _, blue = decoded(data).image.getpixel((4, 4))
    assert red > 200
    assert blue < 60


def test_a_bomb_is_refused_on_its_header() -> None:
    with pytest.raises(TooManyPixels) as refused:
        decoded(png_bomb(), max_pixels=200_000_000)
    assert refused.value.details["width"] == 30_000


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_huge_image_is_reduced_and_remembers_its_size(format: str) -> None:
    result = decoded(encoded(picture(1200, 900), format), work_pixels=100_000)
    assert result.full_size == (1200, 900)
    assert result.image.width * result.image.height <= 100_000
    assert result.image.width / result.image.height == pytest.approx(4 / 3, rel=0.02)


def test_a_huge_turned_jpeg_is_reduced_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = decoded(encoded(picture(1200, 900), "JPEG", exif=exif), work_pixels=100_000)
    assert result.full_size == (900, 1200)
    assert result.image.width < result.image.height


def test_the_time_of_the_picture() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:17 12:30:00"
    assert decoded(encoded(picture(), "JPEG", exif=exif)).taken == datetime(2024, 5, 17, 12, 30, tzinfo=UTC)
    exif.get_ifd(0x8769)[0x9011] = "+02:00"
    assert decoded(encoded(picture(), "JPEG", exif=exif)).taken == datetime(2024, 5, 17, 10, 30, tzinfo=UTC)
    exif.get_ifd(0x8769)[0x9003] = "last summer"
    assert decoded(encoded(picture(), "JPEG", exif=exif)).taken is None


def test_damage_in_the_middle_is_told() -> None:
    data = bytearray(encoded(picture(900, 700), "PNG"))
    data[len(data) // 2 : len(data) // 2 + 200] = random.Random(1).randbytes(200)
    found = decoded(bytes(data))
    assert found.damage.startswith("The file is damaged: only the upper ")
    whole = decoded(encoded(picture(900, 700), "PNG"))
    assert whole.damage == ""
    top = (0, 0, 900, 200)
    assert found.image.crop(top).tobytes() == whole.image.crop(top).tobytes()
    with pytest.raises(CorruptImage):
        decoded(damaged_png())  # nothing is left of it


@pytest.mark.parametrize(("mode", "colour"), [("RGB", 0), ("RGB", (255, 255, 255)), ("L", 90), ("RGB", None)])
def test_a_jpeg_that_lacks_its_end_mark_alone_is_whole(mode: str, colour: Any) -> None:
    image = picture() if colour is None else Image.new(mode, (100, 100), colour)
    assert decoded(encoded(image, "JPEG")[:-2]).damage == ""
    assert decoded(encoded(image, "PNG")[:-12]).damage == ""


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_of_a_cut_picture_what_is_there_is_decoded_and_the_rest_is_told(format: str) -> None:
    data = encoded(noise(200, 150), format)
    found = decoded(data[: len(data) // 2])
    assert found.image.size == (200, 150)
    share = 50 if format == "GIF" else int("".join(filter(str.isdigit, found.damage)))
    assert found.damage.startswith("The file is damaged")
    assert 40 <= share <= 60
    assert np.asarray(found.image)[:50].std() > 30


def test_of_a_cut_progressive_jpeg_all_may_be_coarse() -> None:
    data = encoded(picture(), "JPEG", progressive=True)
    assert "missing or coarse" in decoded(data[: len(data) // 2]).damage


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_cut_file_never_crashes(format: str) -> None:
    data = encoded(noise(200, 150), format)
    for cut in range(1, len(data), 1024):
        try:
            assert decoded(data[:cut]).damage
        except CorruptImage:
            pass


@pytest.mark.parametrize(("channels", "by"), [(1, 2), (3, 2), (4, 2)])
def test_a_jpeg_of_any_colours_is_reduced_by_as_little_as_will_do(channels: int, by: int) -> None:
    header = Header(width=14_000, height=14_000, channels=channels)
    assert plan_decode("image/jpeg", header, 50_000_000).reduced == by


def test_a_progressive_jpeg_is_reduced_further_to_fit_into_the_memory() -> None:
    pixels = 12_650 * 12_650
    header = Header(width=12_650, height=12_650, channels=3, interlaced=True, scans=10, coefficient_bytes=3 * pixels)
    plan = plan_decode("image/jpeg", header, 50_000_000)
    assert (plan.reduced, plan.peak) == (4, 3 * pixels + pixels // 16 * 4)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"orientation": 6}])
@pytest.mark.parametrize("size", [(2600, 1951), (2048, 700), (4403, 401)])
def test_variants_look_the_same_when_a_jpeg_is_decoded_for_nothing_else(
    mode: str, options: dict[str, int], size: tuple[int, int]
) -> None:
    encoder = dict(options)
    if orientation := encoder.pop("orientation", None):
        exif = Image.Exif()
        exif[0x0112] = orientation
        encoder["exif"] = exif
    data = encoded(picture(*size).convert(mode), "JPEG", quality=90, **encoder)
    whole, reduced = decoded(data), decoded(data, min_side=MAX_SIDE)
    assert max(whole.full_size) >= 2 * MAX_SIDE > max(reduced.image.size) >= MAX_SIDE
    assert reduced.full_size == whole.full_size
    for expected, made in zip(render(whole), render(reduced), strict=True):
        assert (made.name, made.width, made.height) == (expected.name, expected.width, expected.height)
        difference = np.abs(_levels(made.data) - _levels(expected.data))
        assert difference.mean() < 1, made.name


def _levels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)), dtype=np.int16)


@pytest.mark.parametrize("size", [(1, 5000), (9, 9000), (1023, 30), (2047, 2047)])
def test_thin_and_small_jpegs_keep_their_variants(size: tuple[int, int]) -> None:
    data = encoded(picture(*size), "JPEG")
    sizes = [[(v.width, v.height) for v in render(decoded(data, min_side=side))] for side in (None, MAX_SIDE)]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_for_variants_alone_never_takes_more_memory(interlaced: bool, channels: int, orientation: int) -> None:
    for side in (600, 2047, 2048, 4000, 8192, 14_000):
        coefficients = channels * 2 * side * side if interlaced else 0
        header = Header(
            width=side,
            height=side,
            channels=channels,
            orientation=orientation,
            interlaced=interlaced,
            coefficient_bytes=coefficients,
        )
        whole = plan_decode("image/jpeg", header, 50_000_000)
        reduced = plan_decode("image/jpeg", header, 50_000_000, MAX_SIDE)
        assert reduced.peak <= whole.peak
        assert reduced.reduced >= whole.reduced
        assert side // reduced.reduced >= min(side, MAX_SIDE) or reduced.reduced == whole.reduced


def test_the_four_renditions() -> None:
    made = {variant.name: variant for variant in render(decoded(encoded(picture(2000, 1000))))}
    assert set(made) == {"tiny_64", "small_256", "medium_750", "large_1024"}
    for kind, side in SIZES:
        variant = made[kind.value]
        image = Image.open(io.BytesIO(variant.data))
        assert image.format == "JPEG"
        assert image.size == (variant.width, variant.height) == (side, side // 2)


def test_a_small_image_is_not_enlarged_and_a_thin_one_keeps_a_pixel() -> None:
    assert {(variant.width, variant.height) for variant in render(decoded(encoded(picture(30, 20))))} == {(30, 20)}
    thin = render(decoded(encoded(picture(1, 5000))))
    assert {(variant.width, variant.height) for variant in thin} == {(1, side) for _, side in SIZES}


def test_variants_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    data = encoded(picture(2000, 1000), "JPEG", exif=exif)
    assert b"secret" in data
    assert all(b"secret" not in variant.data for variant in render(decoded(data)))


def large_metadata() -> dict[str, bytes]:
    png, jpeg = encoded(picture(), "PNG"), encoded(picture(), "JPEG")
    packed = zlib.compress(b"<mxCell/>" * 200_000)
    before = {
        "ztxt": png_chunk(b"zTXt", b"mxfile\0\0" + packed),
        "itxt": png_chunk(b"iTXt", b"mxfile\0\x01\0\0\0" + packed),
        "iccp": png_chunk(b"iCCP", b"printer\0\0" + zlib.compress(bytes(1_400_000))),
        "many texts": png_chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(1_000_000))) * 80,
        **{f"short {name.decode()}": png_chunk(name, b"") for name in (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tRNS")},
        "a transparent colour of one channel": png_chunk(b"tRNS", b"\0\1"),
        "text packed in no known way": png_chunk(b"zTXt", b"a\0\7" + zlib.compress(b"b")),
        "a profile packed in no known way": png_chunk(b"iCCP", b"a\0\7" + zlib.compress(b"b")),
        "wrong checksum": png_chunk(b"tIME", b"1234567")[:-1] + b"?" + png_chunk(b"tEXt", b"a\0b")[:-1] + b"?",
    }
    segment = b"\xff\xe1" + struct.pack(">H", 65002) + b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 64965
    return {
        **{f"{name} before": png[:33] + chunk + png[33:] for name, chunk in before.items()},
        **{f"{name} after": png[:-12] + chunk + png[-12:] for name, chunk in before.items()},
        "short adobe": jpeg[:2] + b"\xff\xee\0\x08Adobe\0" + jpeg[2:],
        "extended xmp": jpeg[:2] + segment * 45 + jpeg[2:],
    }


@pytest.mark.parametrize("name", large_metadata())
def test_what_is_too_large_beside_the_pixels_is_passed_over(name: str) -> None:
    data = large_metadata()[name]
    expected = decoded(encoded(picture(), "JPEG" if name in {"extended xmp", "short adobe"} else "PNG"))
    assert decoded(data).image.tobytes() == expected.image.tobytes()


def test_a_profile_and_a_turn_of_sane_size_are_kept() -> None:
    exif, profile = Image.Exif(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif[0x0112] = 6
    for format in ("PNG", "JPEG", "WEBP"):
        result = decoded(encoded(picture(), format, exif=exif, icc_profile=profile))
        assert result.full_size == result.image.size == (240, 320)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "LA", "L", "P", "1", "I;16"])
def test_bands_are_converted_as_the_whole_is(mode: str) -> None:
    """1.5 million pixels are two bands."""
    chance = np.random.default_rng(1)
    if mode == "I;16":
        image = Image.fromarray(chance.integers(0, 65536, (1000, 1500), dtype=np.uint16))
    else:
        image = Image.fromarray(chance.integers(0, 256, (1000, 1500, 4), dtype=np.uint8), "RGBA").convert(mode)
    data = encoded(image)
    with Image.open(io.BytesIO(data)) as stored:
        if mode == "I;16":
            whole = Image.fromarray((np.asarray(stored) >> 8).astype(np.uint8)).convert("RGB")
        elif mode in {"RGBA", "LA", "P"}:
            whole = Image.new("RGB", image.size, "white")
            rgba = stored.convert("RGBA")
            whole.paste(rgba, mask=rgba.getchannel("A"))
        else:
            whole = stored.convert("RGB")
    assert decoded(data).image.tobytes() == whole.tobytes()
    reduced = decoded(data, work_pixels=200_000).image
    assert reduced.tobytes() == whole.resize(reduced.size, Image.Resampling.BOX).tobytes()


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_rows_that_are_streamed_give_the_same_picture(format: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = picture(1200, 900).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    data = encoded(image, format, exif=exif)
    whole = decoded(data, work_pixels=200_000)
    monkeypatch.setattr("scopix_server.intake.decode_plan.MAX_BYTES", 0)
    monkeypatch.setattr("scopix_server.analysis.decode.check_header", lambda *_: None)
    streamed = decoded(data, work_pixels=200_000)
    assert (streamed.full_size, streamed.image.size) == (whole.full_size, whole.image.size)
    apart = np.abs(np.asarray(streamed.image).astype(int) - np.asarray(whole.image))
    assert apart.mean() < 1.5
    with pytest.raises(CorruptImage):
        decoded(data[: len(data) // 2], work_pixels=200_000)
