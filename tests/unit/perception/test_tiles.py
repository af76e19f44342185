"""Tiles cover every pixel, and each line is found once whatever tiles saw it."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.perception.tiles import Tile, cut_strip, join_tiles, plan_tiles

side = st.integers(1, 60_000)


@given(side, side)
def test_tiles_cover_the_image_overlap_and_stay_small(width, height):
    tiles = plan_tiles(width, height, 1280)
    assert min(t.left for t in tiles) == 0
    assert min(t.top for t in tiles) == 0
    assert max(t.right for t in tiles) == width
    assert max(t.bottom for t in tiles) == height
    for tile in tiles:
        assert tile.left < tile.right
        assert tile.top < tile.bottom
        assert max(tile.right - tile.left, tile.bottom - tile.top) * tile.scale <= 1280.5
    for spans in ({(t.left, t.right) for t in tiles}, {(t.top, t.bottom) for t in tiles}):
        ordered = sorted(spans)
        for (_, end), (start, _) in pairwise(ordered):
            assert end - start >= 95


@pytest.mark.parametrize(("width", "height", "count"), [(1280, 800, 1), (1240, 1754, 1), (4000, 3000, 1)])
def test_ordinary_images_are_one_tile(width, height, count):
    assert len(plan_tiles(width, height, 1280)) == count


def test_a_long_page_keeps_its_own_resolution():
    tiles = plan_tiles(1080, 6000, 1280)
    assert len(tiles) == 5
    assert {tile.scale for tile in tiles} == {1.0}


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def seen_by(tiles: list[Tile], lines: list[np.ndarray]) -> list[tuple[Tile, list[np.ndarray]]]:
    """What a perfect detector sees on each tile: every line, cut at the tile's border."""
    found = []
    for tile in tiles:
        quads = []
        for line in lines:
            (left, top), (right, bottom) = line.min(axis=0), line.max(axis=0)
            left, right = max(left, tile.left), min(right, tile.right - 1)
            top, bottom = max(top, tile.top), min(bottom, tile.bottom - 1)
            if right - left > 4 and bottom - top > 4:
                quads.append(box(left, top, right, bottom))
        found.append((tile, quads))
    return found


@given(
    st.sampled_from([(1080, 6000), (6000, 1080), (9000, 7000), (5000, 4600)]),
    st.lists(st.tuples(st.floats(0, 0.9), st.floats(0.02, 1.0)), min_size=1, max_size=25),
)
def test_no_line_is_lost_and_none_doubled(size, lines):
    width, height = size
    pitch = height / 26
    expected = []
    for number, (start, length) in enumerate(lines):
        top, left = 10 + number * pitch, round(start * width)
        expected.append(box(left, top, min(width - 1, left + round(length * width)), top + 24))
    expected = [line for line in expected if line[1, 0] - line[0, 0] > 30]
    joined = join_tiles(seen_by(plan_tiles(width, height, 1280), expected), width, height)
    key = lambda quad: (quad[:, 1].min(), quad[:, 0].min())  # noqa: E731
    assert len(joined) == len(expected)
    for quad, line in zip(sorted(joined, key=key), sorted(expected, key=key), strict=True):
        assert np.allclose(quad, line, atol=8)


def test_a_joined_line_keeps_the_direction_of_its_parts():
    tiles = plan_tiles(6000, 700, 1280)
    upside_down = np.roll(box(100, 50, 5900, 80), 2, axis=0)
    parts = [(tile, [np.roll(quad, 2, axis=0) for quad in quads]) for tile, quads in seen_by(tiles, [upside_down])]
    (joined,) = join_tiles(parts, 6000, 700)
    assert np.allclose(joined, upside_down, atol=2)


@given(st.integers(1, 40), st.integers(1, 4000), st.integers(0, 255))
def test_a_strip_is_cut_into_short_pieces_that_make_it_up(height, width, grey):
    strip = np.full((height, width, 3), grey, np.uint8)
    pieces = cut_strip(strip, 20)
    assert np.array_equal(np.concatenate([piece for piece, _ in pieces], axis=1), strip)
    assert all(piece.shape[1] <= 27 * height for piece, _ in pieces)


def test_a_strip_is_cut_between_words():
    strip = np.full((20, 1000, 3), 255, np.uint8)
    strip[4:16, ::3] = 0
    strip[:, 480:492] = 255
    (first, _), (second, spaced) = cut_strip(strip, 30)
    assert spaced
    assert abs(first.shape[1] - 486) <= 3
    assert first.shape[1] + second.shape[1] == 1000


def test_neighbouring_lines_on_a_skewed_page_stay_apart():
    width, height = 5000, 6800
    slope = math.tan(math.radians(3))
    lines = [[(200 + t * 4500, 300 + 184 * n + t * 4500 * slope) for t in (0, 1)] for n in range(30)]
    found = []
    for tile in plan_tiles(width, height, 1280):
        quads = []
        for (x0, y0), (x1, _) in lines:
            left, right = max(x0, tile.left), min(x1, tile.right - 1)
            at = lambda x, y0=y0, x0=x0: y0 + (x - x0) * slope  # noqa: E731
            low, high = min(at(left), at(right)), max(at(left), at(right)) + 70
            if low >= tile.top and high <= tile.bottom - 1:
                corners = [(left, at(left)), (right, at(right)), (right, at(right) + 70), (left, at(left) + 70)]
                quads.append(np.array(corners, np.float32))
        found.append((tile, quads))
    joined = join_tiles(found, width, height)
    assert len(joined) == len(lines)
    assert all(quad[:, 0].max() - quad[:, 0].min() > 4450 for quad in joined)


def test_lines_at_a_border_stay_two():
    """Of the lower line the upper tile's overlap holds a sliver, which the upper line's padded box covers."""
    upper, lower = Tile(0, 0, 1000, 520, 1.0), Tile(0, 440, 1000, 1000, 1.0)
    above, beneath = ([(100, top), (700, top), (700, top + 33), (100, top + 33)] for top in (485, 515))
    found = [(upper, [np.array(above, np.float32)]), (lower, [np.array(beneath, np.float32)])]
    assert len(join_tiles(found, 1000, 1000)) == 2
