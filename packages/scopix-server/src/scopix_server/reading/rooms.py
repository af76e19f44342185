"""The rooms of a plan: what is named like a room, and what stands right above an area or above dimensions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scopix_server.reading.entities import AREA, full_area
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import mostly_letters
from scopix_server.reading.words import PLAN_TITLE, ROOM

__all__ = ["DIMENSIONS", "Room", "find_rooms"]

DIMENSIONS = re.compile(
    r"\d{1,2}[.,]\d{1,2}\s?m?\s?[x×]\s?\d{1,2}[.,]\d{1,2}(?:\s?m)?"
    r"|\d{1,2}\s?['’′][-–\s]?\d{0,2}[\"”″'’°*]{0,2}\s?[x×]\s?\d{1,2}\s?['’′][-–\s]?\d{0,2}[\"”″'’°*]{0,2}",
    re.IGNORECASE,
)
_FEET = re.compile(r"\d\s?['’′]")
_ABOVE = 1.4  # line heights between a name and the area beneath it, at most
_MAX_WORDS = 4


@dataclass(frozen=True, slots=True)
class Room:
    """A named room; `measure` is its area (its unit set as usual), its dimensions as written, or an empty string."""

    name: str
    measure: str
    indices: tuple[int, ...]


def find_rooms(layout: Layout) -> list[Room]:
    """Return the rooms in reading order, each with what is written beneath its name."""
    measures = [line for line in layout.lines if _measure(line.text)]
    owners = {_owner(measure, layout.lines): measure for measure in measures}
    owners.pop(None, None)
    rooms = []
    for line in layout.lines:
        beneath = owners.get(line.index)
        inline = AREA.search(line.text)
        before = line.text[: inline.start()].strip(" ,:-–") if inline else ""
        if ROOM.fullmatch(before):
            rooms.append(Room(before, full_area(inline[0]) if inline else "", (line.index,)))
        elif ROOM.fullmatch(line.text) or beneath is not None:
            found = _measure(beneath.text) if beneath else ""
            rooms.append(Room(line.text, found, (line.index, beneath.index) if beneath else (line.index,)))
    return _with_units(rooms)


def _with_units(rooms: list[Room]) -> list[Room]:
    """Put back the letter that a reading lost: where other areas are in m², a number with a bare "²" is too."""
    metric = any(room.measure.endswith("m²") for room in rooms)
    lost = re.compile(r"(?<=\d)\s?²$")
    return [replace(room, measure=lost.sub(" m²", room.measure)) for room in rooms] if metric else rooms


def _measure(text: str) -> str:
    if AREA.fullmatch(text):
        return full_area(text)
    match = DIMENSIONS.fullmatch(text)
    if match is None:
        return ""
    # Readings take the sign of inches for that of degrees, and a hyphen between feet and inches for a dash.
    return re.sub(r"(\d)[°*]", r'\1"', match[0]).replace("–", "-") if _FEET.search(text) else match[0]


def _owner(measure: Line, lines: Sequence[Line]) -> int | None:
    """Return the index of the line that names what is measured: close above, on the same middle or left edge."""
    above = [
        line
        for line in lines
        if -0.5 < (measure.top - line.bottom) / measure.height < _ABOVE
        and min(abs(line.centre - measure.centre), abs(line.left - measure.left)) < measure.height
        and mostly_letters(line.text)
        and len(line.text.split()) <= _MAX_WORDS
        and not _measure(line.text)
        and not PLAN_TITLE.search(line.text)
    ]
    return max(above, key=lambda line: line.middle).index if above else None
