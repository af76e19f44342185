"""Text as words: the same for what is indexed and what is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.words import (
    MAX_PHRASES,
    can_be_mistyped,
    can_be_part,
    differs_by_one,
    kept_words,
    phrases_of,
    read_words,
    words_of,
)


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


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_has_the_words_that_any_other_has(text: str) -> None:
    # A letter beyond ASCII takes the text the long way.
    assert words_of(f"{text} é") == [*words_of(text), "e"]


def test_phrases() -> None:
    assert phrases_of('"ground floor" kitchen 東京') == [["ground", "floor"], ["kitchen"], ["東", "京"]]
    assert phrases_of('" - " ...') == []
    assert len(phrases_of("word " * 500)) == MAX_PHRASES


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Strom-\nrechnung", ["stromrechnung"]),
        ("Strom\u2010\r\n  rechnung", ["stromrechnung"]),
        ("Maler-\nMeister", []),  # a name is not divided there
        ("12-\n34", []),
        ("a - b\nc", []),
    ],
)
def test_words_that_a_lines_end_divides_are_there_in_halves_and_whole(text: str, whole: list[str]) -> None:
    assert read_words(text) == [*words_of(text), *whole]


def test_a_soft_hyphen_divides_nothing() -> None:
    assert words_of("Strom\u00adrechnung") == ["stromrechnung"]


def test_which_words_find_longer_and_similar_ones() -> None:
    assert [can_be_part(word) for word in ("cat", "cats", "e1", "e16", "猫")] == [False, True, False, True, False]
    assert [can_be_mistyped(word) for word in ("roof", "roofs", "re1600")] == [False, True, False]
    assert kept_words("the roof of 1600 猫 cats") == {"roof", "1600", "cats"}


@pytest.mark.parametrize("other", ["kitchn", "kitchens", "kitxhen", "ikitchen", "ktichen", "kitchne", "itchen"])
def test_one_slip(other: str) -> None:
    assert differs_by_one("kitchen", other)
    assert differs_by_one(other, "kitchen")


@pytest.mark.parametrize("other", ["kitchen", "kxtchxn", "kitcehne", "nehctik", "kit"])
def test_none_or_more_than_one_slip(other: str) -> None:
    assert not differs_by_one("kitchen", other)
