"""Screens: the column that leads to other pages, the page's heading, the texts that name actions."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from scopix_server.reading.layout import Layout, Line, Table
from scopix_server.reading.lines import mostly_letters
from scopix_server.reading.words import CODE

__all__ = ["Screen", "is_code", "read_screen", "shows_code"]

_LINES_OF_CODE = 2
_SYNTAX = re.compile(r"[(){};=<>]{2}|(?:^|\s)[>/›〉](?:\s|$)|\w\.\w+\(|\w\(\)")
_SIGNS_OF_CODE = re.compile(r"[{}]\s*$|;\s*$|^\s*(?://|/\*|#\s?\w|@\w)|=>|==|\w\.\w{2,}\s?\(|`")
_LOGGED = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ]?\d\d:\d\d|^\[(?:info|warn|warning|error|debug)", re.IGNORECASE)
_SHARE_OF_CODE = 0.15  # of the lines
_STATE = re.compile(r"ok|next|close", re.IGNORECASE)
_REPEATED = 3  # so often "OK" is a state of each row; of buttons there is one
_TRUSTED_LENGTH = 8  # characters
_WORDS_OF_A_HEADING = 3
_APART, _LEFT_PART = 2.5, 0.6  # line heights, and share of the width: beside a navigation a heading begins no row
_TOP = 0.12  # of the height
_LARGER = 1.15  # of the median type: the titles of dialogs have 1.2 to 1.35
_MAX_WORDS = 8
_NAME = 1.2  # of the size of a navigation's entries
_MENUS = 3
_MENU = re.compile(
    r"file|edit|selection|view|go|run|terminal|window|help|tools|insert|format|options|project|build|debug|"
    r"datei|bearbeiten|ansicht|einfügen|extras|fenster|hilfe|fichier|édition|affichage|outils|aide|"
    r"archivo|editar|ver|herramientas|ayuda",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"(?!add ?[&+])(?:add|new|create|export|import|save|cancel|apply|submit|delete|edit|upload|download|search|"
    r"sign (?:in|out|up)|log ?(?:in|out)|next|previous|back|close|share|filter|refresh|send|print|buy|check out|ok)"
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
    heading = None if code or _has_menu(layout) else _heading(main)
    table = layout.table()
    inside = table.indices if table else frozenset()
    free = [line for line in main.lines if line.index not in inside]
    times = Counter(line.text for line in free)
    actions = tuple(
        line
        for line in free
        if _ACTION.fullmatch(line.text)
        and line is not heading
        and not line.text.endswith("?")
        and not is_code(line.text)
        and not (times[line.text] >= _REPEATED and _STATE.fullmatch(line.text))
    )
    used = {line.index for line in actions}
    others = tuple(line for line in free if line.index not in used and line is not heading)
    return Screen(tuple(navigation), heading, table, actions, others)


def is_code(text: str) -> bool:
    """Whether it is a line of a program, or of what a program writes line by line."""
    return (
        any(pattern.search(text) for pattern in (_SYNTAX, _SIGNS_OF_CODE, _LOGGED)) or CODE.fullmatch(text) is not None
    )


def shows_code(layout: Layout) -> bool:
    """Whether so much of it is code or a log that a colon stands behind no label."""
    return sum(is_code(line.text) for line in layout.lines) >= max(_LINES_OF_CODE, _SHARE_OF_CODE * len(layout.lines))


def _heading(main: Layout) -> Line | None:
    """Return the page's heading, which is no button and no code: the largest type of its upper part, or its top line.

    It begins a row, or is of so many words that it is no value or button at the end of one.
    """
    starts = {row[0].index for row in main.rows}
    starts |= {
        line.index
        for row in main.rows
        for before, line in pairwise(row)
        if line.left - before.right >= _APART * line.height and line.left < _LEFT_PART * main.width
    }
    fit = [line for line in main.lines if not _SYNTAX.search(line.text) and not _is_button(line.text)]
    fit = [line for line in fit if line.index in starts or len(line.text.split()) >= _WORDS_OF_A_HEADING]
    kept = {line.index for line in fit}
    fitting = main.without([line for line in main.lines if line.index not in kept])
    # By all lines: of the heads of a table, one alone begins its row.
    heading = fitting.heading(within=0.4, as_large=0.97, but=main.ones_of_many)
    # How large a short word is set is hardly to be reckoned from its length: it must be the highest, too.
    others = [line.height for line in main.lines if line is not heading and not line.vertical]
    if heading is not None and (len(heading.text) >= _TRUSTED_LENGTH or heading.height >= max(others, default=0.0)):
        return heading
    return _top_line(main, fit)


def _top_line(main: Layout, fit: Sequence[Line]) -> Line | None:
    """Return the line that a dialog begins with, where its type is somewhat larger than most."""
    first = next((row[0] for row in main.rows), None)
    if first is None or first not in fit or first.index in main.ones_of_many:
        return None
    if first.middle > _TOP or not 2 <= len(first.text.split()) <= _MAX_WORDS:
        return None
    return first if mostly_letters(first.text) and first.size >= _LARGER * median(x.size for x in main.lines) else None


def _has_menu(layout: Layout) -> bool:
    """Whether a window's menu stands in a row at its top: the headings in it are those of documents."""
    top = [row for row in layout.rows if row[0].middle <= _TOP]
    return any(len({line.text for line in row if _MENU.fullmatch(line.text)}) >= _MENUS for row in top)


def _is_button(text: str) -> bool:
    return _ACTION.fullmatch(text) is not None and len(text.split()) == 1


def _navigation(layout: Layout) -> list[Line]:
    """Return the column at the left, unless it begins with the page's own heading: then it is the page's text."""
    column = layout.navigation()
    # A product's or a company's name stands above the entries in larger type.
    if len(column) > 2 and column[0].size >= _NAME * median(line.size for line in column[1:]):
        column = column[1:]
    heading = layout.heading(within=0.4, as_large=0.97)
    if 2 * sum(line.text.endswith(":") for line in column) > len(column):
        return []  # labels of fields
    if 2 * sum(mostly_letters(line.text) for line in column) <= len(column):
        return []  # times and numbers of the rows beside them
    return [] if heading is not None and heading.index in {line.index for line in column} else column
