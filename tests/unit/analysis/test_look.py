"""Colours come out in sRGB, and what is transparent is laid on a ground that it stands out from."""

import io
import struct
import zlib

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageDraw

from scopix_server.analysis.decode import Decoded, decode
from scopix_server.analysis.variants import render
from tests.support.images import encoded, png_chunk

CLEAR = (0, 0, 0, 0)


def decoded(data: bytes, **limits: int) -> Decoded:
    return decode(io.BytesIO(data), **{"max_pixels": 10**8, "work_pixels": 10**8} | limits)


def profile(name: str) -> bytes:
    return bytes(pyvips.Operation.call("profile_load", name))


def swatches() -> Image.Image:
    chance = np.random.default_rng(1)
    small = Image.fromarray(chance.integers(30, 226, (6, 8, 3), dtype=np.uint8))
    return small.resize((160, 120), Image.Resampling.NEAREST)


def apart(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one).astype(int) - np.asarray(other)).mean())


def by_libvips(image: Image.Image, name: str) -> Image.Image:
    pixels = np.asarray(image)
    source = pyvips.Image.new_from_memory(pixels.tobytes(), image.width, image.height, pixels.shape[2], "uchar")
    source = source.copy(interpretation="cmyk" if pixels.shape[2] == 4 else "srgb")
    converted = source.icc_transform("srgb", input_profile=name, intent="relative")
    return Image.frombytes("RGB", image.size, converted.write_to_memory())


@pytest.mark.parametrize("format", ["PNG", "WEBP", "JPEG"])
def test_pixels_of_another_profile_become_srgb(format: str) -> None:
    image = swatches()
    options = {"lossless": True} if format == "WEBP" else {"quality": 100, "subsampling": 0} if format == "JPEG" else {}
    plain = decoded(encoded(image, format, **options)).image
    result = decoded(encoded(image, format, icc_profile=profile("p3"), **options)).image
    assert apart(plain, image) < 2
    assert apart(result, image) > 3
    assert apart(result, by_libvips(plain, "p3")) < 1


def test_pixels_that_are_reduced_become_srgb_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(swatches(), icc_profile=profile("p3"))
    whole = decoded(data).image
    assert apart(decoded(data, work_pixels=4_800).image.resize(whole.size, Image.Resampling.NEAREST), whole) < 3
    monkeypatch.setattr("scopix_server.intake.decode_plan.MAX_BYTES", 0)
    monkeypatch.setattr("scopix_server.analysis.decode.check_header", lambda *_: None)
    assert apart(decoded(data).image, whole) < 2


@pytest.mark.parametrize("with_profile", [True, False])
def test_ink_is_printed(with_profile: bool) -> None:
    """CMYK without a profile is taken for that of common offset print, and never shows the neon of a plain formula."""
    image = swatches().convert("CMYK")
    options = {"icc_profile": profile("cmyk")} if with_profile else {}
    data = encoded(image, "JPEG", quality=100, subsampling=0, **options)
    with Image.open(io.BytesIO(data)) as stored:
        stored.load()
        expected = by_libvips(stored, "cmyk")
    assert apart(decoded(data).image, expected) < 2


@pytest.mark.parametrize("broken", [b"\0" * 500, b"", "cmyk"])
def test_a_profile_that_does_not_fit_is_as_none(broken: bytes | str) -> None:
    data = encoded(swatches(), icc_profile=profile(broken) if isinstance(broken, str) else broken)
    assert decoded(data).image.tobytes() == swatches().tobytes()


def test_a_profile_of_srgb_changes_nothing() -> None:
    data = encoded(swatches(), icc_profile=profile("srgb"))
    assert decoded(data).image.tobytes() == swatches().tobytes()


def test_a_png_tells_its_gamma() -> None:
    image = Image.new("L", (4, 4), 64)
    data = encoded(image)

    def with_gamma(value: float) -> bytes:
        return data[:33] + png_chunk(b"gAMA", struct.pack(">I", round(value * 100_000))) + data[33:]

    assert decoded(with_gamma(0.45455)).image.getpixel((0, 0)) == (64, 64, 64)
    # Linear light: a quarter of it is 137 in sRGB.
    assert decoded(with_gamma(1.0)).image.getpixel((0, 0)) == (137, 137, 137)


def test_variants_are_srgb_and_carry_no_profile() -> None:
    result = decoded(encoded(swatches(), icc_profile=profile("p3")))
    for variant in render(result):
        with Image.open(io.BytesIO(variant.data)) as image:
            assert "icc_profile" not in image.info


def letters(colour: tuple[int, ...], mode: str = "RGBA", ground: tuple[int, ...] = CLEAR) -> Image.Image:
    image = Image.new("RGBA", (400, 120), ground)
    ImageDraw.Draw(image).text((20, 30), "Scopix 2026", fill=colour, font_size=60)
    return image.convert(mode)


@pytest.mark.parametrize(
    ("colour", "corner"),
    [((255, 255, 255), 48), ((230, 240, 230), 48), ((0, 0, 0), 255), ((200, 30, 30), 255), ((128, 128, 128), 255)],
)
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_the_ground_is_one_that_the_content_stands_out_from(colour: tuple[int, ...], corner: int, mode: str) -> None:
    result = decoded(encoded(letters(colour, mode)))
    assert result.image.getpixel((0, 0)) == (corner,) * 3
    assert result.is_transparent


def test_black_beside_white_lies_on_a_grey_between_them() -> None:
    image = Image.new("RGBA", (400, 120), CLEAR)
    ImageDraw.Draw(image).rectangle((20, 20, 180, 100), fill=(0, 0, 0, 255))
    ImageDraw.Draw(image).rectangle((220, 20, 380, 100), fill=(255, 255, 255, 255))
    assert decoded(encoded(image)).image.getpixel((0, 0)) == (128, 128, 128)


def test_smoothed_corners_are_no_ground() -> None:
    image = letters((0, 0, 0, 255), ground=(240, 240, 240, 255))
    image.putpixel((0, 0), CLEAR)
    assert not decoded(encoded(image)).is_transparent


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16", "P"])
def test_one_colour_can_stand_for_holes(mode: str) -> None:
    grey = np.full((40, 40), 200, np.uint16)
    grey[10:30, 10:30] = 20
    if mode == "I;16":
        image, key = Image.fromarray(grey * 257), 200 * 257
    else:
        image, key = Image.fromarray(grey.astype(np.uint8)).convert(mode), 200
    data = encoded(image, transparency=(key,) * 3 if mode == "RGB" else key)
    result = decoded(data)
    assert result.image.getpixel((0, 0)) == (255, 255, 255)
    assert result.image.getpixel((20, 20)) == (20, 20, 20)
    assert result.is_transparent


def test_one_colour_of_sixteen_bits_can_stand_for_holes() -> None:
    """Pillow keeps the upper bytes of the pixels, and all of the colour."""
    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    hole, red = struct.pack(">HHH", 0xC812, 0x6412, 0x3212), struct.pack(">HHH", 0xFF00, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"tRNS", hole)
    data += png_chunk(b"IDAT", zlib.compress(b"\0" + hole + red)) + png_chunk(b"IEND", b"")
    result = decoded(data)
    assert [result.image.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (255, 0, 0)]
