"""Pages by their own words: what they are called, what they state, what they ask for."""

import re

from scopix_server.reading.entities import MONEY
from scopix_server.reading.fields import is_label
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import words_in
from scopix_server.reading.words import noun_of

__all__ = [
    "ISSUED",
    "PAGE",
    "document_kind",
    "document_noun",
    "empty_labels",
    "form_noun",
    "is_firm_document",
]

_FORM = re.compile(
    r"\b(?:forms?|application|registration|questionnaire|claim|slip|report|request|enrol(?:l)?ment|declaration|permit|"
    r"\w*formular|\w*antrag|anmeldung|\w*bogen|fiche|formulaire|demande|inscription|formulario|solicitud|modulo|"
    r"\w*formulier|aanvraag|signature|unterschrift|handtekening|firma|date of birth|geburtsdatum|date de naissance)\b",
    re.IGNORECASE,
)
_TILL = re.compile(
    r"(?:cash|card|change|visa|mastercard|bar|ec-karte|rückgeld|total|summe|"
    r"thank you|vielen dank|danke|merci|gracias|grazie)\b.{0,30}",
    re.IGNORECASE,
)
ISSUED = frozenset({"invoice", "receipt", "page with prices"})
"""What a company issues over a sum."""
PAGE = "page of text"
_PROSE_WORDS = 6
_LINES_OF_PROSE = 4
_MIN_FIELDS = 3


def document_noun(layout: Layout) -> str:
    """Return what the page is by its own words, such as "invoice" or "letter", or what can be seen on it."""
    nouns = [noun for line in layout.lines if (noun := noun_of(line.text)) is not None]
    if nouns:
        return nouns[0]
    priced = [line for line in layout.lines if MONEY.fullmatch(line.text)]
    if len(priced) >= 3:
        till = sum(bool(_TILL.fullmatch(line.text)) for line in layout.lines) >= 2
        return "receipt" if till else "page with prices"
    return PAGE if layout.table() is None else "page with a table"


def document_kind(layout: Layout) -> tuple[str, tuple[int, ...]] | None:
    """Return what the page is by its own words, such as "invoice" or "form", and the lines that say so, or None."""
    for line in layout.lines:
        noun = noun_of(line.text)
        if noun is not None:
            return noun, (line.index,)
    if document_noun(layout) == "receipt":
        return "receipt", tuple(line.index for line in layout.lines if _TILL.fullmatch(line.text))
    asking = len(layout.fields()) >= _MIN_FIELDS or len(empty_labels(layout)) >= _MIN_FIELDS
    saying = [line for line in layout.lines if len(line.text.split()) < _PROSE_WORDS and _FORM.search(line.text)]
    return ("form", (saying[0].index,)) if asking and saying else None


def is_firm_document(layout: Layout) -> bool:
    """Whether more than the number of its lines says that it is a page: its own words, a table, or running text."""
    prose = sum(words_in(line.text) >= _PROSE_WORDS for line in layout.lines)
    return document_noun(layout) != PAGE or prose >= _LINES_OF_PROSE


def form_noun(layout: Layout) -> str:
    """Return "form" where a title or a label says so, or else what can be seen: labels and values."""
    short = (line.text for line in layout.lines if len(line.text.split()) < _PROSE_WORDS)
    return "form" if any(_FORM.search(text) for text in short) else "page of labelled values"


def empty_labels(layout: Layout) -> list[Line]:
    """Return the lines that ask for something: by their words, or by a colon with nothing after it."""
    return [line for line in layout.lines if is_label(line.text) or line.text.endswith(":")]
