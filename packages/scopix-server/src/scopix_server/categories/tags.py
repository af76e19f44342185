"""Tags of process plants: instruments by the usual letter code, equipment by a letter and a number, line numbers."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from scopix_server.domain.phrases import quote
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import mostly_letters

__all__ = ["LINE_NUMBER", "equipment_tags", "instrument_function", "instrument_tags", "shown_equipment"]

_MEASURED = {
    "A": "analysis",
    "C": "conductivity",
    "D": "density",
    "E": "voltage",
    "F": "flow",
    "H": "hand",
    "I": "current",
    "J": "power",
    "K": "time",
    "L": "level",
    "M": "moisture",
    "P": "pressure",
    "Q": "quantity",
    "S": "speed",
    "T": "temperature",
    "U": "multivariable",
    "V": "vibration",
    "W": "weight",
    "X": "unclassified",
    "Z": "position",
}
_TASKS = {"I": "indicating", "R": "recording", "Q": "totalising", "D": "differential", "F": "ratio", "S": "safety"}
_DEVICES = {
    "C": "controller",
    "T": "transmitter",
    "A": "alarm",
    "S": "switch",
    "E": "element",
    "V": "valve",
    "G": "gauge",
    "I": "indicator",
    "R": "recorder",
    "Y": "relay",
    "Z": "actuator",
    "W": "well",
}
_LEVELS = {"HH": "high high", "LL": "low low", "H": "high", "L": "low"}
_CODE = r"[ACDEFHIJKLMPQSTUVWXZ](?:D|S|F|Q)?[IRCTASEVGYZW]{1,2}(?:HH|LL|H|L)?"
_TAG = re.compile(rf"(?<![\w-])({_CODE})\s?[-–]?\s?(\d{{2,5}}[A-Z]?)(?![\w\"”″]|-\w)")
_LETTERS = re.compile(_CODE)
_NUMBER = re.compile(r"\d{2,5}[A-Z]?")
_EQUIPMENT = re.compile(
    r"(?<![\w-])((?:[BCDEFHKMPRSTVX]|TK|HX|EX|AC|AE|CT|BL|FD|SP|VE|HE|PU|AG|CV)[-–]\d{2,5}[A-Z]?(?:\s?/\s?[A-Z]){0,3})(?![\w-])"
)
LINE_NUMBER = re.compile(
    r"(?<![\w-])(?:\d{1,2}(?:[ -]\d/\d)?\s?(?:[\"”″]|'')|DN\s?\d{2,4}|\d{2,4})\s?-\s?"
    r"[A-Z]{1,4}\s?-\s?\d{2,6}(?:-[A-Z0-9]{1,8}){0,4}"
)
_MAX_LINES = 300  # lines that are looked at for what stands beneath them
_NEAR = 1.8  # line heights between a tag and the name beneath it, at most


def instrument_tags(layout: Layout) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each tag as "FIC-101" with the indices of its lines: one, or letters with the number beneath them."""
    for line in layout.lines:
        for match in _TAG.finditer(line.text) if not LINE_NUMBER.search(line.text) else ():
            yield f"{match[1]}-{match[2]}", (line.index,)
    circles = [line for line in layout.lines if _LETTERS.fullmatch(line.text)]
    for line in circles[:_MAX_LINES]:
        beneath = _beneath(line, layout.lines)
        if beneath is not None and _NUMBER.fullmatch(beneath.text):
            yield f"{line.text}-{beneath.text}", (line.index, beneath.index)


def instrument_function(tag: str) -> str | None:
    """Return what a tag's letters mean, such as "flow indicating controller" for "FIC-101", or None."""
    code = tag.split("-")[0]
    level = next((words for letters, words in _LEVELS.items() if len(code) > 2 and code.endswith(letters)), "")
    if level:
        code = code[: -2 if " " in level else -1]
    measured, *middle, last = code[0], *code[1:-1], code[-1]
    if measured not in _MEASURED or last not in _DEVICES or not all(letter in _TASKS for letter in middle):
        return None
    words = [_MEASURED[measured], *(_TASKS[letter] for letter in middle), _DEVICES[last]]
    return " ".join([*words, *([level] if level else [])])


def equipment_tags(layout: Layout) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield each tag with the name written behind or beneath it, or an empty string, and the indices of the lines."""
    tagged = [line for line in layout.lines if _EQUIPMENT.search(line.text) and not LINE_NUMBER.search(line.text)]
    for line in tagged[:_MAX_LINES]:
        for match in _EQUIPMENT.finditer(line.text):
            behind = line.text[match.end() :].strip(" -–:")
            beneath = _beneath(line, layout.lines) if match[0] == line.text else None
            if mostly_letters(behind):
                yield match[1], behind, (line.index,)
            elif beneath is not None and mostly_letters(beneath.text) and not _TAG.search(beneath.text):
                yield match[1], beneath.text, (line.index, beneath.index)
            else:
                yield match[1], "", (line.index,)


def shown_equipment(value: dict[str, Any]) -> str:
    """Return a tag with its name in quotation marks."""
    return f"{value['tag']} {quote(value['name'], 60)}" if value.get("name") else str(value["tag"])


def _beneath(line: Line, lines: Sequence[Line]) -> Line | None:
    """Return the line right beneath, on the same middle."""
    under = [
        other
        for other in lines
        if -0.5 < (other.top - line.bottom) / line.height < _NEAR
        and abs(other.centre - line.centre) < line.height
        and other is not line
    ]
    return min(under, key=lambda other: other.top, default=None)
