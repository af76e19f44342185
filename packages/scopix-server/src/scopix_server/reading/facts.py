"""What a page states: labels with their values, priced items and totals. A pair that is not sure is left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scopix_server.reading.entities import MONEY
from scopix_server.reading.layout import Layout, Line, Pair
from scopix_server.reading.lines import letters

__all__ = ["labelled_facts"]

_TOTAL = re.compile(
    r"(?:grand |net |gross |sub ?)?total\b.{0,20}|amount due.{0,10}|balance due.{0,10}|summe\b.{0,12}|"
    r"gesamt\w{0,10}.{0,12}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r".{0,30}\b(?:no|nr|number|date|ref|due|\w{0,20}nummer|\w{0,20}datum|numéro|n°|fecha|data)\b\.?:?", re.IGNORECASE
)
_NO_LABEL = re.compile(r".|(?:no|nr|lot|unit)s?\.?\s?\d.{0,10}|(?:source|data|graphic|credit|quelle)s?", re.IGNORECASE)
"""One letter is the rest of a word; "No. 5" is a house; whose data and whose work it is, is no fact of the page."""
_COLUMN_HEAD = re.compile(
    r"(?:amount|amt|tax|total|qty|quantity|price|rate|item|description|disc(?:ount)?|unit|code|betrag|menge|preis|"
    r"montant|prix|importe|precio)s?\.?(?:\s?\(.{1,8}\))?",
    re.IGNORECASE,
)
_NEXT_LABEL = re.compile(r"(\S{0,20}\d.{0,40}?)\s+[^\W\d][\w/]{1,14}\s?:\s?\S.{0,60}")
"""A value with a digit, and the next label with its own value behind it: "03-5542 Fax: 03-5543"."""
_SENTENCE_WORDS = 6
_LETTERS_BESIDE_A_SUM = 4  # a currency's; with more of them it is a misread line
_ONE_TYPE = 1.4  # times the lower line's height: what a row is made of is set in one type
_LARGE_TYPE = 2.2  # the same for sums, which may be set larger than their labels


def labelled_facts(layout: Layout) -> list[Pair]:
    """Return pairs with a colon, labelled numbers and dates, priced items and totals, each with its value beside it."""
    used = {index for pair in layout.pairs() for index in pair.indices}
    pairs = [tidy for pair in layout.pairs() if (tidy := _tidied(pair)) is not None]
    table = layout.table()
    inside = table.indices if table else frozenset()
    for row in layout.rows:
        free = [line for line in row if line.index not in used and line.index not in inside]
        pairs += (pair for pair in _labelled(free, layout.width) if not layout.are_running_text(pair.indices))
    return pairs


def _labelled(row: Sequence[Line], width: float) -> Iterator[Pair]:
    if len(row) < 2:
        return
    label, value = row[-2], row[-1]
    summed = _TOTAL.fullmatch(label.text) is not None
    priced = MONEY.fullmatch(value.text) is not None and letters(label.text) >= 2
    named = summed or _NUMBERED.fullmatch(label.text) is not None
    near = value.left - label.right < (width if priced else 0.6)
    heights = sorted((label.height, value.height))
    alike = heights[1] <= (_LARGE_TYPE if summed else _ONE_TYPE) * heights[0]
    pair = _tidied(Pair(label.text, value.text, (label.index, value.index))) if alike and near else None
    if pair is not None and (priced or named):
        yield pair


def _tidied(pair: Pair) -> Pair | None:
    """Return the pair without what belongs to the next one, or None where it is none that can be relied on."""
    value = pair.value.lstrip(" :")
    following = _NEXT_LABEL.fullmatch(value)
    value = following[1] if following else value
    label = pair.label.rstrip(" :")
    if _NO_LABEL.fullmatch(label) or MONEY.search(label) or letters(label) < 2:
        return None
    # What stands apart from its label is set as a value, whatever it says.
    if not value or _COLUMN_HEAD.fullmatch(value) or (len(pair.indices) == 1 and _is_sentence(value)):
        return None
    if _TOTAL.fullmatch(label) and (letters(pair.value) > _LETTERS_BESIDE_A_SUM or not any(s.isdigit() for s in value)):
        return None
    return replace(pair, value=value)


def _is_sentence(text: str) -> bool:
    """Whether it is running text: several words, half of them in small letters."""
    words = text.split()
    return len(words) >= _SENTENCE_WORDS and 2 * sum(word[0].islower() for word in words) >= len(words)
