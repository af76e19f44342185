"""Named colours of drawn images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scopix_server.perception.colours import COLOUR_NAMES, dominant_colours


def plain(code: str, width: int = 60, height: int = 40) -> np.ndarray:
    return np.full((height, width, 3), [int(code[at : at + 2], 16) for at in (0, 2, 4)], np.uint8)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("000000", "black"),
        ("404040", "dark grey"),
        ("808080", "grey"),
        ("c0c0c0", "light grey"),
        ("ffffff", "white"),
        ("d81b1b", "red"),
        ("8b0000", "dark red"),
        ("ff7f11", "orange"),
        ("ffdd00", "yellow"),
        ("1f8b3a", "green"),
        ("123d1b", "dark green"),
        ("d4e8c4", "light green"),
        ("1565d8", "blue"),
        ("0b1e5b", "dark blue"),
        ("8fc9f2", "light blue"),
        ("7a1fa2", "purple"),
        ("ff8fb8", "pink"),
        ("7b4a22", "brown"),
        ("f0e2c8", "beige"),
        ("008080", "teal"),
        ("808000", "olive"),
    ],
)
def test_a_plain_image_has_the_name_people_use(code, name):
    (colour,) = dominant_colours(plain(code))
    assert (colour.name, colour.share, colour.hex) == (name, 1.0, f"#{code}")


def test_there_are_about_two_dozen_names():
    assert 22 <= len(set(COLOUR_NAMES)) == len(COLOUR_NAMES) <= 28


def test_shares_are_areas():
    image = np.concatenate([plain("ffffff", 600, 400), plain("d81b1b", 300, 400), plain("1565d8", 100, 400)], axis=1)
    colours = dominant_colours(image)
    assert [colour.name for colour in colours] == ["white", "red", "blue"]
    assert [colour.share for colour in colours] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_a_speck_is_no_dominant_colour():
    image = plain("ffffff", 200, 200)
    image[:10, :10] = (216, 27, 27)
    assert [colour.name for colour in dominant_colours(image)] == ["white"]


pixels = arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)))


@settings(max_examples=60, deadline=None)
@given(pixels)
def test_any_image_gives_named_shares_that_sum_to_one_at_most(image):
    colours = dominant_colours(image)
    assert sum(colour.share for colour in colours) <= 1 + 1e-9
    assert len(colours) <= 6
    assert all(colour.name in COLOUR_NAMES and len(colour.hex) == 7 for colour in colours)
    assert colours == dominant_colours(image.copy())
    assert [colour.share for colour in colours] == sorted((colour.share for colour in colours), reverse=True)
