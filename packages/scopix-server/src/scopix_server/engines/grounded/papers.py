"""What can be said of pages: forms, invoices, receipts, letters, articles."""

import re
from collections.abc import Iterator

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.engines.grounded.entities import MONEY, find_entities
from scopix_server.engines.grounded.layout import Layout, Line, Pair
from scopix_server.engines.grounded.phrases import Statement, article, count_of, listing, quote, quoted_listing
from scopix_server.engines.grounded.tables import describe_table

__all__ = ["describe_document", "describe_form", "document_noun", "found_in_text"]

_NOUNS = ("invoice", "receipt", "quotation", "purchase order", "delivery note", "letter", "certificate", "contract")
_TOTAL = re.compile(r"(?:grand |net |gross )?total\b.{0,20}|amount due.{0,10}|balance due.{0,10}", re.IGNORECASE)
_NUMBERED = re.compile(r".{0,30}\b(?:no|nr|number|date|ref)\b\.?:?", re.IGNORECASE)
_MOST_FIELDS = 24
_PROSE_WORDS = 6


def describe_form(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a form: its title, and each label with its value."""
    yield _opening(perception, layout, "form")
    pairs = layout.pairs()[:_MOST_FIELDS]
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        fields = "; ".join(_field(pair) for pair in pairs)
        count = count_of(len(pairs), "filled-in field").capitalize()
        yield Statement(f"{count} could be read: {fields}.", {"regions": indices})
    yield from found_in_text(layout, but={pair.value for pair in pairs})


def describe_document(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a page: an invoice, a receipt, an article."""
    noun = document_noun(layout)
    heading = layout.heading()
    yield _opening(perception, layout, noun)
    table = layout.table()
    if table is not None:
        yield describe_table(table)
    pairs = _facts(layout)
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        yield Statement(f"It says {'; '.join(_field(pair) for pair in pairs)}.", {"regions": indices})
    if table is None and not pairs:
        yield from _prose(layout, heading)
    yield from found_in_text(layout, but={pair.value for pair in pairs})


def found_in_text(layout: Layout, but: set[str] | None = None) -> Iterator[Statement]:
    """Yield one sentence about dates, scales and addresses that are in the text and were not said yet."""
    found = find_entities((line.index, line.text) for line in layout.lines)
    parts, indices = [], []
    for sort, texts in found.items():
        new = [(text, index) for text, index in texts if text not in (but or set())][:3]
        if new:
            parts.append(f"{sort} {listing([text for text, _ in new])}")
            indices += [index for _, index in new]
    if parts:
        yield Statement(f"Found in the text: {'; '.join(parts)}.", {"regions": indices})


def document_noun(layout: Layout) -> str:
    """Return what the page calls itself, or "page of text"."""
    for line in layout.lines:
        words = line.text.lower()
        for noun in _NOUNS:
            if re.search(rf"\b{noun}", words) and len(words.split()) <= 4:
                return noun
    return "page of text"


def _opening(perception: Perception, layout: Layout, noun: str) -> Statement:
    heading = layout.heading()
    shape = "portrait" if perception.height > perception.width else "landscape"
    if heading is None:
        first = next((line for line in layout.lines if sum(c.isalpha() for c in line.text) >= 3), None)
        reads = f"; the first line reads {quote(first.text)}" if first else ""
        said = f"{article(noun).capitalize()} in {shape} format{reads}."
        return Statement(said, {"regions": [first.index] if first else []})
    title = quote(heading.text)
    if heading.text.lower() == noun:
        first = next(
            (line for line in layout.lines if line is not heading and any(c.isalpha() for c in line.text)), None
        )
        if first is not None:
            opening = f"{article(noun).capitalize()} in {shape} format, headed {title}"
            said = f"{opening}; the first line reads {quote(first.text)}."
            return Statement(said, {"regions": [heading.index, first.index]})
    return Statement(f"{article(noun).capitalize()} in {shape} format titled {title}.", {"regions": [heading.index]})


def _field(pair: Pair) -> str:
    return f"{quote(pair.label.rstrip(' :'), 60)} – {quote(pair.value, 80)}"


def _facts(layout: Layout) -> list[Pair]:
    """Return pairs with a colon, labelled numbers and dates, priced items and totals, each with its value beside it."""
    pairs = layout.pairs()
    used = {index for pair in pairs for index in pair.indices}
    table = layout.table()
    inside = table.indices if table else frozenset()
    for row in layout.rows:
        free = [line for line in row if line.index not in used and line.index not in inside]
        pair = _labelled(free)
        if pair is not None:
            pairs.append(pair)
            used |= set(pair.indices)
    return pairs[:_MOST_FIELDS]


def _labelled(row: list[Line]) -> Pair | None:
    if len(row) < 2:
        return None
    label, value = row[-2], row[-1]
    priced = MONEY.fullmatch(value.text) is not None and any(c.isalpha() for c in label.text)
    named = _NUMBERED.fullmatch(label.text) is not None or _TOTAL.fullmatch(label.text) is not None
    near = value.left - label.right < 0.6
    return Pair(label.text, value.text, (label.index, value.index)) if (priced or named) and near else None


def _prose(layout: Layout, heading: Line | None) -> Iterator[Statement]:
    start = heading.bottom if heading else 0.0
    body = [line for line in layout.lines if line.top >= start and len(line.text.split()) >= _PROSE_WORDS]
    columns = _columns(body)
    if columns > 1:
        yield Statement(
            f"The text stands in {count_of(columns, 'column')}.", {"regions": [line.index for line in body]}
        )
    sections = [line for line in layout.lines if re.fullmatch(r"\d{1,2}(?:\.\d{1,2})?\.?\s+\D.{2,50}", line.text)]
    if len(sections) >= 2:
        yield Statement(
            f"Section headings: {quoted_listing([line.text for line in sections], 12)}.",
            {"regions": [line.index for line in sections]},
        )
    if body:
        yield Statement(f"The text begins {quote(body[0].text, 160)}.", {"regions": [body[0].index]})


def _columns(body: list[Line]) -> int:
    """Return 2 when the lines keep to two halves with a gutter between them that most lines respect, else 1."""
    if len(body) < 8:
        return 1
    left, right = min(line.left for line in body), max(line.right for line in body)
    middle = (left + right) / 2
    on_left = sum(line.right <= middle for line in body)
    on_right = sum(line.left >= middle for line in body)
    return 2 if min(on_left, on_right) >= 4 and on_left + on_right >= 0.75 * len(body) else 1
