"""Pictures in formats beside the four of the web: right way up, right colours, their size as it is shown."""

import io
from datetime import UTC, datetime

import numpy as np
import pylibjxl
import pytest
from PIL import Image, ImageCms

from scopix_server.analysis.decode import Decoded, decode
from scopix_server.domain.errors import CorruptImage, TooManyPixels, UnsupportedFileType
from scopix_server.intake.decode_plan import read_header
from tests.support.formats import TYPES, dng, exif, psd, quarters, sample
from tests.support.images import encoded, picture

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def decoded(data: bytes, *, max_pixels: int = 10**7, work_pixels: int = 50_000_000) -> Decoded:
    return decode(io.BytesIO(data), max_pixels=max_pixels, work_pixels=work_pixels)


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """From the top left clockwise, a little inside."""
    right, bottom = image.width - 6, image.height - 6
    return [image.getpixel(place) for place in ((5, 5), (right, 5), (right, bottom), (5, bottom))]  # type: ignore[misc]


def assert_corners(image: Image.Image, *colours: tuple[int, ...]) -> None:
    assert np.abs(np.array(corners(image)) - np.array(colours)).max() <= 12, corners(image)


@pytest.mark.parametrize("format", TYPES)
def test_each_format_is_decoded(format: str) -> None:
    found = decoded(sample(format))
    assert found.full_size == found.image.size == (96, 64)
    assert_corners(found.image, RED, RED, BLUE, GREEN)


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "colours"),
    [(3, (BLUE, GREEN, RED, RED)), (6, (GREEN, RED, RED, BLUE)), (8, (RED, BLUE, GREEN, RED))],
)
def test_heif_files_are_turned_once_by_their_own_property(
    format: str, orientation: int, colours: tuple[tuple[int, ...], ...]
) -> None:
    """Their encoders write the turn into the file's own property, and leave EXIF's beside it."""
    data = sample(format, exif=exif(orientation).tobytes())
    found = decoded(data)
    assert_corners(found.image, *colours)
    assert found.full_size == found.image.size == read_header(TYPES[format], io.BytesIO(data)).turned_size
    assert found.taken == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.capture is not None
    assert found.capture.camera == "Camera 1"


@pytest.mark.parametrize("compression", ["raw", "lzma"])  # libvips leaves it as it lies, Pillow turns it
def test_a_tiff_is_turned_as_its_tag_says(compression: str) -> None:
    found = decoded(sample("TIFF", exif=exif(6), compression=compression))
    assert_corners(found.image, GREEN, RED, RED, BLUE)
    assert found.full_size == (64, 96)


def test_exif_does_not_turn_a_jpeg_xl() -> None:
    """Its codestream has a turn of its own, which comes first (ISO/IEC 18181-2)."""
    found = decoded(sample("JXL", exif=exif(6).tobytes().removeprefix(b"Exif\0\0")))
    assert_corners(found.image, RED, RED, BLUE, GREEN)
    assert found.taken is not None


def test_a_jpeg_that_was_packed_into_a_jpeg_xl_is_turned() -> None:
    data = pylibjxl.jpeg_to_jxl(encoded(quarters(), "JPEG", quality=95, exif=exif(6)))
    found = decoded(data)
    assert_corners(found.image, GREEN, RED, RED, BLUE)
    assert found.full_size == read_header("image/jxl", io.BytesIO(data)).turned_size == (64, 96)


def test_xmp_alone_turns_nothing() -> None:
    """As in browsers."""
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    packet += b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    packet += b"</rdf:RDF></x:xmpmeta>"
    found = decoded(encoded(quarters(), "JPEG", xmp=packet))
    assert_corners(found.image, RED, RED, BLUE, GREEN)


@pytest.mark.parametrize(
    ("orientation", "colours"),
    [(1, (RED, RED, BLUE, GREEN)), (3, (BLUE, GREEN, RED, RED)), (6, (GREEN, RED, RED, BLUE))],
)
def test_the_preview_of_a_raw_file_is_turned_as_the_camera_was(
    orientation: int, colours: tuple[tuple[int, ...], ...]
) -> None:
    found = decoded(dng(quarters(), orientation))
    assert_corners(found.image, *colours)
    assert found.full_size == found.image.size
    assert found.capture is not None
    assert found.capture.camera == "Maker Camera 1"


def test_a_raw_file_is_told_from_a_tiff() -> None:
    assert read_header("image/tiff", io.BytesIO(dng(quarters()))).raw
    assert not read_header("image/tiff", io.BytesIO(sample("TIFF"))).raw


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd"])
def test_compressions_of_tiff(compression: str) -> None:
    assert_corners(decoded(sample("TIFF", compression=compression)).image, RED, RED, BLUE, GREEN)


RAMP = np.linspace(0, 1, 64 * 48).reshape(48, 64)


@pytest.mark.parametrize(
    "pixels",
    [
        (RAMP * 65535).astype(np.uint16),
        (RAMP * 4095).astype(np.uint16),
        RAMP.astype(np.float32),
        (RAMP * 1e6 - 2e5).astype(np.int32),
    ],
    ids=["16 bits", "12 bits in 16", "floats", "32 bits"],
)
def test_greys_of_any_range_are_shown_from_black_to_white(pixels: np.ndarray) -> None:
    image = np.asarray(decoded(sample("TIFF", Image.fromarray(pixels))).image)[..., 0].astype(float)
    assert np.abs(image - 255 * RAMP).max() <= 2


def test_a_fax_page_of_one_bit() -> None:
    page = Image.new("1", (96, 64), 1)
    page.paste(0, (0, 0, 48, 64))
    image = decoded(sample("TIFF", page, compression="group4")).image
    assert corners(image)[:2] == [(0, 0, 0), (255, 255, 255)]


def test_cmyk_of_a_tiff_is_shown_as_print() -> None:
    image = decoded(sample("TIFF", Image.new("CMYK", (32, 32), (255, 0, 0, 0)))).image
    assert np.abs(np.array(image.getpixel((9, 9))) - (0, 158, 224)).max() < 40  # not the neon of a plain conversion


@pytest.mark.parametrize("format", ["HEIC", "AVIF", "TIFF", "JXL"])
def test_colour_profiles_are_followed(format: str) -> None:
    """A profile that turns the light of sRGB down: what it describes looks darker than the numbers."""
    plain = np.asarray(decoded(sample(format, Image.new("RGB", (32, 32), (200, 90, 60)))).image).mean()
    linear = linear_profile()
    options = {"icc_profile": linear}
    found = np.asarray(decoded(sample(format, Image.new("RGB", (32, 32), (200, 90, 60)), **options)).image).mean()
    assert found > plain + 30  # linear numbers stand for more light


def linear_profile() -> bytes:
    """sRGB's primaries with linear numbers: the curves of its profile, replaced by one of gamma 1."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, 132 + 12 * count, 12):
        if profile[at + 1 : at + 4] == b"TRC":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            assert profile[start : start + 4] == b"para"
            profile[start + 8 : start + 10] = b"\0\0"  # the first kind: a power alone
            profile[start + 12 : start + 16] = (1 << 16).to_bytes(4, "big")
    return bytes(profile)


def test_a_large_jpeg_2000_is_halved_while_it_is_decoded() -> None:
    data = sample("JPEG2000", picture(2048, 1024))
    found = decode(io.BytesIO(data), max_pixels=10**7, work_pixels=600_000)
    assert found.full_size == (2048, 1024)
    assert found.image.size == (1024, 512)


def test_pages_are_counted_without_their_smaller_copies() -> None:
    pages = [picture(64, 48, seed) for seed in range(3)]
    assert decoded(sample("TIFF", pages[0], save_all=True, append_images=pages[1:])).frames == 3


def test_an_animated_avif_tells_its_frames() -> None:
    data = sample("AVIF", save_all=True, append_images=[picture(96, 64)])
    assert decoded(data).frames == 2


@pytest.mark.parametrize("format", [format for format in TYPES if format != "DNG"])
def test_the_limit_on_pixels_comes_before_the_decoder(format: str) -> None:
    with pytest.raises(TooManyPixels):
        decoded(sample(format), max_pixels=96 * 64 - 1)


@pytest.mark.parametrize("format", TYPES)
def test_what_is_cut_or_spoilt_never_crashes(format: str) -> None:
    data = sample(format)
    spoilt = [data[:cut] for cut in (17, 40, len(data) // 3, len(data) * 2 // 3)]
    for at in (20, 61, 150, len(data) // 2):
        spoilt.append(data[:at] + bytes(one ^ 0x5A for one in data[at : at + 9]) + data[at + 9 :])
    for one in spoilt:
        try:
            decoded(one)
        except (CorruptImage, TooManyPixels, UnsupportedFileType):
            pass


def test_a_coding_that_nothing_here_knows_is_named() -> None:
    data = sample("HEIC").replace(b"hvc1", b"unci")
    with pytest.raises(UnsupportedFileType, match="coded as unci"):
        decoded(data)


def test_a_photoshop_file_of_a_later_version_or_more_bits() -> None:
    assert_corners(decoded(psd(quarters(), version=2)).image, RED, RED, BLUE, GREEN)
    assert_corners(decoded(psd(quarters(), bits=16)).image, RED, RED, BLUE, GREEN)
