"""Where values stand that an engine took from the picture: the lines of text that they can be read in."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from scopix_server.domain.description import Perception

__all__ = ["locate"]

_MIN_LENGTH = 3  # signs of a value from which on being part of a line is no chance
_MAX_VALUES = 500
_MAX_LINES = 1500
_WRAPPED = 3  # lines that a value may go over


def locate(data: dict[str, Any], perception: Perception) -> list[dict[str, Any]]:
    """Return evidence, as in `Extraction.evidence`, for the texts in `data` that stand on the picture.

    A text counts where it is a line, is part of one, or goes over up to three lines that follow each other; spaces and
    case do not matter. What is not found so has no entry: it was seen, or made up.
    """
    lines = [_plain(region.text) for region in perception.text[:_MAX_LINES]]
    whole, ends = "".join(lines), list(accumulate(map(len, lines)))
    found = []
    for number, (pointer, value) in enumerate(_texts("", data)):
        if number == _MAX_VALUES:
            break
        regions = _regions(_plain(value), lines, whole, ends)
        if regions:
            found.append({"field": pointer, "regions": regions})
    return found


def _texts(pointer: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            # As JSON pointers have it (RFC 6901).
            yield from _texts(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(f"{pointer}/{place}", inner)


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _regions(value: str, lines: Sequence[str], whole: str, ends: Sequence[int]) -> list[int]:
    """Return the lines; `whole` is all of them without a gap, and `ends` where each of them ends in it."""
    if not value:
        return []
    if value in lines:
        return [lines.index(value)]
    if len(value) < _MIN_LENGTH:
        return []
    inside = next((index for index, line in enumerate(lines) if value in line), None)
    if inside is not None:
        return [inside]
    start = whole.find(value)
    if start < 0:
        return []
    first, last = bisect_right(ends, start), bisect_right(ends, start + len(value) - 1)
    return list(range(first, last + 1)) if last - first < _WRAPPED else []
