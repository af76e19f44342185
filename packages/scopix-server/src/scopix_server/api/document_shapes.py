"""What is known of documents, as the wire has it."""

from collections.abc import Sequence

from scopix.types import documents as wire
from scopix.types.places import BoundingBox
from scopix_server.api.perception_shapes import bounding_box, text_region
from scopix_server.domain.description import Box
from scopix_server.domain.document import Chunk, DocumentPage, DocumentProgress, PageMatch, TextSource
from scopix_server.domain.words import phrases_of, words_of

__all__ = ["chunk_list", "document_info", "match_list", "page_list"]

_SNIPPET = 200  # characters around a hit: about three lines of a page


def document_info(progress: DocumentProgress) -> wire.DocumentInfo:
    """Return what is known of a document as a whole."""
    facts = progress.facts
    return wire.DocumentInfo(
        document_type=facts.format,
        page_count=facts.page_count,
        is_paginated=facts.is_paginated,
        pages_read=progress.pages_read,
        ocr_pages=progress.ocr_pages,
        chunk_count=progress.chunk_count,
        is_complete=progress.is_complete,
        title=facts.title or None,
        author=facts.author or None,
        subject=facts.subject or None,
        keywords=list(facts.keywords),
        created=facts.created or None,
        modified=facts.modified or None,
        producer=facts.producer or None,
        outline=[
            wire.DocumentOutlineEntry(title=entry.title, level=entry.level, page=entry.page) for entry in facts.outline
        ],
        form_fields=[
            wire.DocumentFormField(
                name=each.name, value=each.value, kind=each.kind, page=each.page, bbox=_bbox(each.box)
            )
            for each in facts.form_fields
        ],
        notes=list(facts.notes),
    )


def page_list(
    file_id: str, progress: DocumentProgress, pages: Sequence[DocumentPage], total: int, *, limit: int, offset: int
) -> wire.DocumentPageList:
    """Answer with some pages of a document, of `total` that were asked for."""
    return wire.DocumentPageList(
        image_id=file_id,
        items=[_page(page) for page in pages],
        page_count=progress.facts.page_count,
        pages_read=progress.pages_read,
        is_complete=progress.is_complete,
        total_count=total,
        has_more=offset + len(pages) < total,
        limit=limit,
        offset=offset,
    )


def _page(page: DocumentPage) -> wire.DocumentPage:
    return wire.DocumentPage(
        number=page.number,
        label=page.label,
        width=page.width,
        height=page.height,
        text=page.text,
        text_source=page.source.value,
        text_source_reason=page.reason or None,
        language=page.language,
        text_regions=[
            # Text of the file's own was not recognised, so nobody is more or less sure of it.
            region if page.source is TextSource.OCR else region.model_copy(update={"confidence": None})
            for region in map(text_region, page.regions)
        ],
        headings=[wire.DocumentHeading(text=h.text, level=h.level, bbox=_bbox(h.box)) for h in page.headings],
        tables=[wire.DocumentTable(rows=[list(row) for row in t.rows], bbox=_bbox(t.box)) for t in page.tables],
        fields=[wire.DocumentField(name=f.name, value=f.value, bbox=_bbox(f.box)) for f in page.fields],
        dates=list(page.dates),
        error=page.error,
    )


def chunk_list(
    file_id: str, progress: DocumentProgress, chunks: Sequence[tuple[int, Chunk]], *, limit: int, offset: int
) -> wire.DocumentChunkList:
    """Answer with some pieces of a document."""
    return wire.DocumentChunkList(
        image_id=file_id,
        items=[
            wire.DocumentChunk(
                id=chunk.id,
                page=page,
                text=chunk.text,
                start=chunk.start,
                overlap=chunk.overlap,
                heading=chunk.heading,
                bbox=_bbox(chunk.box),
            )
            for page, chunk in chunks
        ],
        is_complete=progress.is_complete,
        total_count=progress.chunk_count,
        has_more=offset + len(chunks) < progress.chunk_count,
        limit=limit,
        offset=offset,
    )


def match_list(found: Sequence[PageMatch], total: int, search: str, *, limit: int, offset: int) -> wire.PageMatchList:
    """Answer with the pages that a search found."""
    items = []
    for match in found:
        snippet, box = _snippet(match.page, search)
        items.append(
            wire.PageMatch(
                image_id=match.file_id,
                filename=match.filename,
                title=match.title,
                page=match.page.number,
                snippet=snippet,
                bbox=_bbox(box),
            )
        )
    return wire.PageMatchList(
        items=items, total_count=total, has_more=offset + len(items) < total, limit=limit, offset=offset
    )


def _snippet(page: DocumentPage, search: str) -> tuple[str, Box | None]:
    """Return the lines from the first on that holds a word of the search, and the place of that one."""
    first = [words[0] for words in phrases_of(search)]
    lines: list[tuple[str, Box | None]] = [(region.text, region.box) for region in page.regions]
    lines = lines or [(line, None) for line in page.text.splitlines()]
    for index, (line, box) in enumerate(lines):
        if any(word.startswith(expected) for word in words_of(line) for expected in first):
            return " ".join(text for text, _ in lines[index : index + 4])[:_SNIPPET], box
    return page.text[:_SNIPPET], None


def _bbox(box: Box | None) -> BoundingBox | None:
    return None if box is None else bounding_box(box)
