"""Tiles of pictures of every turn and kind, put together again, are the picture."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scopix_server.analysis import tiles
from scopix_server.analysis.decode import decode
from scopix_server.analysis.tiles import SIDE, make_tiles
from scopix_server.domain.errors import CorruptImage
from scopix_server.domain.tiles import ENTRY_BYTES, HEADER_BYTES, TileGrid, entry_at, unpack_entry
from scopix_server.intake.decode_plan import PixelLimits

LIMITS = PixelLimits(200_000_000, 50_000_000)


def picture(width: int, height: int) -> Image.Image:
    """Colours that tell each place from each other, smooth enough for JPEG."""
    across, down = np.linspace(0, 255, width), np.linspace(0, 255, height)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = across, down[:, None]
    pixels[..., 2] = np.hypot(across, down[:, None]) / 2
    return Image.fromarray(pixels)


def level_of(packed: bytes, grid: TileGrid, level: int) -> npt.NDArray[np.uint8]:
    """A level put together from its tiles."""
    width, height = grid.size(level)
    whole = Image.new("RGB", (width, height))
    columns, rows = grid.shape(level)
    for row in range(rows):
        for column in range(columns):
            number = grid.number(level, column, row)
            assert number is not None
            at = entry_at(number)
            offset, length = unpack_entry(packed[at : at + ENTRY_BYTES])
            tile = Image.open(io.BytesIO(packed[offset : offset + length]))
            assert tile.size == (min(grid.side, width - column * SIDE), min(grid.side, height - row * SIDE))
            whole.paste(tile, (column * SIDE, row * SIDE))
    return np.asarray(whole).astype(int)


def save(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(1300, 700), (512, 1025)])
def test_tiles_are_the_picture_as_it_is_shown(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path, "p.jpg", picture(*size), quality=95, subsampling=0, exif=exif)
    grid = make_tiles(path, tmp_path / "out", LIMITS)
    assert grid is not None
    packed = (tmp_path / "out").read_bytes()
    assert TileGrid.unpack(packed[:HEADER_BYTES]) == grid
    shown = decode(path, max_pixels=10**9, work_pixels=10**9).image
    assert grid.size(grid.top) == shown.size
    for level in range(grid.top, -1, -1):
        difference = level_of(packed, grid, level) - np.asarray(shown).astype(int)
        # Of a picture of a few pixels JPEG keeps too little to compare; where these stand is told by the larger ones.
        assert min(shown.size) < 16 or np.abs(difference).mean() < 4, level
        shown = shown.reduce(2)


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("p.png", "RGB", {}),
        ("p.png", "RGBA", {}),
        ("p.png", "L", {}),
        ("p.gif", "L", {}),
        ("p.tif", "CMYK", {}),
        ("p.tif", "1", {"compression": "group4"}),
        ("p.webp", "RGB", {}),
        ("p.jpg", "CMYK", {}),
        ("p.jpg", "RGB", {"progressive": True}),
        ("p.bmp", "RGB", {}),
        ("p.avif", "RGB", {}),
        ("p.jp2", "RGB", {}),
    ],
)
def test_tiles_of_all_kinds_look_like_the_decoded_picture(
    tmp_path: Path, name: str, mode: str, options: dict[str, object]
) -> None:
    path = save(tmp_path, name, picture(900, 600).convert(mode), **options)
    grid = make_tiles(path, tmp_path / "out", LIMITS)
    assert grid is not None
    shown = np.asarray(decode(path, max_pixels=10**9, work_pixels=10**9).image).astype(int)
    assert np.abs(level_of((tmp_path / "out").read_bytes(), grid, grid.top) - shown).mean() < 6


def test_a_picture_that_takes_too_much_memory_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scopix_server.intake.decode_plan.MAX_BYTES", 100_000)
    path = save(tmp_path, "p.png", picture(900, 600))
    assert make_tiles(path, tmp_path / "out", LIMITS) is None
    assert not (tmp_path / "out").exists()


def test_damage_is_told(tmp_path: Path) -> None:
    path = save(tmp_path, "p.png", picture(900, 600))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(CorruptImage):
        make_tiles(path, tmp_path / "out", LIMITS)


def test_every_tile_has_a_number_of_its_own() -> None:
    grid = TileGrid(1500, 700, tiles.SIDE)
    numbers = [
        grid.number(level, column, row)
        for level in range(grid.top + 1)
        for row in range(grid.shape(level)[1])
        for column in range(grid.shape(level)[0])
    ]
    assert numbers == list(range(grid.count))
    assert grid.size(0) == (1, 1)
    assert grid.number(grid.top, 3, 0) is None
    assert grid.number(grid.top + 1, 0, 0) is None
    assert grid.number(-1, 0, 0) is None
