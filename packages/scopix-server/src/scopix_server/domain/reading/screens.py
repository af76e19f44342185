"""Screens: the column that leads to other pages, the page's heading, the texts that name actions."""

import re
from dataclasses import dataclass
from statistics import median

from scopix_server.domain.reading.layout import Layout, Line, Table
from scopix_server.domain.reading.words import CODE

__all__ = ["Screen", "read_screen"]

_LINES_OF_CODE = 2
_NAME = 1.2  # of the size of a navigation's entries
_ACTION = re.compile(
    r"(?:add|new|create|export|import|save|cancel|apply|submit|delete|edit|upload|download|search|sign (?:in|out|up)|"
    r"log ?(?:in|out)|next|previous|back|close|share|filter|refresh|send|print|buy|check out|ok)"
    r"(?:\s[^\s:;.,]{1,16}){0,3}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Screen:
    """The parts of a screen; `others` is what belongs to none of them."""

    navigation: tuple[Line, ...]
    heading: Line | None
    table: Table | None
    actions: tuple[Line, ...]
    others: tuple[Line, ...]


def read_screen(layout: Layout) -> Screen:
    """Tell the column at the left, the page's heading, the table, and the texts that name actions apart."""
    navigation = _navigation(layout)
    main = layout.without(navigation)
    # A product's name stands above the heading in almost as large a type; code has no heading.
    code = sum(bool(CODE.fullmatch(line.text)) for line in layout.lines) >= _LINES_OF_CODE
    heading = None if code else main.heading(within=0.4, as_large=0.97)
    table = layout.table()
    inside = table.indices if table else frozenset()
    free = [line for line in main.lines if line.index not in inside]
    actions = tuple(line for line in free if _ACTION.fullmatch(line.text))
    others = tuple(line for line in free if line not in actions and line is not heading)
    return Screen(tuple(navigation), heading, table, actions, others)


def _navigation(layout: Layout) -> list[Line]:
    """Return the column at the left, unless it begins with the page's own heading: then it is the page's text."""
    column = layout.navigation()
    # A product's or a company's name stands above the entries in larger type.
    if len(column) > 2 and column[0].size >= _NAME * median(line.size for line in column[1:]):
        column = column[1:]
    heading = layout.heading(within=0.4, as_large=0.97)
    if 2 * sum(line.text.endswith(":") for line in column) > len(column):
        return []  # labels of fields
    return [] if heading is not None and heading.index in {line.index for line in column} else column
