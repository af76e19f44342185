"""What can be said of pages: forms, invoices, receipts, letters, articles."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from statistics import median

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.engines.grounded.entities import MONEY, find_entities
from scopix_server.engines.grounded.fields import is_label
from scopix_server.engines.grounded.layout import Layout, Line, Pair
from scopix_server.engines.grounded.lines import columns_of, letters
from scopix_server.engines.grounded.phrases import Statement, article, count_of, listing, quote, quoted_listing
from scopix_server.engines.grounded.tables import describe_table
from scopix_server.engines.grounded.words import noun_of

__all__ = [
    "describe_document",
    "describe_field",
    "describe_form",
    "document_noun",
    "empty_labels",
    "form_noun",
    "found_in_text",
    "is_firm_document",
]

_FORM = re.compile(
    r"\b(?:forms?|application|registration|questionnaire|claim|slip|report|request|enrol(?:l)?ment|declaration|permit|"
    r"\w*formular|\w*antrag|anmeldung|\w*bogen|fiche|formulaire|demande|inscription|formulario|solicitud|modulo|"
    r"\w*formulier|aanvraag|signature|unterschrift|handtekening|firma|date of birth|geburtsdatum|date de naissance)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:grand |net |gross |sub ?)?total\b.{0,20}|amount due.{0,10}|balance due.{0,10}|summe\b.{0,12}|"
    r"gesamt\w{0,10}.{0,12}",
    re.IGNORECASE,
)
_TILL = re.compile(
    r"(?:cash|card|change|visa|mastercard|bar|ec-karte|rückgeld|total|summe|"
    r"thank you|vielen dank|danke|merci|gracias|grazie)\b.{0,30}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r".{0,30}\b(?:no|nr|number|date|ref|due|\w{0,20}nummer|\w{0,20}datum|numéro|n°|fecha|data)\b\.?:?", re.IGNORECASE
)
_SECTION = re.compile(r"(\d{1,2})(?:\.\d{1,2})?\.?\s+[^\W\d].{2,50}")
_MOST_FIELDS = 24
_PROSE_WORDS = 6
_LINES_OF_PROSE = 4
_NARROW_WORDS, _LINES_OF_NARROW_PROSE = 4, 12
_LINES_OF_A_PARAGRAPH = 2
_ONE_SIZE = 1.3
_MOST_LINES = 16
_PAGE = "page of text"


def describe_form(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a form: its title, each label with its value, a table if it has one."""
    pairs = layout.fields()[:_MOST_FIELDS]
    yield _opening(perception, layout, form_noun(layout))
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        fields = "; ".join(describe_field(pair) for pair in pairs)
        # Only a form has fields; a page that sets words beside words has labelled values.
        sort = "filled-in field" if form_noun(layout) == "form" else "labelled value"
        count = count_of(len(pairs), sort).capitalize()
        yield Statement(f"{count} could be read: {fields}.", {"regions": indices})
    elif labels := empty_labels(layout):
        said = (
            f"Its labels read {quoted_listing([line.text for line in labels], _MOST_FIELDS)}; no values could be read."
        )
        yield Statement(said, {"regions": [line.index for line in labels]})
    table = layout.table()
    if table is not None and not table.indices & {index for pair in pairs for index in pair.indices}:
        yield describe_table(table)
    yield from found_in_text(layout, but={pair.value for pair in pairs})


def describe_document(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a page: an invoice, a receipt, an article."""
    noun = document_noun(layout)
    opening = _opening(perception, layout, noun)
    yield opening
    table = layout.table()
    if table is not None:
        yield describe_table(table)
    pairs = _facts(layout)
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        yield Statement(f"It says {'; '.join(describe_field(pair) for pair in pairs)}.", {"regions": indices})
    prose = list(_prose(layout, layout.heading())) if table is None else []
    yield from prose
    if table is None and not pairs and not prose:
        yield from _plain_text(layout, opening.evidence["regions"])
    yield from found_in_text(layout, but={pair.value for pair in pairs})


def found_in_text(layout: Layout, but: Collection[str] = (), *, drawn: bool = False) -> Iterator[Statement]:
    """Yield one sentence about dates, scales and addresses that are in the text and were not said yet."""
    found = find_entities(((line.index, line.text) for line in layout.lines), drawn=drawn)
    parts, indices = [], []
    for sort, texts in found.items():
        new = [(text, index) for text, index in texts if not any(text in said for said in but)][:3]
        if new:
            parts.append(f"{sort} {listing([text for text, _ in new])}")
            indices += [index for _, index in new]
    if parts:
        yield Statement(f"Found in the text: {'; '.join(parts)}.", {"regions": indices})


def document_noun(layout: Layout) -> str:
    """Return what the page is by its own words, such as "invoice" or "letter", or what can be seen on it."""
    nouns = [noun for line in layout.lines if (noun := noun_of(line.text)) is not None]
    if nouns:
        return nouns[0]
    priced = [line for line in layout.lines if MONEY.fullmatch(line.text)]
    if len(priced) >= 3:
        till = sum(bool(_TILL.fullmatch(line.text)) for line in layout.lines) >= 2
        return "receipt" if till else "page with prices"
    return _PAGE if layout.table() is None else "page with a table"


def is_firm_document(layout: Layout) -> bool:
    """Whether more than the number of its lines says that it is a page: its own words, a table, or running text."""
    prose = sum(len(line.text.split()) >= _PROSE_WORDS for line in layout.lines)
    return document_noun(layout) != _PAGE or prose >= _LINES_OF_PROSE


def form_noun(layout: Layout) -> str:
    """Return "form" where a title or a label says so, or else what can be seen: labels and values."""
    short = (line.text for line in layout.lines if len(line.text.split()) < _PROSE_WORDS)
    return "form" if any(_FORM.search(text) for text in short) else "page of labelled values"


def empty_labels(layout: Layout) -> list[Line]:
    """Return the lines that ask for something: by their words, or by a colon with nothing after it."""
    return [line for line in layout.lines if is_label(line.text) or line.text.endswith(":")]


def describe_field(pair: Pair) -> str:
    """Return label and value in quotation marks."""
    return f"{quote(pair.label.rstrip(' :'), 60)} – {quote(pair.value, 80)}"


def _opening(perception: Perception, layout: Layout, noun: str) -> Statement:
    heading = layout.heading()
    shape = "portrait" if perception.height > perception.width else "landscape"
    opening = f"{article(noun).capitalize()} in {shape} format"
    if heading is not None and noun_of(heading.text) is None:
        return Statement(f"{opening} titled {quote(heading.text)}.", {"regions": [heading.index]})
    table = layout.table()
    inside = table.indices if table else frozenset()
    first = next((line for row in layout.rows for line in row if line is not heading and letters(line.text) >= 3), None)
    first = None if first is None or first.index in inside else first
    headed = f", headed {quote(heading.text)}" if heading else ""
    reads = f"; the first line reads {quote(first.text)}" if first else ""
    indices = [line.index for line in (heading, first) if line is not None]
    return Statement(f"{opening}{headed}{reads}.", {"regions": indices})


def _facts(layout: Layout) -> list[Pair]:
    """Return pairs with a colon, labelled numbers and dates, priced items and totals, each with its value beside it."""
    pairs = layout.pairs()
    used = {index for pair in pairs for index in pair.indices}
    table = layout.table()
    inside = table.indices if table else frozenset()
    for row in layout.rows:
        free = [line for line in row if line.index not in used and line.index not in inside]
        pair = _labelled(free, layout.width)
        if pair is not None:
            pairs.append(pair)
            used |= set(pair.indices)
    return pairs[:_MOST_FIELDS]


def _labelled(row: Sequence[Line], width: float) -> Pair | None:
    if len(row) < 2:
        return None
    label, value = row[-2], row[-1]
    priced = MONEY.fullmatch(value.text) is not None and letters(label.text) >= 2
    named = _NUMBERED.fullmatch(label.text) is not None or _TOTAL.fullmatch(label.text) is not None
    near = value.left - label.right < (width if priced else 0.6)
    return Pair(label.text, value.text, (label.index, value.index)) if (priced or named) and near else None


def _prose(layout: Layout, heading: Line | None) -> Iterator[Statement]:
    start = heading.bottom if heading else 0.0
    body = _body([line for line in layout.lines if line.top >= start])
    columns = _columns(body)
    if columns > 1:
        said = f"The text stands in {count_of(columns, 'column')}."
        yield Statement(said, {"regions": [line.index for line in body]})
    sections = _sections(layout)
    if sections:
        said = f"Section headings: {quoted_listing([line.text for line in sections], 12)}."
        yield Statement(said, {"regions": [line.index for line in sections]})
    if body:
        yield Statement(f"The text begins {quote(body[0].text, 160)}.", {"regions": [body[0].index]})


def _body(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of running text; many lines of fewer words are running text in narrow columns."""
    long = [line for line in lines if len(line.text.split()) >= _PROSE_WORDS]
    narrow = [line for line in lines if len(line.text.split()) >= _NARROW_WORDS]
    body = long if len(long) >= _LINES_OF_PROSE or len(narrow) < _LINES_OF_NARROW_PROSE else narrow
    if len(body) < _LINES_OF_PROSE:
        return []
    # Lines of a paragraph start beneath each other, in one size of type; a date or a headline among them does not.
    aligned = {line.index for column in columns_of(body, _LINES_OF_A_PARAGRAPH) for line in column}
    largest = _ONE_SIZE * median(line.size for line in body)
    return [line for line in body if line.index in aligned and line.size <= largest]


def _plain_text(layout: Layout, said: Collection[int]) -> Iterator[Statement]:
    """Yield what is written on a page that has neither running text nor pairs nor a table."""
    lines = [line for line in layout.lines if line.index not in said and letters(line.text) >= 2]
    if lines:
        text = f"It reads {quoted_listing([line.text for line in lines], _MOST_LINES)}."
        yield Statement(text, {"regions": [line.index for line in lines[:_MOST_LINES]]})


def _sections(layout: Layout) -> list[Line]:
    """Return the lines that begin with a section's number; these count on, unlike house numbers and dates."""
    numbered = [(int(match[1]), line) for line in layout.lines if (match := _SECTION.fullmatch(line.text))]
    counted = all(0 <= after - before <= 1 for (before, _), (after, _) in pairwise(numbered))
    return [line for _, line in numbered] if len(numbered) >= 2 and counted else []


def _columns(body: list[Line]) -> int:
    """Return 2 when the lines keep to two halves with a gutter between them that most lines respect, else 1."""
    if len(body) < 8:
        return 1
    left, right = min(line.left for line in body), max(line.right for line in body)
    middle = (left + right) / 2
    on_left = sum(line.right <= middle for line in body)
    on_right = sum(line.left >= middle for line in body)
    return 2 if min(on_left, on_right) >= 4 and on_left + on_right >= 0.75 * len(body) else 1
