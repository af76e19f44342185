"""Reading text off a recogniser's probabilities."""

import numpy as np
import pytest

from scopix_server.perception.ctc import read_off
from scopix_server.perception.ocr import _covered, _tidied

SYMBOLS = ["blank", "a", "b", "1", " "]


def steps(*likeliest, **others):
    """One row a step with the named symbol at .9; `others`: step number -> probability of a space there."""
    rows = np.full((len(likeliest), len(SYMBOLS)), 0.001)
    for row, symbol in zip(rows, likeliest, strict=True):
        row[0 if symbol == "-" else SYMBOLS.index(symbol)] = 0.9
    for number, probability in others.items():
        rows[int(number[1:]), -1] = probability
    return rows


@pytest.mark.parametrize(
    ("symbols", "text"),
    [("-aa-b-", "ab"), ("a-a", "aa"), ("aaa", "a"), ("a b", "a b"), ("----", ""), ("a-  -b", "a b")],
)
def test_repeats_and_blanks_fall_away(symbols, text):
    assert read_off(steps(*symbols), SYMBOLS)[0] == text


def test_the_score_is_the_mean_over_the_symbols():
    rows = steps(*"a-b")
    rows[2, 2] = 0.5
    assert read_off(rows, SYMBOLS)[1] == pytest.approx(0.7)
    assert read_off(steps(*"--"), SYMBOLS) == ("", 0.0)


def strip(count, *gaps):
    """A strip of so many steps with ink everywhere but in these (first, last) columns."""
    ink = np.ones((3, 48, 8 * count))
    ink[:, 0, :] = -1.0
    ink[:, 1:, :] = 1.0
    for first, last in gaps:
        ink[:, 0, first:last] = 1.0
    return ink


def test_a_space_that_was_seen_but_not_taken_is_found_where_the_strip_has_a_gap():
    rows = steps(*"a-b-a", _1=0.3)
    assert read_off(rows, SYMBOLS, strip(5, (8, 17)))[0] == "a ba"
    assert read_off(rows, SYMBOLS, strip(5, (8, 10)))[0] == "aba"  # too narrow
    assert read_off(rows, SYMBOLS, strip(5))[0] == "aba"  # none
    assert read_off(rows, SYMBOLS)[0] == "aba"  # nobody to ask
    assert read_off(steps(*"a-b-a", _1=0.02), SYMBOLS, strip(5, (8, 17)))[0] == "aba"


def test_a_lost_space_is_as_wide_as_the_others_and_wider_than_the_gaps_between_letters():
    rows = steps(*"a- -b-a", _5=0.3)
    assert read_off(rows, SYMBOLS, strip(7, (8, 28), (40, 48)))[0] == "a ba"  # 8 columns, the other space has 20
    assert read_off(rows, SYMBOLS, strip(7, (8, 24), (38, 50)))[0] == "a b a"
    even = steps(*"a-b-a-b", _1=0.3)
    assert read_off(even, SYMBOLS, strip(7, (8, 16), (24, 32), (40, 48)))[0] == "abab"  # spaced out letters


def test_a_space_is_not_doubled():
    assert read_off(steps(*"a- -b", _1=0.3, _3=0.3), SYMBOLS, strip(5, (8, 30)))[0] == "a b"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (" 8.8 m^2 ", "8.8 m²"),
        ("12 km^2", "12 km²"),
        ("x^2 + y^2", "x^2 + y^2"),
        ("2022-05-0410:08", "2022-05-04 10:08"),
        ("04.05.202210:08", "04.05.2022 10:08"),
        ("10:08", "10:08"),
    ],
)
def test_units_and_times_are_tidied(read, text):
    assert _tidied(read) == text


def quad(left, top, right, bottom):
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def test_a_line_seen_again_is_told_from_a_new_one():
    known = [quad(0, 0, 100, 20), quad(300, 0, 340, 20)]
    assert _covered(quad(2, 2, 98, 18), known)
    assert _covered(quad(200, 0, 500, 20), known)  # around a known one
    assert not _covered(quad(0, 30, 100, 50), known)
    assert not _covered(quad(95, 0, 200, 20), known)
