"""Times in questions, as conditions: "in May 2024", "last month", "since 2023"."""

import re
from datetime import datetime, timedelta

from scopix_server.domain.dates import MONTHS

__all__ = ["find_times"]

_NAMED = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_POINT = (
    rf"(?:\d{{4}}-\d\d(?:-\d\d)?|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?(?:{_NAMED})\.?,? {_YEAR}"
    rf"|(?:{_NAMED})\.? \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}|(?:{_NAMED})\.?,?(?: {_YEAR})?|{_YEAR})"
)
_RANGE = re.compile(rf"\b(?:from|between|von|zwischen) ({_POINT}) (?:to|until|till|and|bis|und) ({_POINT})\b")
_SINCE = re.compile(rf"\b(?:since|seit|from(?= {_POINT} on(?:wards)?\b)) ({_POINT})(?: on(?:wards)?)?\b")
_AFTER = re.compile(rf"\b(?:after|nach) ({_POINT})\b")
_BEFORE = re.compile(rf"\b(?:before|vor) ({_POINT})\b")
_UNTIL = re.compile(rf"\b(?:until|till|up to|bis) ({_POINT})\b")
# A month alone is a time behind "in" only: "may" is a word of its own.
_DATED = _POINT.replace(f"(?: {_YEAR})?", f" {_YEAR}")
_IN = re.compile(rf"\b(?:in|during|of|on|from|im|am|vom) (?:the )?({_POINT})\b|\b({_DATED})\b")
_AGO = re.compile(r"\b(?:in |within |over )?(?:the )?(?:last|past) (\d{1,3}) (day|week|month|year)s?\b")
_THIS = re.compile(
    r"\b(?:from |of |in )?(this|last|diese[nrsm]?|letzte[nrsm]?) (day|week|month|year|woche|monat|jahr)\b"
)
_DAYS = re.compile(r"\b(?:from |of )?(today|yesterday|heute|gestern)(?:'s)?\b")
_GERMAN = {"woche": "week", "monat": "month", "jahr": "year", "heute": "today", "gestern": "yesterday"}
_IN_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def find_times(text: str, now: datetime, gap: str) -> tuple[list[str], str]:
    """Return the conditions for the times that a text in small letters names; and the text, with `gap` for them."""
    conditions: list[str] = []

    def found(first: str, last: str | None = None) -> str:
        conditions.append(f"taken:{first}" if last is None else f"taken:{first}..{last}")
        return gap

    def relative(match: re.Match[str]) -> str:
        which, unit = match[1], _GERMAN.get(match[2], match[2])
        first, last = _span(now, unit, back=not which.startswith(("this", "diese")))
        return found(first, last)

    def day(match: re.Match[str]) -> str:
        back = 0 if _GERMAN.get(match[1], match[1]) == "today" else 1
        return found((now - timedelta(days=back)).strftime("%Y-%m-%d"))

    def before(match: re.Match[str]) -> str:
        return found("", _last_before(_point(match[1], now)))

    text = _AGO.sub(lambda m: found((now - timedelta(days=int(m[1]) * _IN_DAYS[m[2]])).strftime("%Y-%m-%d"), ""), text)
    text = _THIS.sub(relative, text)
    text = _DAYS.sub(day, text)
    text = _RANGE.sub(lambda m: found(_point(m[1], now), _point(m[2], now)), text)
    text = _SINCE.sub(lambda m: found(_point(m[1], now), ""), text)
    text = _AFTER.sub(lambda m: found(_first_after(_point(m[1], now)), ""), text)
    text = _BEFORE.sub(before, text)
    text = _UNTIL.sub(lambda m: found("", _point(m[1], now)), text)
    text = _IN.sub(lambda m: found(_point(m[1] or m[2], now)), text)
    return conditions, text


def _point(text: str, now: datetime) -> str:
    """Return a year, month or day as conditions have it; a month without a year is the last one of that name."""
    if re.fullmatch(r"[\d-]+", text):
        return text
    name = re.search(_NAMED, text)
    assert name is not None  # the pattern has one
    month = MONTHS[name[0]]
    year = re.search(_YEAR, text)
    number = int(year[0]) if year else now.year - (month > now.month)
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th|\.)?(?= |,|$)", text.replace(year[0], "") if year else text)
    return f"{number}-{month:02}" + (f"-{int(day[1]):02}" if day else "")


def _span(now: datetime, unit: str, *, back: bool) -> tuple[str, str]:
    """Return first and last day, month or year of this or the last one of a unit; weeks begin on Mondays."""
    if unit == "year":
        year = str(now.year - back)
        return year, year
    if unit == "month":
        first = now.replace(day=1)
        month = (first - timedelta(days=1) if back else first).strftime("%Y-%m")
        return month, month
    length = 7 if unit == "week" else 1
    start = now - timedelta(days=(now.weekday() if unit == "week" else 0) + length * back)
    return start.strftime("%Y-%m-%d"), (start + timedelta(days=length - 1)).strftime("%Y-%m-%d")


def _first_after(point: str) -> str:
    parts = [int(part) for part in point.split("-")]
    if len(parts) == 1:
        return str(parts[0] + 1)
    if len(parts) == 2:
        year, month = divmod(parts[0] * 12 + parts[1], 12)
        return f"{year}-{month + 1:02}"
    return _moved(point, 1)


def _last_before(point: str) -> str:
    parts = [int(part) for part in point.split("-")]
    if len(parts) == 1:
        return str(parts[0] - 1)
    if len(parts) == 2:
        year, month = divmod(parts[0] * 12 + parts[1] - 2, 12)
        return f"{year}-{month + 1:02}"
    return _moved(point, -1)


def _moved(day: str, number: int) -> str:
    try:
        return (datetime.fromisoformat(day) + timedelta(days=number)).strftime("%Y-%m-%d")
    except ValueError:
        return day  # no day of the calendar; the search says so
