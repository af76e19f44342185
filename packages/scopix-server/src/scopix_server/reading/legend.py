"""The legend of a map, a chart or a plan, and the names written about it."""

import re
from collections.abc import Sequence

from scopix_server.reading.entities import SCALE
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import columns_of, letters
from scopix_server.reading.words import LEGEND

__all__ = ["legend_entries", "place_names"]

_ALIGNED = 1.5  # line heights between the left edges of two entries at most
_WORDS_OF_A_NAME = 4
_NAME = re.compile(r"[^\W\d_a-zß-öø-ÿ].{1,60}[^.]")
"""It begins with a capital, or in a script that has none, and is no end of a sentence."""
_MEASURE = re.compile(
    r"(?:population|area|density|elevation|altitude|height|depth|year|count|number|value|rate|share)s?", re.IGNORECASE
)
"""What a scale of colours is of."""
_LEGEND_STEP = 1.8  # of the distance between two entries
_LEGEND_GAP = 3.2  # line heights between two entries at most
_LEGEND_ASIDE = 8.0  # line heights between two columns of entries at most
_LEGEND_SHIFT = 6.0  # line heights between the header's left edge and its entries' at most


def legend_entries(layout: Layout) -> list[Line]:
    """Return the lines beneath the word "Legend", as long as they start alike and follow each other closely."""
    header = next((line for line in layout.lines if LEGEND.fullmatch(line.text)), None)
    if header is None:
        return []
    below = [
        line
        for line in layout.lines
        if line.middle > header.middle
        and abs(line.left - header.left) < _LEGEND_SHIFT * header.height
        and any(character.isalpha() for character in line.text)
    ]
    below.sort(key=lambda line: line.middle)
    aligned = [line for line in below if abs(line.left - below[0].left) < _ALIGNED * below[0].height]
    entries: list[Line] = []
    last, gap = header, _LEGEND_GAP * header.height
    for line in aligned:
        if line.middle - last.middle > gap:
            break
        # From the second entry on, the distance between two entries says how far the next may be.
        gap = _LEGEND_STEP * (line.middle - last.middle) if entries else gap
        entries.append(line)
        last = line
    return entries + _further_columns(layout, header, entries) if entries else []


def _further_columns(layout: Layout, header: Line, entries: Sequence[Line]) -> list[Line]:
    """Return the entries right of the first column: at least two on its rows, below each other, not far off."""
    edge = max(line.right for line in entries) + _LEGEND_ASIDE * header.height
    aside = [
        line
        for line in layout.lines
        if entries[0].right < line.left < edge
        and letters(line.text) >= 2
        and any(abs(line.middle - entry.middle) < 0.4 * entry.height for entry in entries)
    ]
    return [line for column in columns_of(aside, 2)[:1] for line in column]


def _is_in_a_paragraph(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a longer text stands right above or beneath it and starts or centres alike: then it is its end."""
    return any(
        len(other.text.split()) > _WORDS_OF_A_NAME
        and abs(other.middle - line.middle) < _LEGEND_STEP * line.height
        and other.left < line.right
        and line.left < other.right
        for other in lines
        if other is not line
    )


def place_names(layout: Layout, heading: Line | None, legend: Sequence[Line]) -> list[Line]:
    """Return what is written on a map beside its title, its legend and its scale."""
    used = {line.index for line in legend} | ({heading.index} if heading else set())
    return [
        line
        for line in layout.lines
        if line.index not in used
        and not LEGEND.fullmatch(line.text)
        and not SCALE.search(line.text)
        and not any(character.isdigit() or character in ":|@&()" for character in line.text)
        and _NAME.fullmatch(line.text)
        and not _MEASURE.fullmatch(line.text)
        and not _is_in_a_paragraph(line, layout.lines)
        and letters(line.text) >= 3
        and len(line.text.split()) <= _WORDS_OF_A_NAME
    ]
