"""Pages by their own words: what they are called, what they state, what they ask for."""

import re
from collections.abc import Sequence
from statistics import median

from scopix_server.reading.entities import MONEY
from scopix_server.reading.fields import is_label
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import columns_of, words_in
from scopix_server.reading.receipts import read_receipt
from scopix_server.reading.titles import Title, title_of, top_title
from scopix_server.reading.words import noun_of

__all__ = [
    "ISSUED",
    "PAGE",
    "document_kind",
    "document_noun",
    "empty_labels",
    "form_noun",
    "is_firm_document",
    "is_loose",
    "page_title",
    "running_lines",
]

_FORM = re.compile(
    r"\b(?:forms?|application|registration|questionnaire|claim|slip|report|request|enrol(?:l)?ment|declaration|permit|"
    r"\w*formular|\w*antrag|anmeldung|\w*bogen|fiche|formulaire|demande|inscription|formulario|solicitud|modulo|"
    r"\w*formulier|aanvraag|signature|unterschrift|handtekening|firma|date of birth|geburtsdatum|date de naissance)\b",
    re.IGNORECASE,
)
_PAYING = (
    r"paid|cash|card|credit card|debit card|change|visa|mastercard|maestro|"
    r"bar|ec-karte|girocard|kreditkarte|gegeben|rückgeld"
)
_TILL = re.compile(
    rf"(?:{_PAYING}|total|summe|thank you|vielen dank|danke|merci|gracias|grazie)\b.{{0,30}}", re.IGNORECASE
)
_PAID = re.compile(rf"(?:{_PAYING})\b.{{0,30}}", re.IGNORECASE)
ISSUED = frozenset({"invoice", "receipt", "page with prices"})
"""What a company issues over a sum."""
PAGE = "page of text"
_PROSE_WORDS = 6
_LINES_OF_PROSE = 4
_NARROW_WORDS, _LINES_OF_NARROW_PROSE = 4, 12
_LINES_OF_A_PARAGRAPH = 2
_ONE_SIZE = 1.3  # times the usual size: what is larger is no running text
_MIN_FIELDS = 3
_ITEM_AND_TOTAL = 2


def document_noun(layout: Layout) -> str:
    """Return what the page is by its own words, such as "invoice" or "letter", or what can be seen on it."""
    nouns = [noun for line in layout.lines if (noun := noun_of(line.text)) is not None]
    if nouns:
        return nouns[0]
    priced = [line for line in layout.lines if MONEY.fullmatch(line.text)]
    till = sum(bool(_TILL.fullmatch(line.text)) for line in layout.lines) >= 2
    if len(priced) >= 3:
        return "receipt" if till else "page with prices"
    if till and _is_paid(layout):
        return "receipt"
    return PAGE if layout.table() is None else "page with a table"


def _is_paid(layout: Layout) -> bool:
    """Whether it says how a total was paid, and what for: one item is enough, in a line with its price or beside it."""
    if not any(_PAID.fullmatch(line.text) for line in layout.lines) or read_receipt(layout).total is None:
        return False
    ends = [max((found.end() for found in MONEY.finditer(line.text)), default=0) for line in layout.lines]
    return sum(end == len(line.text) > 0 for end, line in zip(ends, layout.lines, strict=True)) >= _ITEM_AND_TOTAL


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


def running_lines(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of running text; many lines of fewer words are running text in narrow columns."""
    long = [line for line in lines if words_in(line.text) >= _PROSE_WORDS]
    narrow = [line for line in lines if words_in(line.text) >= _NARROW_WORDS]
    body = long if len(long) >= _LINES_OF_PROSE or len(narrow) < _LINES_OF_NARROW_PROSE else narrow
    if len(body) < _LINES_OF_PROSE:
        return []
    # Lines of a paragraph start beneath each other, in one size of type; a date or a headline among them does not.
    aligned = {line.index for column in columns_of(body, _LINES_OF_A_PARAGRAPH) for line in column}
    largest = _ONE_SIZE * median(line.size for line in body)
    return [line for line in body if line.index in aligned and line.size <= largest]


def is_loose(layout: Layout) -> bool:
    """Whether it may be a figure as well as a page: it is wider than high, and neither running text nor a paper's."""
    return (
        layout.width > 1
        and document_noun(layout) == PAGE
        and not is_firm_document(layout)
        and not (running_lines(layout.lines))
    )


def page_title(layout: Layout, *, loose: bool | None = None) -> Title | None:
    """Return the title of a page. What a firm issues has none, nor has a figure unless it comes first.

    `loose` says whether it may be a figure; by default that is judged (`is_loose`).
    """
    heading = layout.heading() if document_noun(layout) not in ISSUED else None
    if heading is None or noun_of(heading.text) is not None:
        return None
    figure = is_loose(layout) if loose is None else loose
    return top_title(layout) if figure else title_of(layout, heading)
