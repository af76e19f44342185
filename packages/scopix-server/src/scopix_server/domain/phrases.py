"""Words and sentences: quoting what was read, listing, counting."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Statement", "article", "clean", "count_of", "listing", "quote", "quoted_listing"]

_MAX_QUOTE = 120
_MAX_LINE = 400
_PLURAL = frozenset({"minutes"})  # what pages are called that has no singular
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, and what it rests on: indices of text regions, names of figures, labels with probabilities."""

    text: str
    evidence: dict[str, Any] = field(default_factory=dict)


def clean(text: str, limit: int = _MAX_LINE) -> str:
    """Return text as one line without control characters: text found in an image is data and stays data.

    More than `limit` characters are cut off, so that whatever is done with a line takes bounded time.
    """
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[:limit])
    return " ".join(kept.split())


def quote(text: str, limit: int = _MAX_QUOTE) -> str:
    """Put text found in an image between quotation marks; inner ones become single, long text is cut."""
    plain = clean(text).replace('"', "'")
    return f'"{plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"}"'


def listing(items: Sequence[str], max_items: int = 10) -> str:
    """Join as "a, b and c"; more than `max_items` items end in "and N more"."""
    shown = list(items[:max_items])
    if len(items) > max_items:
        shown.append(f"{len(items) - max_items} more")
    if len(shown) <= 1:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def quoted_listing(items: Sequence[str], max_items: int = 10, limit: int = 60) -> str:
    """Join quoted items as `listing` does."""
    return listing([quote(item, limit) for item in items], max_items)


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Return "one room", "seven rooms", "23 rooms"."""
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {singular if number == 1 else plural or singular + 's'}"


def article(noun: str) -> str:
    """Return the noun with "a" or "an" before it, or alone if it has no singular."""
    if noun in _PLURAL:
        return noun
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
