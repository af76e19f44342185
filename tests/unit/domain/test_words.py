"""Text as words: the same for what is indexed and what is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.words import MAX_PHRASES, phrases_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café GRUNDRISS", ["cafe", "grundriss"]),
        ("Grundriß", ["grundriss"]),
        ("naïve Ångström İstanbul", ["naive", "angstrom", "istanbul"]),
        ("M8×40, 12.5 m²", ["m8", "40", "12", "5", "m2"]),
        ("東京タワー 2号", ["東", "京", "タ", "ワ", "ー", "2", "号"]),
        ("한국어", ["한", "국", "어"]),
        ("file_name-01.png", ["file", "name", "01", "png"]),
        ("— … !?", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(max_size=200))
def test_words_hold_letters_and_digits_only(text: str) -> None:
    for word in words_of(text):
        assert word
        assert all(c.isalnum() for c in word)


@given(st.text(max_size=200))
def test_words_are_stable(text: str) -> None:
    assert words_of(" ".join(words_of(text))) == words_of(text)


def test_phrases() -> None:
    assert phrases_of('"ground floor" kitchen 東京') == [["ground", "floor"], ["kitchen"], ["東", "京"]]
    assert phrases_of('" - " ...') == []
    assert len(phrases_of("word " * 500)) == MAX_PHRASES
