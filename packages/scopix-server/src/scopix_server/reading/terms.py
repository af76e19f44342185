"""Finding terms in text: also in the plural, hyphenated, or without their space, which readings lose."""

import re
from collections.abc import Iterator

from scopix_server.domain.patterns import late
from scopix_server.reading.layout import Layout, Line

__all__ = ["phrases", "terms_in"]

_NEGATED = late(r"(?:\b(?:no|not|without|kein\w{0,2}|ohne|sans|sin)\s+|\bnon-)$", re.IGNORECASE)


def phrases(*terms: str) -> re.Pattern[str]:
    """Return a pattern for any of the terms, as words of their own, also in a plural with -s or -es."""
    by_length = sorted(terms, key=len, reverse=True)
    found = "|".join(re.escape(term).replace(r"\ ", r"[\s-]?").replace(r"\-", r"[\s-]?") for term in by_length)
    return late(rf"(?<![\w-])(?:{found})(?:e?s)?(?![\w])", re.IGNORECASE)


def terms_in(layout: Layout, pattern: re.Pattern[str], *besides: re.Pattern[str]) -> Iterator[tuple[str, Line]]:
    """Yield each term that matches, as written, with its line.

    What is part of a match of `besides` does not count ("concrete" in "concrete pump"), nor what is denied ("no
    cranes").
    """
    for line in layout.lines:
        taken = [match.span() for other in besides for match in other.finditer(line.text)]
        for match in pattern.finditer(line.text):
            within = any(start <= match.start() and match.end() <= end for start, end in taken)
            if not within and not _NEGATED.search(line.text[: match.start()]):
                yield match[0], line
