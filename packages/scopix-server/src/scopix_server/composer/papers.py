"""What can be said of pages: forms, invoices, receipts, letters, articles."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from scopix_server.composer.tables import describe_table
from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.phrases import Statement, article, count_of, listing, quote, quoted_listing
from scopix_server.reading.entities import find_entities
from scopix_server.reading.facts import labelled_facts
from scopix_server.reading.grid import has_names_elsewhere
from scopix_server.reading.layout import Layout, Line, Pair
from scopix_server.reading.lines import letters
from scopix_server.reading.pages import (
    ISSUED,
    document_noun,
    empty_labels,
    form_noun,
    is_loose,
    page_title,
    running_lines,
)
from scopix_server.reading.receipts import read_receipt

__all__ = ["describe_document", "describe_field", "describe_form", "found_in_text", "texts_of"]

_SECTION = re.compile(r"(\d{1,2})(?:\.\d{1,2})?\.?\s+[^\W\d].{2,50}")
_CAPTION = re.compile(
    r"(?:figure|fig\.?|table|heading|chapter|section|abbildung|abb\.?|tabelle|kapitel)\b", re.IGNORECASE
)
_MAX_FIELDS = 24
_SURE_SENDER = 0.9
_LETTERS_OF_A_SECTION = 3  # "1 X 5.20" on a receipt is a price
_ONE_SIZE = 1.3
_SHORT_LINES = 4  # with which a paragraph may begin
_PITCH, _INDENT = 1.6, 2.5  # line heights: from line to line of a paragraph, and of its first line's indent
_MAX_LINES = 16


def describe_form(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a form: its title, each label with its value, a table if it has one."""
    pairs = layout.fields()[:_MAX_FIELDS]
    yield _opening(perception, layout, form_noun(layout))
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        fields = "; ".join(describe_field(pair) for pair in pairs)
        # Only a form has fields; a page that sets words beside words has labelled values.
        sort = "filled-in field" if form_noun(layout) == "form" else "labelled value"
        count = count_of(len(pairs), sort).capitalize()
        yield Statement(f"{count} could be read: {fields}.", {"regions": indices, "fields": _as_fields(pairs)})
    elif labels := empty_labels(layout):
        sentence = (
            f"Its labels read {quoted_listing([line.text for line in labels], _MAX_FIELDS)}; no values could be read."
        )
        yield Statement(sentence, {"regions": [line.index for line in labels]})
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
    if table is not None and not (noun in ISSUED and has_names_elsewhere(table)):
        yield describe_table(table)
    pairs = [pair for pair in labelled_facts(layout) if not _CAPTION.match(pair.label)][:_MAX_FIELDS]
    if pairs:
        indices = [index for pair in pairs for index in pair.indices]
        sentence = f"It says {'; '.join(describe_field(pair) for pair in pairs)}."
        yield Statement(sentence, {"regions": indices, "fields": _as_fields(pairs)})
    # The longest lines of a receipt are addresses and thanks.
    prose = list(_prose(layout, layout.heading())) if table is None and noun not in ISSUED else []
    yield from prose
    if table is None and not pairs and not prose:
        yield from _plain_text(layout, opening.evidence["regions"])
    yield from found_in_text(layout, but={pair.value for pair in pairs})


def found_in_text(layout: Layout, but: Collection[str] = (), *, drawn: bool = False) -> Iterator[Statement]:
    """Yield one sentence about dates, scales and addresses that are in the text and were not said yet."""
    found = find_entities(((line.index, line.text) for line in layout.lines), drawn=drawn)
    parts, indices = [], []
    for sort, texts in found.items():
        new = [(text, index) for text, index in texts if not any(text in other for other in but)][:3]
        if new:
            parts.append(f"{sort} {listing([text for text, _ in new])}")
            indices += [index for _, index in new]
    if parts:
        fields = {"scale": [text for text, _ in found["scale"]]} if "scale" in found else {}
        yield Statement(f"Found in the text: {'; '.join(parts)}.", {"regions": indices, "fields": fields})


def texts_of(lines: Sequence[Line]) -> list[str]:
    """Return what the lines say, for the fields noted as evidence."""
    return [line.text for line in lines]


def describe_field(pair: Pair) -> str:
    """Return label and value in quotation marks."""
    return f"{quote(pair.label.rstrip(' :'), 60)} – {quote(pair.value, 80)}"


def _as_fields(pairs: Sequence[Pair]) -> dict[str, list[list[str]]]:
    return {"fields": [[pair.label, pair.value] for pair in pairs]}


def _opening(perception: Perception, layout: Layout, noun: str) -> Statement:
    # One line alone is all the text there is, and no title of more.
    heading = layout.heading() if len(layout.lines) > 1 else None
    shape = "portrait" if perception.height > perception.width else "landscape"
    loose = noun == document_noun(layout) and is_loose(layout)
    opening = f"{article('page or figure with text' if loose else noun).capitalize()} in {shape} format"
    if noun in ISSUED:
        # The largest type on a receipt is a shop's, a stamp's or "TOTAL": its sender says more than a title.
        sender = read_receipt(layout).sender
        if sender is not None and sender.confidence >= _SURE_SENDER:
            return Statement(f"{opening} from {quote(sender.text)}.", {"regions": list(sender.indices)})
    elif heading is not None and (title := page_title(layout, loose=loose)) is not None:
        return Statement(f"{opening} titled {quote(title.text)}.", {"regions": list(title.indices)})
    table = layout.table()
    inside = table.indices if table else frozenset()
    if heading is not None and not loose:
        return Statement(f"{opening}, headed {quote(heading.text)}.", {"regions": [heading.index]})
    first = next((line for line in layout.lines if letters(line.text) >= 3), None)
    if first is None or first.index in inside:
        return Statement(f"{opening}.", {"regions": []})
    return Statement(f"{opening}; the first line reads {quote(first.text)}.", {"regions": [first.index]})


def _prose(layout: Layout, heading: Line | None) -> Iterator[Statement]:
    start = heading.bottom if heading else 0.0
    body = running_lines([line for line in layout.lines if line.top >= start])
    columns = _columns(body)
    if columns > 1:
        sentence = f"The text stands in {count_of(columns, 'column')}."
        yield Statement(sentence, {"regions": [line.index for line in body]})
    sections = _sections(layout)
    if sections:
        sentence = f"Section headings: {quoted_listing([line.text for line in sections], 12)}."
        yield Statement(sentence, {"regions": [line.index for line in sections]})
    if body:
        first = _first_of_paragraph(body[0], [line for line in layout.lines if line is not heading])
        yield Statement(f"The text begins {quote(first.text, 160)}.", {"regions": [first.index]})


def _first_of_paragraph(line: Line, lines: Sequence[Line]) -> Line:
    """Return the line with which the paragraph begins that this one belongs to: a first line may be of few words."""
    for _ in range(_SHORT_LINES):
        above = [
            other
            for other in lines
            if 0 < line.middle - other.middle <= _PITCH * line.height
            and abs(other.left - line.left) <= _INDENT * line.height
            and max(other.size, line.size) <= _ONE_SIZE * min(other.size, line.size)
        ]
        if not above:
            break
        line = max(above, key=lambda other: other.middle)
    return line


def _plain_text(layout: Layout, used: Collection[int]) -> Iterator[Statement]:
    """Yield what is written on a page that has neither running text nor pairs nor a table."""
    lines = [line for line in layout.lines if line.index not in used and letters(line.text) >= 2]
    if lines:
        text = f"It reads {quoted_listing([line.text for line in lines], _MAX_LINES)}."
        yield Statement(text, {"regions": [line.index for line in lines[:_MAX_LINES]]})


def _sections(layout: Layout) -> list[Line]:
    """Return the lines that begin with a section's number; these count on, unlike house numbers and dates."""
    wordy = [line for line in layout.lines if letters(line.text) >= _LETTERS_OF_A_SECTION]
    numbered = [(int(match[1]), line) for line in wordy if (match := _SECTION.fullmatch(line.text))]
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
