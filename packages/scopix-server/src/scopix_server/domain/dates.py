"""Dates as people write them, and spans of time as conditions of searches have them."""

import re
from datetime import UTC, date, datetime, timedelta

__all__ = ["MONTHS", "day_number", "parse_date", "parse_span"]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jan",
            "february februar feb",
            "march märz mar",
            "april apr",
            "may mai",
            "june juni jun",
            "july juli jul",
            "august aug",
            "september sept sep",
            "october oktober oct okt",
            "november nov",
            "december dezember dec dez",
        ),
        1,
    )
    for name in names.split()
}
"""Names of months in English and German, in small letters, and their numbers."""
_TIME = re.compile(r"(?:[t,]?\s*\d{1,2}:\d\d.*)?$")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")
_DAY_AND_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]*(?:of )?([^\W\d_]+)[.,]?[\s-]*(\d{4})")
_NAME_AND_DAY = re.compile(r"([^\W\d_]+)\.?\s*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_POINT = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?")
_CENTURY = 2000
"""Of a year in two digits: what was written with one and is read today is a receipt or a letter of this century."""


def parse_date(text: str) -> date | None:
    """Read a text that is a date, perhaps with a time behind it; None for anything else.

    With dots the day comes first. With strokes or hyphens either may: where both readings are dates and differ, as of
    03/06/2024, it is none.
    """
    written = text.strip().casefold()
    day = _TIME.sub("", written) or written
    if match := _YEAR_FIRST.fullmatch(day):
        return _date(match[1], match[3], match[4])
    if match := _YEAR_LAST.fullmatch(day):
        year = match[4] if len(match[4]) == len("2024") else str(_CENTURY + int(match[4]))
        readings = {_date(year, match[3], match[1])}
        if match[2] != ".":
            readings.add(_date(year, match[1], match[3]))
        known = readings - {None}
        return known.pop() if len(known) == 1 else None
    if match := _DAY_AND_NAME.fullmatch(day):
        return _date(match[3], str(MONTHS.get(match[2], 0)), match[1])
    if match := _NAME_AND_DAY.fullmatch(day):
        return _date(match[3], str(MONTHS.get(match[1], 0)), match[2])
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def day_number(day: date) -> int:
    """Return a number that sorts as days do: 20240517."""
    return day.year * 10_000 + day.month * 100 + day.day


def parse_span(text: str) -> tuple[datetime | None, datetime | None] | None:
    """Read a year, a month or a day, or two of them with `..` between, one of which may be left out.

    Returns the first and the last microsecond in UTC, None for an open end; or None for what is no such span.
    """
    first, is_range, last = text.partition("..")
    begin, end = _point(first), _point(last if is_range else first)
    if (first and begin is None) or (last and end is None) or not (first or last):
        return None
    return begin and begin[0], end and end[1]


def _point(text: str) -> tuple[datetime, datetime] | None:
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None  # the pattern has one
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            following = start + timedelta(days=1)
        elif month and month < 12:
            following = start.replace(month=month + 1)
        else:
            following = start.replace(year=year + 1, month=1)
    except (ValueError, OverflowError):
        return None
    return start, following - timedelta(microseconds=1)
