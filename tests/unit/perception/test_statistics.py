"""Pixel figures of images whose figures are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scopix_server.domain.photographic import looks_photographic
from scopix_server.perception import statistics
from scopix_server.perception.statistics import pixel_statistics

WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def plain(colour, width=200, height=100) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def test_the_documented_names_are_the_ones_given():
    names = set(pixel_statistics(plain(WHITE)))
    documented = {line.split("`")[1] for line in (statistics.__doc__ or "").splitlines() if line.startswith("| `")}
    assert names == documented


def test_a_white_sheet():
    figures = pixel_statistics(plain(WHITE))
    assert figures["aspect"] == 2
    assert figures["megapixels"] == pytest.approx(0.02)
    for name in (
        "white_share",
        "bright_share",
        "grey_share",
        "brightness",
        "equal_neighbour_share",
        "top_colour_share",
    ):
        assert figures[name] == 1
    for name in ("black_share", "saturation", "contrast", "edge_density", "line_share", "ink_share", "border_spread"):
        assert figures[name] == 0
    assert figures["colour_count"] == 1
    assert figures["border_white_share"] == 1


def test_halves_of_two_colours():
    figures = pixel_statistics(np.concatenate([plain(BLACK), plain(RED)], axis=0))
    assert figures["black_share"] == 0.5
    assert figures["saturation"] == 0.5
    assert figures["colour_count"] == 2
    assert figures["top_colour_share"] == 0.5
    assert figures["brightness"] == pytest.approx(0.299 / 2, abs=0.002)
    assert figures["edge_density"] == pytest.approx(1 / 199, abs=1e-4)


def test_equal_neighbours_are_counted_before_any_resize():
    stripes = plain(WHITE, 400, 100)
    stripes[:, ::2] = 0
    assert pixel_statistics(stripes)["equal_neighbour_share"] == 0
    assert pixel_statistics(np.kron(stripes, np.ones((1, 2, 1), np.uint8)))["equal_neighbour_share"] == pytest.approx(
        0.5, abs=0.01
    )


@pytest.mark.parametrize("degrees", [0, 0.6])
def test_ruled_paper_has_lines_and_speckled_paper_has_none(degrees):
    ruled = plain(WHITE, 800, 600)
    rows = np.round(np.arange(800) * np.tan(np.radians(degrees))).astype(int)
    for top in range(40, 560, 40):
        ruled[top + rows, np.arange(800)] = 0
        ruled[top + rows + 1, np.arange(800)] = 0
    speckled = plain(WHITE, 800, 600)
    speckled[20:580:12, 20:780:12] = 0
    assert pixel_statistics(ruled)["line_share"] > 0.8
    assert pixel_statistics(speckled)["line_share"] < 0.1
    assert 0 < pixel_statistics(speckled)["ink_share"] < 0.1


def test_a_frame_is_seen_at_the_border_only():
    framed = plain((120, 60, 60), 300, 300)
    framed[:8] = framed[-8:] = framed[:, :8] = framed[:, -8:] = 255
    figures = pixel_statistics(framed)
    assert figures["border_white_share"] == 1
    assert figures["border_spread"] == 0
    assert figures["white_share"] < 0.15


def test_a_large_image_is_sampled_and_gives_the_figures_of_the_whole():
    rng = np.random.default_rng(4)
    noise = rng.integers(0, 256, (3000, 4000, 1), np.uint8).repeat(3, axis=2)
    noise[:, :2000] = 255
    figures = pixel_statistics(noise)
    assert figures["white_share"] == pytest.approx(0.5 + 16 / 512, abs=0.01)
    assert figures["equal_neighbour_share"] == pytest.approx(0.5, abs=0.01)


def test_photographs_are_told_from_drawings_and_scans():
    rng = np.random.default_rng(4)
    texture = rng.integers(60, 200, (300, 400, 3), np.uint8)
    scan = np.clip(rng.normal(235, 6, (300, 400, 1)), 0, 255).astype(np.uint8).repeat(3, axis=2)
    assert looks_photographic(pixel_statistics(texture))
    assert not looks_photographic(pixel_statistics(plain((40, 90, 160))))
    assert not looks_photographic(pixel_statistics(scan))


images = arrays.arrays(np.uint8, st.tuples(st.integers(1, 50), st.integers(1, 50), st.just(3)))
UNBOUNDED = {"aspect", "megapixels", "colour_count"}


@settings(max_examples=60, deadline=None)
@given(images)
def test_any_image_gives_figures_in_their_ranges(image):
    figures = pixel_statistics(image)
    assert figures == pixel_statistics(image)
    assert all(0 <= value <= 1 for name, value in figures.items() if name not in UNBOUNDED)
    assert figures["contrast"] <= 0.5
    assert 1 <= figures["colour_count"] <= 65_536


@pytest.mark.parametrize("size", [(1, 300_000), (300_000, 1), (2, 150_000)])
def test_endless_strips_do_no_harm(size):
    figures = pixel_statistics(np.zeros((*size, 3), np.uint8))
    assert figures["black_share"] == 1


def test_a_strongly_compressed_photograph_is_told_by_its_lack_of_flat_areas() -> None:
    smooth = {"equal_neighbour_share": 0.72, "colour_count": 5000.0, "grey_share": 0.1, "bright_share": 0.1}
    assert looks_photographic({**smooth, "top_colour_share": 0.05})
    assert not looks_photographic({**smooth, "top_colour_share": 0.4})
    assert not looks_photographic({**smooth, "top_colour_share": 0.05, "colour_count": 900.0})
    assert not looks_photographic({**smooth, "top_colour_share": 0.05, "bright_share": 0.9})
