"""Titles: headings of several lines, and those of maps, which stand anywhere. None is better than a wrong one."""

from collections.abc import Sequence
from dataclasses import dataclass

from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import letters

__all__ = ["Title", "map_title", "title_of", "top_title"]

_ONE_SIZE = (
    1.25  # the larger of two lines of one title, in the smaller's size of type: capitals look larger than they are
)
_CLOSE = 0.9  # line heights between two lines of a title at most
_MAX_LINES = 4  # of a title; more lines of one size beneath each other are running text
_MAX_WORDS = 8  # of one line of a title
_STANDS_OUT = 1.4  # of the next smaller type: what names a map is larger than the names on it
_TRUSTED_LENGTH = 8  # characters
_LINKS = frozenset(
    {"of", "the", "and", "&", "in", "for", "to", "von", "der", "die", "und", "de", "du", "la", "et", "y", "di"}
)
"""Words that stand alone on a line of a title, set smaller than they are measured."""
_MAX_ON_A_MAP = 25  # lines; on a map full of names the largest is a country


@dataclass(frozen=True, slots=True)
class Title:
    """A title, and the lines it was read in."""

    text: str
    indices: tuple[int, ...]


def title_of(layout: Layout, heading: Line | None = None) -> Title | None:
    """Return the heading with the lines of its size that go on above and beneath it."""
    heading = heading or layout.heading()
    if heading is None:
        return None
    parts = _run(layout.lines, heading)
    return Title(" ".join(line.text for line in parts), tuple(line.index for line in parts))


def top_title(layout: Layout) -> Title | None:
    """Return the title of a diagram: nothing stands above it or beside it, else it is one of the boxes."""
    title = title_of(layout)
    if title is None:
        return None
    inside = [line for line in layout.lines if line.index in title.indices]
    bottom = max(line.middle for line in inside)
    others = [line for line in layout.lines if line.index not in title.indices]
    # How large a short word is set is hardly to be reckoned from its length: it must be the highest, too.
    highest = max((line.height for line in others if not line.vertical), default=0.0)
    trusted = len(title.text) >= _TRUSTED_LENGTH or max(line.height for line in inside) >= highest
    return title if trusted and all(line.middle > bottom for line in others) else None


def map_title(layout: Layout) -> Title | None:
    """Return the title of a map: its heading, or the one text that is much larger than all others, wherever it is."""
    largest = max((line for line in layout.lines if not line.vertical), key=lambda line: line.size, default=None)
    if largest is None or len(layout.lines) > _MAX_ON_A_MAP:
        return title_of(layout)
    parts = _run(layout.lines, largest)
    gone = {line.index for line in parts}
    next_size = max((line.size for line in layout.lines if line.index not in gone), default=0.0)
    if letters("".join(line.text for line in parts)) >= 4 and largest.size >= _STANDS_OUT * next_size:
        return Title(" ".join(line.text for line in parts), tuple(line.index for line in parts))
    return title_of(layout)


def _run(lines: Sequence[Line], first: Line) -> list[Line]:
    """The lines of one size that follow each other closely, with this one; itself alone if they are too many."""
    run = [first]
    for direction in (-1, 1):
        while len(run) <= _MAX_LINES:
            edge = run[0] if direction < 0 else run[-1]
            following = [line for line in lines if line not in run and _goes_on(edge, line, direction)]
            if not following:
                break
            nearest = min(following, key=lambda line: abs(line.middle - edge.middle))
            run.insert(0 if direction < 0 else len(run), nearest)
    return run if len(run) <= _MAX_LINES else [first]


def _goes_on(edge: Line, line: Line, direction: int) -> bool:
    sizes = sorted((edge.size, line.size))
    beneath = (line.middle - edge.middle) * direction > 0.5 * min(edge.height, line.height)
    gap = line.top - edge.bottom if direction > 0 else edge.top - line.bottom
    shared = min(edge.right, line.right) - max(edge.left, line.left)
    return (
        not line.vertical
        and beneath
        and gap < _CLOSE * min(edge.height, line.height)
        and (sizes[1] <= _ONE_SIZE * sizes[0] or not {edge.text.casefold(), line.text.casefold()}.isdisjoint(_LINKS))
        and shared >= 0.5 * min(edge.right - edge.left, line.right - line.left)
        and len(line.text.split()) <= _MAX_WORDS
        and any(character.isalpha() for character in line.text)
    )
