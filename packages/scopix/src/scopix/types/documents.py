"""Bodies of what is told of documents: what they say of themselves, their pages, and pieces of them for retrieval."""

from pydantic import Field

from scopix.types._paging import Page
from scopix.types._wire import WireModel
from scopix.types.places import BoundingBox, TextRegion

__all__ = [
    "DocumentChunk",
    "DocumentChunkList",
    "DocumentField",
    "DocumentFormField",
    "DocumentHeading",
    "DocumentInfo",
    "DocumentOutlineEntry",
    "DocumentPage",
    "DocumentPageList",
    "DocumentTable",
    "PageMatch",
    "PageMatchList",
]


class DocumentOutlineEntry(WireModel):
    """An entry of the document's own table of contents. `level` counts from 1; `page` too, null if it names none."""

    title: str
    level: int = 1
    page: int | None = None


class DocumentFormField(WireModel):
    """A form field: `kind` is text, checkbox, radio, choice, button or signature; boxes say "on" or "off"."""

    name: str
    value: str = ""
    kind: str = "text"
    page: int | None = None
    bbox: BoundingBox | None = None


class DocumentHeading(WireModel):
    """A heading of a page; `level` counts from 1, the largest."""

    text: str
    level: int = 1
    bbox: BoundingBox | None = None


class DocumentField(WireModel):
    """A label and the value that stands beside or beneath it."""

    name: str
    value: str
    bbox: BoundingBox | None = None


class DocumentTable(WireModel):
    """A table: rows of as many cells each, the first of which names the columns; empty cells are empty."""

    rows: list[list[str]] = Field(default_factory=list)
    bbox: BoundingBox | None = None


class DocumentInfo(WireModel):
    """What is known of a document as a whole.

    `page_count` counts its pages; with `is_paginated` false the file has none, and they are parts of its text. Of them
    `pages_read` are there already (`GET /files/{id}/pages`), `ocr_pages` of these read by their pictures; with
    `is_complete` no more will come. Times are as the file has them, in ISO 8601. `notes` are sentences about what was
    not read, and why.
    """

    document_type: str
    page_count: int
    is_paginated: bool = True
    pages_read: int = 0
    ocr_pages: int = 0
    chunk_count: int = 0
    is_complete: bool = False
    title: str | None = None
    author: str | None = None
    subject: str | None = None
    keywords: list[str] = Field(default_factory=list)
    created: str | None = None
    modified: str | None = None
    producer: str | None = None
    outline: list[DocumentOutlineEntry] = Field(default_factory=list)
    form_fields: list[DocumentFormField] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class DocumentPage(WireModel):
    """What stands on one page.

    `width` and `height` are in points (1/72 inch), as the page is shown; boxes are in fractions of it. `text_source` is
    text_layer, ocr or none, `text_source_reason` why. `text` is in reading order, with an empty line after each
    paragraph; `text_regions` are its lines. `label` is the page's own number ("iv"). `error` says why it was not read.
    """

    number: int
    label: str | None = None
    width: float | None = None
    height: float | None = None
    text: str = ""
    text_source: str = "none"
    text_source_reason: str | None = None
    language: str | None = None
    text_regions: list[TextRegion] = Field(default_factory=list)
    headings: list[DocumentHeading] = Field(default_factory=list)
    tables: list[DocumentTable] = Field(default_factory=list)
    fields: list[DocumentField] = Field(default_factory=list)
    dates: list[str] = Field(default_factory=list)
    error: str | None = None


class DocumentPageList(Page[DocumentPage]):
    """200 body of `GET /files/{id}/pages`. `page_count` counts the document's pages, `pages_read` those read so far."""

    image_id: str
    items: list[DocumentPage]
    page_count: int
    pages_read: int
    is_complete: bool
    total_count: int
    has_more: bool
    limit: int | None = None
    offset: int | None = None


class DocumentChunk(WireModel):
    """A piece of a page's text, for retrieval.

    The `id` stays the same for as long as the file is read to the same text. `text` begins with `overlap` characters of
    what stands before it; its own begins at `start` of the page's text. `bbox` is around its lines.
    """

    id: str
    page: int
    text: str
    start: int = 0
    overlap: int = 0
    heading: str | None = None
    bbox: BoundingBox | None = None


class DocumentChunkList(Page[DocumentChunk]):
    """200 body of `GET /files/{id}/chunks`."""

    image_id: str
    items: list[DocumentChunk]
    is_complete: bool
    total_count: int
    has_more: bool
    limit: int | None = None
    offset: int | None = None


class PageMatch(WireModel):
    """A page on which a search found its words. `snippet` is the line with the first of them, and the ones after it."""

    image_id: str
    filename: str = ""
    title: str | None = None
    page: int
    snippet: str = ""
    bbox: BoundingBox | None = None


class PageMatchList(Page[PageMatch]):
    """200 body of `GET /pages`: the pages that hold all words of a search, the newest files first."""

    items: list[PageMatch]
    total_count: int
    has_more: bool
    limit: int | None = None
    offset: int | None = None
