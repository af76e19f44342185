"""Sheets of drawings: their title, what they are called, whether they have a title block."""

import re

from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.rooms import find_rooms
from scopix_server.reading.titles import top_title
from scopix_server.reading.words import PLAN_TITLE, TITLE_BLOCK

__all__ = ["diagram_title", "drawing_noun", "drawing_title", "has_title_block"]

_TITLE_BLOCK = 3


def has_title_block(layout: Layout) -> bool:
    """Whether at least three lines are entries of a drawing's title block, such as "SHEET NO." or "Drawn by"."""
    return sum(bool(TITLE_BLOCK.fullmatch(line.text)) for line in layout.lines) >= _TITLE_BLOCK


def drawing_title(layout: Layout) -> Line | None:
    """Return the line that names the plan, wherever it stands, or else the heading, unless that is a room."""
    named = [line for line in layout.lines if PLAN_TITLE.search(line.text) and len(line.text) <= 80]
    if named:
        return max(named, key=lambda line: line.size)
    heading = layout.heading()
    rooms = {index for room in find_rooms(layout) for index in room.indices}
    return heading if heading is not None and heading.index not in rooms else None


def diagram_title(layout: Layout) -> Line | None:
    """Return the title of a diagram: where it has no title block, it comes first, else it is one of the boxes."""
    title = drawing_title(layout)
    if title is None or has_title_block(layout):
        return title
    top = top_title(layout)
    return title if top is not None and title.index in top.indices else None


def drawing_noun(layout: Layout) -> str:
    """Return "floor plan", "site plan" or "technical drawing", by what is written on it."""
    if find_rooms(layout):
        return "floor plan"
    title = drawing_title(layout)
    return "site plan" if title and re.search(r"site plan|lageplan", title.text, re.IGNORECASE) else "technical drawing"
