"""The pages of a PDF as text with places: from their text layer where it is good, else read from their picture."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

import pypdfium2.raw as pdfium

from scopix_server.documents.characters import read_characters, type_of, words_of_page
from scopix_server.documents.languages import language_of
from scopix_server.documents.page_content import not_read, with_content, with_what_is_read
from scopix_server.documents.pdf import box_within, draw_page, opened_page
from scopix_server.documents.reading_order import Segment, lines_in_order
from scopix_server.documents.text_layer import Read, choose_source
from scopix_server.domain.description import TextRegion
from scopix_server.domain.document import DocumentPage, Heading, OutlineEntry, TextSource

__all__ = ["OCR_DPI", "read_page"]

OCR_DPI = 150
"""Pixels per inch of the pictures that are read: type of 8 points is then 17 pixels high, more than needed."""
_LARGER = 1.15  # than the body's type, for a heading
_MAX_BOLD = 0.3  # of a page's letters; where more is bold, bold is no sign of a heading
_MAX_HEADING_WORDS = 14
_MAX_HEADINGS = 40
_MIN_BODY = 100  # letters; below that a page has no body whose type could be compared


def read_page(document: Any, index: int, read: Read | None, outline: Sequence[OutlineEntry] = ()) -> DocumentPage:
    """Return page `index` (from 0) of an open PDF.

    `read` reads pictures; None when no more pages are to be read so. `outline` has the entries that lead to this page.
    """
    number = index + 1
    with opened_page(document, index) as page:
        if page is None:
            return DocumentPage(number, TextSource.NONE, error="The page is damaged and could not be opened.")
        width, height = page.get_size()
        label = document.get_page_label(index) or None
        if width < 1 or height < 1:
            return DocumentPage(number, TextSource.NONE, "a page without an area", label=label)
        empty = DocumentPage(number, TextSource.NONE, width=round(width, 2), height=round(height, 2), label=label)
        text_page = page.get_textpage()
        try:
            text = read_characters(page, text_page)
            lines = lines_in_order(words_of_page(text.characters), width, height)
            language = language_of(" ".join(line.text for line in lines))
            choice = choose_source(page, text, lines, language, read or _read_nothing)
            if choice.source is TextSource.TEXT_LAYER:
                regions = _regions(lines, width, height)
                headings = _headings(text_page.raw, lines, outline, width, height)
                return with_content(empty, choice.source, choice.reason, regions, headings, language)
        finally:
            text_page.close()
        if choice.source is TextSource.NONE:
            return with_content(empty, choice.source, choice.reason, (), (), None)
        if read is None:
            return not_read(empty, choice.reason)
        return with_what_is_read(empty, choice.reason, draw_page(page, dpi=OCR_DPI), read)


def _read_nothing(_: Any) -> tuple[TextRegion, ...]:
    return ()


def _regions(lines: Sequence[Segment], width: float, height: float) -> tuple[TextRegion, ...]:
    regions = []
    for line in lines:
        box = box_within(*line.box, width, height)
        if box is not None:
            regions.append(TextRegion(line.text, box, 1.0))
    return tuple(regions)


def _headings(
    raw: Any, lines: Sequence[Segment], outline: Sequence[OutlineEntry], width: float, height: float
) -> tuple[Heading, ...]:
    """Return the headings: the outline's where they stand on the page, else those whose type says so."""
    titles = {_plain(entry.title): entry for entry in outline}
    found = [(line, titles[_plain(line.text)]) for line in lines if _plain(line.text) in titles]
    if found:
        return tuple(Heading(line.text, entry.level, box_within(*line.box, width, height)) for line, entry in found)
    matrix = pdfium.FS_MATRIX()
    types = [type_of(raw, line.words[0].index, matrix) for line in lines]
    letters: Counter[float] = Counter()
    for line, (size, _) in zip(lines, types, strict=True):
        letters[round(size, 1)] += len(line.text)
    total = sum(letters.values())
    if total < _MIN_BODY:
        return ()
    body = letters.most_common(1)[0][0]
    bold = sum(len(line.text) for line, (_, is_bold) in zip(lines, types, strict=True) if is_bold) / total
    heads = [
        (line, size)
        for line, (size, is_bold) in zip(lines, types, strict=True)
        if _may_head(line.text) and (size >= _LARGER * body or (is_bold and bold < _MAX_BOLD and size >= body))
    ]
    sizes = sorted({round(size) for _, size in heads}, reverse=True)
    joined = _joined([(line, sizes.index(round(size)) + 1) for line, size in heads])
    return tuple(
        Heading(line.text, level, box_within(*line.box, width, height)) for line, level in joined[:_MAX_HEADINGS]
    )


def _plain(text: str) -> str:
    """Return the letters and digits of a text, without a number before it: outlines and pages number differently."""
    return "".join(sign for sign in text.casefold().lstrip("0123456789. ") if sign.isalnum())


def _may_head(text: str) -> bool:
    return len(text.split()) <= _MAX_HEADING_WORDS and sum(sign.isalpha() for sign in text) >= 3


def _joined(heads: Sequence[tuple[Segment, int]]) -> list[tuple[Segment, int]]:
    """Put pieces of one line together, and lines of one heading: of the same level, and close beneath each other."""
    joined: list[tuple[Segment, int]] = []
    for line, level in heads:
        if joined:
            last, same = joined[-1]
            height = median(word.y1 - word.y0 for word in last.words)
            x0, y0, x1, y1 = last.box
            beside = abs(line.box[1] - y0) < height / 2
            beneath = 0 <= line.box[1] - y1 < height / 2 and line.box[0] < x1 and line.box[2] > x0
            short = len(last.words) + len(line.words) <= _MAX_HEADING_WORDS
            if same == level and short and (beside or beneath):
                joined[-1] = Segment(last.words + line.words), level
                continue
        joined.append((line, level))
    return joined
