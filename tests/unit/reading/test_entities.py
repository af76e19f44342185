"""Dates, scales, areas, money and addresses in text; and that long hostile text is matched in linear time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.numbers import parse_number
from scopix_server.reading.entities import AREA, MONEY, SCALE, dates_in, find_entities, full_area


@pytest.mark.parametrize(
    ("text", "sort", "found"),
    [
        ("issued 2024-05-17 in Bonn", "date", "2024-05-17"),
        ("am 3. Juni 2026", "date", "3. Juni 2026"),
        ("14/03/2023", "date", "14/03/2023"),
        ("March 4, 2026", "date", "March 4, 2026"),
        ("Scale 1:25,000", "scale", "1:25,000"),
        ("write to a.b+c@mail.example now", "e-mail", "a.b+c@mail.example"),
        ("see www.example.org/plan", "web address", "www.example.org/plan"),
        ("+47 55 58 21 09", "phone", "+47 55 58 21 09"),
    ],
)
def test_found(text: str, sort: str, found: str) -> None:
    assert find_entities([(7, text)])[sort] == [(found, 7)]


@pytest.mark.parametrize("text", ["12:30", "3.2.1", "a@b", "1:2:3", "1:30", "call 12345", "2024-5"])
def test_not_found(text: str) -> None:
    assert find_entities([(0, text)]) == {}


def test_a_small_ratio_is_a_scale_on_a_drawing_and_a_time_elsewhere() -> None:
    assert find_entities([(0, "1:20")], drawn=True) == {"scale": [("1:20", 0)]}
    assert find_entities([(0, "Maßstab 1:20")]) == {"scale": [("1:20", 0)]}
    assert find_entities([(0, "1:20")]) == {}


def test_each_is_told_once_with_its_first_line() -> None:
    assert find_entities([(0, "2024-05-17"), (3, "again 2024-05-17")]) == {"date": [("2024-05-17", 0)]}


@pytest.mark.parametrize("text", ["12.5 m²", "12,50 m2", "120 sq ft", "9.4m²"])
def test_areas(text: str) -> None:
    assert AREA.fullmatch(text)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        *(("13.6m²", "13.6 m²"), ("13.6 m2", "13.6 m²"), ("28,40M2", "28,40 m²"), ("12.5 m²", "12.5 m²")),
        *(("120 sq ft", "120 sq ft"), ("12sqm", "12 sqm"), ("17²", "17²"), ("Kitchen", "Kitchen"), ("", "")),
    ],
)
def test_areas_are_told_with_the_usual_unit(read: str, said: str) -> None:
    assert full_area(read) == said


@pytest.mark.parametrize(("text", "money"), [("1,280.00", True), ("€ 12,50", True), ("12", False), ("1.2.3", False)])
def test_money(text: str, money: bool) -> None:
    assert bool(MONEY.fullmatch(text)) is money


@pytest.mark.parametrize("text", ["Date: 17.05.2024", "17.05.24", "version 10.20.30"])
def test_what_goes_on_behind_a_point_is_no_money(text: str) -> None:
    assert MONEY.search(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12.5 m²", 12.5), ("28,40", 28.4), ("1,240", 1240.0), ("2,360.00", 2360.0), ("-3", -3.0), ("none", None)),
        *(("1.249,00", 1249.0), ("1.234.567,89 €", 1234567.89)),
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@given(st.text(max_size=400))
def test_any_text_is_searched(text: str) -> None:
    for sort, places in find_entities([(0, text)]).items():
        assert all(place and place in text for place, _ in places), sort
    assert SCALE.search(text) is None or "1" in text
    parse_number(text)


def test_a_misread_year_is_no_date():
    assert dates_in("25/10/20:7") == []
    assert dates_in("25/10/20:17:30") == ["25/10/20"] and dates_in("25/10/2017") == ["25/10/2017"]
