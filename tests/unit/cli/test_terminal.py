"""Other people's text on our terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.cli.terminal import harmless, shorten


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text):
    left = harmless(text)
    assert all(character in "\n\u200c\u200d" or unicodedata.category(character)[0] != "C" for character in left)
    assert harmless(left) == left


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_readable_text_stays_as_it_is(text):
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\r\nb\rc\td", "a\nb\nc d"),
        ("\x1b[2Jx", "[2Jx"),
        ("\x9b31mx", "31mx"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        ("lone \udcff", "lone "),
    ],
)
def test_examples(text, left):
    assert harmless(text) == left


@given(st.text(), st.integers(1, 50))
def test_short_is_short(text, most):
    assert len(shorten(text, most)) <= max(most, 1)
