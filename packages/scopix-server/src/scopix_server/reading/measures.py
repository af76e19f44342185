"""Scales and lengths as drawings write them, metric and in feet and inches."""

import re
from collections.abc import Sequence

from scopix_server.reading.entities import SCALE
from scopix_server.reading.layout import Layout, Line

__all__ = ["LENGTH", "drawing_scale", "lengths"]

_FRACTION = r"(?:\d{1,2}[ -])?\d{1,2}(?:/\d{1,2})?"
_IMPERIAL_SCALE = re.compile(
    rf"{_FRACTION}\s?[\"”″]\s?=\s?\d{{1,4}}(?:\.\d+)?\s?['’′](?:\s?-?\s?\d{{1,2}}\s?[\"”″])?", re.IGNORECASE
)
_NO_SCALE = re.compile(r"\b(?:n\.t\.s\.?|nts|not to scale|ohne maßstab|sans échelle)(?!\w)", re.IGNORECASE)
_SCALE_WORD = re.compile(r"\b(?:scales?|maßstab|massstab|échelle|escala|scala|schaal|m\.?)\s?[:=]?\s*$", re.IGNORECASE)
LENGTH = re.compile(
    r"(?:\d{1,5}(?:[.,]\d{1,3})?\s?(?:mm|cm|m|ft|in)\b"
    rf"|\d{{1,3}}\s?['’′](?:\s?-?\s?{_FRACTION}\s?(?:[\"”″]|''))?"
    rf"|{_FRACTION}\s?[\"”″])"
)
_BARE = re.compile(r"\d{3,5}|\d{1,2}[.,]\d{2,3}")
_CHAIN = 2  # bare numbers on one line of dimensions, at least
_ALIGNED = 0.6  # line heights between the middles of numbers of one chain


def drawing_scale(layout: Layout) -> tuple[str, Line] | None:
    """Return the scale as written: the one that the word "scale" stands before, or else the only one there is."""
    named: list[tuple[str, Line]] = []
    found: list[tuple[str, Line]] = []
    for line in layout.lines:
        for pattern in (SCALE, _IMPERIAL_SCALE, _NO_SCALE):
            for match in pattern.finditer(line.text):
                (named if _SCALE_WORD.search(line.text[: match.start()]) else found).append((match[0], line))
    if named:
        return named[0]
    return found[0] if len({"".join(text.split()) for text, _ in found}) == 1 else None


def lengths(layout: Layout) -> list[Line]:
    """Return the lines that are a length and nothing else.

    Numbers without a unit count where several stand in one line, as on a chain of dimensions.
    """
    found = {line.index for line in layout.lines if LENGTH.fullmatch(line.text)}
    bare = [line for line in layout.lines if _BARE.fullmatch(line.text)]
    chained = {line.index for chain in (*_chains(bare, level=True), *_chains(bare, level=False)) for line in chain}
    return [line for line in layout.lines if line.index in found or line.index in chained]


def _chains(numbers: Sequence[Line], *, level: bool) -> list[list[Line]]:
    """Return the numbers that stand on one level line, or, turned, on one upright line."""

    def place(line: Line) -> float:
        return line.middle if level else line.centre

    turned = [line for line in numbers if line.vertical is not level]
    chains: list[list[Line]] = []
    for line in sorted(turned, key=place):
        if chains and place(line) - place(chains[-1][-1]) < _ALIGNED * line.height:
            chains[-1].append(line)
        else:
            chains.append([line])
    return [chain for chain in chains if len(chain) >= _CHAIN]
