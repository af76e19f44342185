"""Lines that were misread, by what the recogniser makes of them."""

import pytest

from scopix_server.perception.unknown_script import in_unknown_script

# As they came out of the recogniser.
GREEK = [("ρσx στ εvó", 0.72), ("∆ωμáτlO aι OυŽva", 0.81), ("ΦAPMAKEIO", 1.0), ("EΛΛHNIKH ΔHMOKPATIA", 0.97)]
ARMENIAN = [
    ("tunhwng u utlj", 0.86),
    ("nnng Upnj 12", 0.85),
    ("Uqnmρ n4mđnmunmnl2n", 0.79),
    ("Clnwutun áwntl 4500", 0.77),
]
HEBREW = [("UCCOU NOILU", 0.88), ("ULL IUATU", 0.85), ("CU ULLlUU", 0.82), ("12 7370", 0.7)]
CYRILLIC = [("BXO EH", 0.73), ("Aneka", 0.8)]
LATIN = [
    ("Invoice no. 318", 0.99),
    ("Kırmızı 1şık", 0.84),
    ("VAT 20 %", 0.92),
    ("Cioned for holiday:", 0.89),
    ("H2O pump", 0.97),
]
UNITS = [("10 kΩ", 0.7), ("5 µm", 0.8), ("ΔT 4", 0.75), ("17.8 m²", 0.88), ("α = 30°", 0.8), ("Ø 40 mm", 0.91)]
CHINESE = [("安全出口 exit", 0.7), ("東京駅 abc", 0.75), ("温度计 μm", 0.8)]


@pytest.mark.parametrize("line", GREEK)
def test_greek_is_misread_whatever_the_confidence(line: tuple[str, float]) -> None:
    assert in_unknown_script([line], 0) == [True]


def test_a_page_of_another_script() -> None:
    assert in_unknown_script(ARMENIAN, 0) == [True] * 4
    # A number may be right, and is too short to tell.
    assert in_unknown_script(HEBREW, 0) == [True, True, True, False]


def test_lines_that_gave_nothing_speak_against_their_neighbours() -> None:
    assert in_unknown_script(CYRILLIC, 0) == [False, False]
    assert in_unknown_script(CYRILLIC, 6) == [True, True]
    assert in_unknown_script([*LATIN, *LATIN, LATIN[0], *CYRILLIC], 0) == [False] * 13


@pytest.mark.parametrize("lines", [LATIN, UNITS, CHINESE, []])
def test_text_that_is_known_stays(lines: list[tuple[str, float]]) -> None:
    assert in_unknown_script(lines, 0) == [False] * len(lines)


def test_a_few_words_of_greek_among_others_are_no_greek_line() -> None:
    assert in_unknown_script([("the word λόγος means reason or speech", 0.97)], 0) == [False]
