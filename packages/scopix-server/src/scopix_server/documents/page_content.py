"""What a page's lines hold: paragraphs, tables, labelled fields, dates; alike for text layers and for what was read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from scopix_server.documents.languages import language_of
from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.domain.document import DocumentPage, Heading, PageField, PageTable, TextSource
from scopix_server.domain.phrases import clean
from scopix_server.reading.entities import find_entities
from scopix_server.reading.layout import Layout, read_layout

__all__ = ["joined_text", "not_read", "with_content", "with_what_is_read"]

_PARAGRAPH = 0.6
"""Line heights between two lines from which on a new paragraph begins: leading is 0.2 to 0.5 of the type's size."""
_MAX_DATES, _MAX_FIELDS = 40, 60  # of a page; its record is bounded, and the text has the rest


def with_content(
    page: DocumentPage,
    source: TextSource,
    reason: str,
    regions: tuple[TextRegion, ...],
    headings: tuple[Heading, ...],
    language: str | None,
) -> DocumentPage:
    """Return the page with its text and what can be told from it."""
    width, height = round(page.width or 1), round(page.height or 1)
    layout = read_layout(Perception(width, height, text=regions))
    table = layout.table()
    in_table = table.indices if table is not None else frozenset()
    dates = find_entities([(line.index, line.text) for line in layout.lines]).get("date", [])
    return replace(
        page,
        source=source,
        reason=reason,
        text=joined_text(regions),
        regions=regions,
        headings=headings or _heading_of(layout, source, regions),
        language=language,
        tables=() if table is None else (PageTable((table.header, *table.rows), _around(regions, in_table)),),
        fields=tuple(_fields(layout, regions, in_table))[:_MAX_FIELDS],
        dates=tuple(date for date, _ in dates)[:_MAX_DATES],
    )


def with_what_is_read(
    page: DocumentPage, reason: str, pixels: Any, read: Callable[[Any], tuple[TextRegion, ...]]
) -> DocumentPage:
    """Return the page with what is read on its picture; `pixels` are None where it has none."""
    regions = () if pixels is None else read(pixels)
    language = language_of(" ".join(region.text for region in regions))
    return with_content(page, TextSource.OCR, reason, regions, (), language)


def not_read(page: DocumentPage, reason: str) -> DocumentPage:
    """Return a page of which no text is known, since enough others were read."""
    reason = f"{reason}; not read, since enough pages were read by their pictures"
    return with_content(page, TextSource.NONE, reason, (), (), None)


def joined_text(regions: Sequence[TextRegion]) -> str:
    """Return the lines of a page as one text: an empty line where a paragraph ends."""
    if not regions:
        return ""
    typical = median(region.box.height for region in regions)
    text, last = regions[0].text, regions[0]
    for region in regions[1:]:
        gap = region.box.y - (last.box.y + last.box.height)
        same_row = abs(region.box.y - last.box.y) < typical / 2
        apart = abs(gap) > _PARAGRAPH * typical and not same_row
        text += (" " if same_row else "\n\n" if apart else "\n") + region.text
        last = region
    return text


def _heading_of(layout: Layout, source: TextSource, regions: Sequence[TextRegion]) -> tuple[Heading, ...]:
    """Of what was read, the one heading that its size tells; types of a text layer are known better."""
    head = layout.heading() if source is TextSource.OCR else None
    return () if head is None else (Heading(head.text, 1, regions[head.index].box),)


def _fields(layout: Layout, regions: Sequence[TextRegion], in_table: frozenset[int]) -> list[PageField]:
    pairs = [pair for pair in layout.fields() if not in_table.intersection(pair.indices)]
    return [PageField(clean(p.label, 200), clean(p.value, 400), _around(regions, p.indices)) for p in pairs]


def _around(regions: Sequence[TextRegion], indices: "Sequence[int] | frozenset[int]") -> Box | None:
    boxes = [regions[index].box for index in indices if index < len(regions)]
    if not boxes:
        return None
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(x, y, right - x, bottom - y)
