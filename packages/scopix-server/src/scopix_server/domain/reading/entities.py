"""Things with a form of their own, found in text: dates, addresses, amounts, areas, scales.

Every pattern is bounded and without nested repetition, so that matching takes linear time; lines are cut to 300
characters before.
"""

import re
from collections.abc import Iterable

__all__ = ["AREA", "MONEY", "SCALE", "find_entities", "full_area", "parse_number"]

_MAX_LINE = 300
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"

SCALE = re.compile(r"(?<![\d.])1\s?:\s?\d{1,3}(?:[,. ]?\d{3}){0,2}(?![\d:])")
_SCALE_WORD = re.compile(r"\b(?:scale|maßstab|massstab|échelle|escala|scala|schaal)\b", re.IGNORECASE)
_DIGITS_OF_A_TIME = 3
AREA = re.compile(
    r"(?<![\d.,])\d{1,5}(?:[.,]\d{1,2})?\s?(?:m²|m2|²|sq\.?\s?m|sqm|ft²|sq\.?\s?ft)(?![a-z])", re.IGNORECASE
)
MONEY = re.compile(
    r"(?<![\w.,])-?(?:[$€£¥]\s?)?\d{1,3}(?:[,. ]\d{3}){0,3}[.,]\d{2}(?:\s?(?:€|EUR|USD|GBP|CHF))?(?![\w%])"
)

_PATTERNS: dict[str, re.Pattern[str]] = {
    "date": re.compile(
        r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
        rf"|\d{{1,2}}\.?\s{_MONTH}\s\d{{4}}|{_MONTH}\s\d{{1,2}},\s?\d{{4}})(?!\d)",
        re.IGNORECASE,
    ),
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
        for sort, pattern in _PATTERNS.items():
            for match in pattern.findall(line[:_MAX_LINE]):
                if sort == "scale" and not (drawn or _is_scale(match, line)):
                    continue
                known = found.setdefault(sort, [])
                if match.strip() not in {text for text, _ in known}:
                    known.append((match.strip(), index))
    return found


def _is_scale(ratio: str, line: str) -> bool:
    return sum(c.isdigit() for c in ratio) > _DIGITS_OF_A_TIME or _SCALE_WORD.search(line[:_MAX_LINE]) is not None


def full_area(text: str) -> str:
    """Return an area with its unit set as usual: "13.6 m²" for "13.6m2". Other units keep their letters."""
    match = re.fullmatch(r"([\d.,]{1,9})\s?([^\d\s].{0,6})", text)
    if match is None or match[2] == "²":
        return text
    unit = "m²" if match[2].lower() in {"m2", "m²"} else match[2]
    return f"{match[1]} {unit}"


def parse_number(text: str) -> float | None:
    """Return the number at the start of a text such as "12.5 m²" or "1,240", or None."""
    match = re.match(r"\s*(-?\d{1,9}(?:[,.]\d{1,3}){0,3})", text)
    if match is None:
        return None
    digits = match[1]
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        return None
