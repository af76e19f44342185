"""Dates as people write them."""

from datetime import UTC, date, datetime

import pytest

from scopix_server.domain.dates import day_number, parse_date, parse_span


@pytest.mark.parametrize(
    "text",
    [
        *("2024-05-17", "2024/5/17", "17.05.2024", "17.5.24", "17/05/2024", "05/17/2024", "17-05-24", "17 May 2024"),
        *(
            "17. Mai 2024",
            "17th of May 2024",
            "May 17, 2024",
            "17-May-2024",
            "17.05.2024 12:30",
            "2024-05-17T12:30:00Z",
        ),
    ],
)
def test_a_date_is_read(text: str) -> None:
    assert parse_date(text) == date(2024, 5, 17)


@pytest.mark.parametrize("text", ["03/06/2024", "2024", "5.20", "31.02.2024", "12:30", "", "May", "17 apples 2024"])
def test_what_may_be_two_dates_or_none_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_a_span_has_its_first_and_last_moment() -> None:
    last = datetime(2024, 7, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert parse_span("2024-05..2024-07") == (datetime(2024, 5, 1, tzinfo=UTC), last)
    assert parse_span("..2024-07") == (None, last)
    assert parse_span("..") is None and parse_span("may") is None and parse_span("2024-13") is None


def test_days_sort_as_their_numbers() -> None:
    assert day_number(date(2024, 5, 17)) == 20240517
