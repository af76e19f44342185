"""Pages of a scanned TIFF: which directories are pages, and each page as it is meant to be seen."""

import io
import struct
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from scopix.types.sniff import sniff
from scopix.types.vocabulary import MediaType
from scopix_server.analysis.scan_pages import open_scan
from scopix_server.documents.opening import document_opener
from scopix_server.documents.scan import Scan
from scopix_server.domain.description import Box, TextRegion
from scopix_server.domain.document import DocumentPage, TextSource
from scopix_server.domain.errors import DescribeError
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.headers.tiff import directories, read_tiff
from scopix_server.intake.inspect import ImageInspector
from tests.support.formats import Sheet, dng, quarters, tiff_of
from tests.support.images import encoded

LIMITS = PixelLimits(50_000_000, 50_000_000)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def page(width: int = 850, height: int = 1100, mode: str = "1") -> Image.Image:
    """White with a black circle of 400 in its middle."""
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 2 - 200, height // 2 - 200, width // 2 + 200, height // 2 + 200), fill=0)
    return image.convert(mode)


def media_type(data: bytes, tmp_path: Path) -> MediaType:
    """What a file is taken as, once it is there."""
    path = tmp_path / "in.tif"
    path.write_bytes(data)
    found = sniff(data, "scan.tif")
    assert found is not None
    inspector = ImageInspector(found, LIMITS)
    inspector.feed(data)
    header = inspector.finish(nullcontext(path), "scan.tif")
    assert (header is None) == (inspector.file_type.media_type is MediaType.DOCUMENT)
    return inspector.file_type.media_type


def pictures(data: bytes, tmp_path: Path) -> list[np.ndarray]:
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with open_scan(path, LIMITS) as pages:
        return [pages.pixels(number) for number in range(1, pages.count + 1)]


def read(data: bytes, tmp_path: Path, *, limits: PixelLimits = LIMITS, max_pages: int = 100) -> list[DocumentPage]:
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with document_opener(max_pages, partial(open_scan, limits=limits))(path, "tif") as document:
        reader = lambda pixels: (TextRegion(f"line {pixels.shape[1]}", Box(0.1, 0.1, 0.5, 0.02), 0.9),)  # noqa: E731
        return [document.page(number, reader) for number in range(1, document.facts.to_read + 1)]


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Of the upper left, upper right, lower right and lower left, of colours that are full or none."""
    return [tuple(int(v > 128) * 255 for v in pixels[y, x]) for y, x in ((9, 9), (9, -9), (-9, -9), (-9, 9))]


def test_a_fax_of_several_pages_has_square_dots(tmp_path: Path) -> None:
    fax = [Sheet(page(1728, 1078), (204, 98), "group4") for _ in range(3)]
    data = tiff_of(*fax)
    assert media_type(data, tmp_path) is MediaType.DOCUMENT
    first, *others = pictures(data, tmp_path)
    assert len(others) == 2
    assert first.shape == (2244, 1728, 3)
    dark = np.argwhere(first[..., 0] < 128)
    # 400 dots across of 1/204 inch, 400 rows of 1/98 inch.
    height, width = dark.max(axis=0) - dark.min(axis=0)
    assert width == pytest.approx(400, abs=4)
    assert height == pytest.approx(400 * 204 / 98, abs=8)
    told = read(data, tmp_path)[2]
    assert (told.width, told.height) == (pytest.approx(1728 / 204 * 72, abs=0.1), pytest.approx(792, abs=0.1))
    assert (told.number, told.source, told.text) == (3, TextSource.OCR, "line 1728")


def test_each_page_is_turned_by_its_own_tag(tmp_path: Path) -> None:
    picture = quarters(900, 600)
    data = tiff_of(*(Sheet(picture, tags={274: turn}) for turn in (1, 6, 3, 8)))
    shown = pictures(data, tmp_path)
    assert [one.shape[:2] for one in shown] == [(600, 900), (900, 600), (600, 900), (900, 600)]
    assert [corners(one) for one in shown] == [
        [RED, RED, BLUE, GREEN],
        [GREEN, RED, RED, BLUE],
        [BLUE, GREEN, RED, RED],
        [RED, BLUE, GREEN, RED],
    ]


def test_densities_are_those_of_the_page_as_it_is_stored(tmp_path: Path) -> None:
    data = tiff_of(*(Sheet(quarters(800, 400), (200, 100), tags={274: turn}) for turn in (1, 6)))
    assert [one.shape[:2] for one in pictures(data, tmp_path)] == [(800, 800), (800, 800)]
    assert [(one.width, one.height) for one in read(data, tmp_path)] == [(288, 288), (288, 288)]


def test_smaller_copies_are_no_pages(tmp_path: Path) -> None:
    thumbnail = Sheet(page(85, 110, "L"), tags={254: 1})
    unmarked = Sheet(page(85, 110, "L"))
    sheet = Sheet(page(), (300, 300), "group4", tags={254: 2})
    one = tiff_of(sheet, thumbnail, unmarked)
    assert media_type(one, tmp_path) is MediaType.IMAGE
    assert read_tiff(io.BytesIO(one)).frames == 1
    two = tiff_of(sheet, thumbnail, sheet, thumbnail, unmarked)
    assert media_type(two, tmp_path) is MediaType.DOCUMENT
    assert len(pictures(two, tmp_path)) == 2


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"])
def test_compressions_and_colours_may_change_from_page_to_page(compression: str, tmp_path: Path) -> None:
    mode = "1" if compression.startswith("group") else "RGB"
    pages = pictures(tiff_of(Sheet(page(mode=mode), compression=compression), Sheet(page(mode="L"))), tmp_path)
    for pixels in pages:
        assert pixels.shape == (1100, 850, 3)
        assert (pixels[550, 425].max(), pixels[9, 9].min()) == (pytest.approx(0, abs=8), pytest.approx(255, abs=8))


def big_endian(*shades: int) -> bytes:
    """Grey pages of 60 x 40, not compressed, in the byte order of which no library here writes more than one page."""
    data, link = bytearray(b"MM\x00*" + bytes(4)), 4
    for shade in shades:
        at = len(data)
        data += bytes([shade]) * (60 * 40)
        data[link : link + 4] = struct.pack(">I", len(data))
        short = {256: 60, 257: 40, 258: 8, 259: 1, 262: 1, 277: 1, 278: 40}
        entries = [(tag, struct.pack(">HHIHH", tag, 3, 1, value, 0)) for tag, value in short.items()]
        entries += [(tag, struct.pack(">HHII", tag, 4, 1, value)) for tag, value in ((273, at), (279, 60 * 40))]
        data += struct.pack(">H", len(entries)) + b"".join(entry for _, entry in sorted(entries))
        link = len(data)
        data += bytes(4)
    return bytes(data)


def test_every_byte_order_and_bigtiff(tmp_path: Path) -> None:
    shades = (10, 100, 200)
    sheets = [Image.new("L", (60, 40), shade) for shade in shades]
    large = encoded(sheets[0], "TIFF", big_tiff=True, save_all=True, append_images=sheets[1:])
    assert large.startswith(b"II+")
    for data in (large, big_endian(*shades), tiff_of(*map(Sheet, sheets))):
        assert [int(pixels.mean()) for pixels in pictures(data, tmp_path)] == list(shades)


def test_one_page_stays_an_image_and_so_do_measurements_and_raw_files(tmp_path: Path) -> None:
    assert media_type(encoded(page(), "TIFF"), tmp_path) is MediaType.IMAGE
    assert media_type(dng(quarters()), tmp_path) is MediaType.IMAGE
    deep = Sheet(Image.fromarray(np.full((600, 600), 40_000, np.uint16)))
    stack = tiff_of(deep, deep)
    assert media_type(stack, tmp_path) is MediaType.IMAGE
    assert read_tiff(io.BytesIO(stack)).frames == 2


def test_dense_pages_are_reduced_as_they_are_decoded(tmp_path: Path) -> None:
    (pixels, _) = pictures(tiff_of(*[Sheet(page(2550, 3300), (300, 300), "group4")] * 2), tmp_path)
    assert pixels.shape == (2244, pytest.approx(1734, abs=1), 3)


def test_densities_that_cannot_be_are_passed_over(tmp_path: Path) -> None:
    odd = [Sheet(page(), dpi) for dpi in ((1, 1), (300, 10), None)]
    assert [one.shape[:2] for one in pictures(tiff_of(*odd), tmp_path)] == [(1100, 850)] * 3


def test_a_damaged_page_costs_itself_only(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    noise = [Image.fromarray(chance.integers(0, 255, (600, 600), np.uint8)) for _ in range(3)]
    data = bytearray(tiff_of(*(Sheet(one, compression="tiff_adobe_deflate") for one in noise)))
    middle = len(data) // 2
    data[middle - 2000 : middle + 2000] = bytes(4000)
    first, second, third = read(bytes(data), tmp_path)
    assert (first.error, third.error) == (None, None)
    assert (first.text, third.text) == ("line 600", "line 600")
    assert second.error == "The page is damaged and could not be decoded."
    assert second.text == ""


def test_a_file_that_ends_among_its_pages_tells_so(tmp_path: Path) -> None:
    sheet = Sheet(page(), (300, 300), "group4")
    path = tmp_path / "a.tif"
    whole = tiff_of(sheet, sheet, sheet)
    path.write_bytes(whole)
    with path.open("rb") as file:
        ends = [one.at for one in directories(file)]
    path.write_bytes(whole[: ends[2]])
    with open_scan(path, LIMITS) as pages:
        notes = Scan(pages, 100).facts.notes
        assert pages.count == 2
    assert notes == ("The file is damaged: there were further pages, which cannot be found in it.",)


def test_bounds_on_pages_and_pixels(tmp_path: Path) -> None:
    data = tiff_of(Sheet(page()), Sheet(page(2000, 2000)), Sheet(page()))
    small = PixelLimits(1_000_000, 1_000_000)
    first, second = read(data, tmp_path, limits=small, max_pages=2)
    assert first.text
    assert second.error is not None
    assert "at most 1 million" in second.error
    path = tmp_path / "a.tif"
    with open_scan(path, small) as pages:
        assert Scan(pages, 2).facts.notes == ("The document has 3 pages, of which the first 2 were read.",)


def test_a_file_without_pages_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\x00\x08\x00\x00\x00" + bytes(100))
    with pytest.raises(DescribeError), open_scan(path, LIMITS):
        pass
