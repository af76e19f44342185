"""What is read in bands is the picture's text: each line once, none lost at a border, each in its place."""

import random
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scopix_server.analysis import sheet_text
from scopix_server.analysis.sheet_text import join_lines, read_bands
from scopix_server.domain.analysis import SheetLine
from scopix_server.domain.description import Box, TextRegion
from scopix_server.intake.decode_plan import PixelLimits

LIMITS = PixelLimits(2_000_000_000, 1_000_000)
WIDTH, HEIGHT = 900, 3000


def bars(heights: Callable[[random.Random], int]) -> tuple[Image.Image, dict[str, tuple[int, int, int, int]]]:
    """Bars that stand for lines, each of a colour of its own, whose hex digits are what a reader "reads"."""
    chance, pixels = random.Random(7), np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    expected, top, number = {}, 3, 0
    while (bottom := top + heights(chance)) < HEIGHT:
        left = chance.randrange(5, 300)
        right = left + chance.randrange(100, 500)
        number += 1
        colour = (number, 40, 40)
        pixels[top:bottom, left:right] = colour
        expected[f"{number:02x}"] = (left, top, right, bottom)
        top = bottom + chance.randrange(8, 40)
    return Image.fromarray(pixels), expected


def read(pixels: npt.NDArray[np.uint8]) -> tuple[TextRegion, ...]:
    """Reads bars: all that there is of each on these pixels."""
    height, width = pixels.shape[:2]
    found = []
    _, _, stats, _ = cv2.connectedComponentsWithStats((pixels[..., 1] < 200).astype(np.uint8))
    for left, top, across, down, _area in stats[1:]:
        code = int(pixels[top + down // 2, left + across // 2, 0])
        box = Box(left / width, top / height, across / width, down / height)
        corners = ((box.x, box.y), (box.x + box.width, box.y), (box.x + box.width, box.y + box.height))
        found.append(TextRegion(f"{code:02x}", box, 0.9, (*corners, (box.x, box.y + box.height))))
    return tuple(found)


def all_lines(path: Path) -> tuple[list[SheetLine], int]:
    lines: list[SheetLine] = []
    following: int | None = 0
    portions = 0
    while following is not None:
        portion = read_bands(path, following, LIMITS, read)
        lines += portion.lines
        following, portions = portion.following, portions + 1
    return lines, portions


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
@pytest.mark.parametrize("seconds", [20.0, -1.0], ids=["at once", "a band at a time"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_each_line_is_read_once_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orientation: int, seconds: float, suffix: str
) -> None:
    monkeypatch.setattr(sheet_text, "_PORTION_SECONDS", seconds)
    monkeypatch.setattr(sheet_text, "_MAX_ROWS", 768)
    image, expected = bars(lambda chance: chance.randrange(8, 120))
    stored = {1: None, 2: 0, 3: 3, 4: 1}[orientation]  # Pillow's numbers of the turns, each of which undoes itself
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"sheet.{suffix}"
    (image if stored is None else image.transpose(Image.Transpose(stored))).save(path, exif=exif)
    lines, portions = all_lines(path)
    assert portions == (1 if seconds > 0 else 6)
    assert any(line.is_cut for line in lines)  # or the borders would be tried by nothing
    found = join_lines(lines, (), HEIGHT)
    assert len(found) == len(expected)
    for region in found:
        left, top, right, bottom = expected[region.text]
        box = region.box
        place = (box.x * WIDTH, box.y * HEIGHT, (box.x + box.width) * WIDTH, (box.y + box.height) * HEIGHT)
        assert place == pytest.approx((left, top, right, bottom), abs=0.01)
        assert region.quad[0] == pytest.approx((box.x, box.y))


def test_high_lines_are_those_of_the_reduced_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_text, "_MAX_ROWS", 768)
    image, expected = bars(lambda _: 400)
    path = tmp_path / "sheet.png"
    image.save(path)
    seen = read(np.asarray(image))
    lines, _ = all_lines(path)
    found = join_lines(lines, seen, HEIGHT)
    assert sorted(region.text for region in found) == sorted(expected)


def test_what_lies_on_its_side_or_is_empty_is_not_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, image, options in (
        ("side.png", bars(lambda _: 30)[0], {"exif": exif}),
        ("empty.png", Image.new("RGB", (WIDTH, HEIGHT), "white"), {}),
    ):
        image.save(tmp_path / name, **options)
        assert read_bands(tmp_path / name, 0, LIMITS, read) == sheet_text.ReadLines((), None)


def test_wide_gaps_part_what_is_read(tmp_path: Path) -> None:
    pixels = np.full((800, 2000, 3), 255, np.uint8)
    pixels[100:140, 100:300], pixels[100:140, 1500:1700] = (1, 40, 40), (2, 40, 40)
    Image.fromarray(pixels).save(tmp_path / "gap.png")
    widths = []

    def noting(part: npt.NDArray[np.uint8]) -> tuple[TextRegion, ...]:
        widths.append(part.shape[1])
        return read(part)

    lines = read_bands(tmp_path / "gap.png", 0, LIMITS, noting).lines
    assert max(widths) < 300 and len(widths) == 2
    assert [(line.region.text, round(line.region.box.x * 2000)) for line in lines] == [("01", 100), ("02", 1500)]
