"""The one gate, and what comes out of it."""

import io
import random
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from scopix_server.domain.errors import CorruptImage, TooManyPixels
from scopix_server.pipeline.decode import Decoded, decode
from scopix_server.pipeline.variants import SIZES, render
from tests.support.images import encoded, noise, picture, png_bomb

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def decoded(data: bytes, *, max_pixels: int = 10**8, work_pixels: int = 10**8) -> Decoded:
    return decode(io.BytesIO(data), max_pixels=max_pixels, work_pixels=work_pixels)


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
    with pytest.raises(CorruptImage):
        decoded(bytes(data))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_cut_file_never_crashes(format: str) -> None:
    data = encoded(noise(200, 150), format)
    for cut in range(1, len(data), 1024):
        with pytest.raises(CorruptImage):
            decoded(data[:cut])


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


def test_renditions_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    data = encoded(picture(2000, 1000), "JPEG", exif=exif)
    assert b"secret" in data
    assert all(b"secret" not in variant.data for variant in render(decoded(data)))
