"""What is known of a document: what the file says of itself, and what stands on each of its pages.

Boxes are in fractions of the page, as `Box` has them, so that they fit every rendering of it; the page's own size is in
points (1/72 inch).
"""

from dataclasses import dataclass, field
from enum import Enum

from scopix_server.domain.description import Box, TextRegion

__all__ = [
    "Chunk",
    "DocumentDigest",
    "DocumentFacts",
    "DocumentPage",
    "DocumentProgress",
    "FormField",
    "Heading",
    "OutlineEntry",
    "PageField",
    "PageMatch",
    "PageTable",
    "TextSource",
]


class TextSource(str, Enum):
    """Where a page's text comes from: the file's own text, reading its picture, or nowhere."""

    TEXT_LAYER = "text_layer"
    OCR = "ocr"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """An entry of the document's own table of contents: `level` counts from 1; `page` from 1, None if it names none."""

    title: str
    level: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form as the file has it: `kind` is text, checkbox, radio, choice, button or signature."""

    name: str
    value: str
    kind: str
    page: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page: `level` counts from 1, the largest."""

    text: str
    level: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PageField:
    """A label and the value that stands beside or beneath it."""

    name: str
    value: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table: its rows, the first of which names the columns, each of as many cells; empty cells are empty."""

    rows: tuple[tuple[str, ...], ...]
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """What stands on one page, or on one part of a document without pages.

    `number` counts from 1. `width` and `height` are in points, as the page is shown; None where there is no page.
    `label` is the page's own number ("iv"). `reason` says why the text comes from where it comes. `text` is in reading
    order, lines parted by line breaks, paragraphs by empty lines; `regions` are its lines with their places. `language`
    is a BCP 47 tag, or None when it cannot be told. `error` says why a page could not be read.
    """

    number: int
    source: TextSource
    reason: str = ""
    text: str = ""
    width: float | None = None
    height: float | None = None
    label: str | None = None
    language: str | None = None
    regions: tuple[TextRegion, ...] = ()
    headings: tuple[Heading, ...] = ()
    tables: tuple[PageTable, ...] = ()
    fields: tuple[PageField, ...] = ()
    dates: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a page's text for retrieval: `start` is the place of its own text in the page's, in characters.

    `text` begins with `overlap` characters of what stands before it. `heading` is the nearest heading above it, on
    whatever page. The id is the same whenever the same file is read to the same text.
    """

    id: str
    text: str
    start: int
    overlap: int = 0
    heading: str | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a file says of itself.

    `format` is pdf, docx, tif, txt or md. `page_count` counts pages, or parts where the file has no pages
    (`is_paginated` is False); `to_read` of these are read. Times are ISO 8601 text as the file has them. `notes` are
    sentences about what is special: what is not read and why.
    """

    format: str
    page_count: int
    to_read: int
    is_paginated: bool = True
    title: str = ""
    author: str = ""
    subject: str = ""
    keywords: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    producer: str = ""
    outline: tuple[OutlineEntry, ...] = ()
    form_fields: tuple[FormField, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentDigest:
    """All pages in short, for a description.

    `text` is the text of the first pages up to a bound; `languages` counts letters by language; `terms` are the words
    that are written most, of those that mean something. `headings` come with their page.
    """

    facts: DocumentFacts
    pages: int = 0
    read_by_ocr: int = 0
    without_text: int = 0
    failed: tuple[int, ...] = ()
    words: int = 0
    tables: int = 0
    text: str = ""
    languages: dict[str, int] = field(default_factory=dict)
    headings: tuple[tuple[str, int], ...] = ()
    fields: tuple[tuple[str, str, int], ...] = ()
    dates: tuple[tuple[str, int], ...] = ()
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentProgress:
    """How far a document is: its facts, how many pages and chunks there are, and whether that is all."""

    facts: DocumentFacts
    pages_read: int
    chunk_count: int
    ocr_pages: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class PageMatch:
    """A page on which a search found its words, of a file by its id, name and title."""

    file_id: str
    filename: str
    title: str | None
    page: DocumentPage
