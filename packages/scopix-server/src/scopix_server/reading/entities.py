"""Things with a form of their own, found in text: dates, addresses, amounts, areas, scales.

Every pattern is bounded and without nested repetition, so that matching takes linear time; lines are cut to 300
characters before.
"""

import re
from collections.abc import Iterable

__all__ = ["AREA", "CALL", "MONEY", "SCALE", "dates_in", "find_entities", "full_area"]

_MAX_LINE = 300
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"

SCALE = re.compile(r"(?<![\d.])1\s?:\s?\d{1,3}(?:[,. ]?\d{3}){0,2}(?![\d:])")
_SCALE_WORD = re.compile(r"\b(?:scale|maßstab|massstab|échelle|escala|scala|schaal)\b", re.IGNORECASE)
_DIGITS_OF_A_TIME = 3
AREA = re.compile(
    r"(?<![\d.,])\d{1,5}(?:[.,]\d{1,2})?\s?(?:m²|m2|²|sq\.?\s?m|sqm|ft²|sq\.?\s?ft)(?![a-z])", re.IGNORECASE
)
MONEY = re.compile(
    r"(?<![\w.,])-?(?:(?:[$€£¥₹]|RM|Rs\.?)\s?)?"
    r"\d{1,3}(?:[,. ]\d{3}){0,3}[.,]\d{2}(?:\s?(?:€|EUR|USD|GBP|CHF))?(?![\w%]|[.,]\d)"
)

_DATE = re.compile(
    r"(?<![\d./-])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./]\d{1,2}[./](?:\d{3,4}|\d{2}(?!:\d(?!\d)))|\d{1,2}-\d{1,2}-\d{4}"
    rf"|\d{{1,2}}(?:\.?\s|[-/]){_MONTH}\.?(?:\s|[-/])\d{{4}}|{_MONTH}\s\d{{1,2}},\s?\d{{4}})(?!\d)",
    re.IGNORECASE,
)
# Numbers of parts, telephones and orders look alike: these count only where a date is looked for.
_LOOSE_DATE = re.compile(
    r"(?<![\d./-])(?:\d{1,2}-\d{1,2}-\d{2}|\d{1,2} \d{1,2} (?:19|20)\d\d"
    rf"|\d{{1,2}}[\s-]?{_MONTH}[\s-]?(?:20)?\d\d)(?![\d-])",
    re.IGNORECASE,
)
CALL = re.compile(r"\b(?:tel|fax|phone|ph|mobile|hp|call|hotline)\b", re.IGNORECASE)
_PATTERNS: dict[str, re.Pattern[str]] = {
    "scale": SCALE,
    "e-mail": re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "web address": re.compile(r"(?:https?://|www\.)[\w.-]{1,100}(?:/[\w./?=&%-]{0,100})?", re.IGNORECASE),
    "phone": re.compile(r"(?<![\w.])\+\d{1,3}[\s-]?(?:\d[\s-]?){6,12}(?!\w)"),
}


def find_entities(lines: Iterable[tuple[int, str]], *, drawn: bool = False) -> dict[str, list[tuple[str, int]]]:
    """Return for each sort the distinct texts found, each with the index of its line.

    On a map or a plan (`drawn`) "1:20" is a scale; elsewhere it is a time, unless the line says what it is.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for index, line in lines:
        for date in dates_in(line):
            _note(found, "date", date, index)
        for sort, pattern in _PATTERNS.items():
            for match in pattern.findall(line[:_MAX_LINE]):
                if sort == "scale" and not (drawn or _is_scale(match, line)):
                    continue
                _note(found, sort, match.strip(), index)
    return found


def dates_in(text: str, *, loose: bool = False) -> list[str]:
    """Return the dates in a line as written, with a day and a month that exist.

    With `loose`, also "17-03-18", "27 03 2018" and "28MAR18", for pages on which a date is to be expected.
    """
    line = text[:_MAX_LINE]
    found = _DATE.findall(line)
    if loose and not found and not CALL.search(line):
        found = _LOOSE_DATE.findall(line)
    return [date.strip() for date in found if _may_be_a_day(date)]


def _may_be_a_day(date: str) -> bool:
    """Whether one of the numbers may be a month and another one a day; names of months go for both."""
    numbers = [int(number) for number in re.findall(r"\d+", date)]
    if len(numbers) < 3:
        return all(number <= 31 or number >= 100 or index for index, number in enumerate(numbers))
    day_month = numbers[1:] if numbers[0] >= 100 else numbers[:2]
    return all(1 <= number <= 31 for number in day_month) and min(day_month) <= 12


def _note(found: dict[str, list[tuple[str, int]]], sort: str, text: str, index: int) -> None:
    known = found.setdefault(sort, [])
    if text not in {other for other, _ in known}:
        known.append((text, index))


def _is_scale(ratio: str, line: str) -> bool:
    return sum(c.isdigit() for c in ratio) > _DIGITS_OF_A_TIME or _SCALE_WORD.search(line[:_MAX_LINE]) is not None


def full_area(text: str) -> str:
    """Return an area with its unit set as usual: "13.6 m²" for "13.6m2". Other units keep their letters."""
    match = re.fullmatch(r"([\d.,]{1,9})\s?([^\d\s].{0,6})", text)
    if match is None or match[2] == "²":
        return text
    unit = "m²" if match[2].lower() in {"m2", "m²"} else match[2]
    return f"{match[1]} {unit}"
