"""Documents: what they say of themselves, their pages, and the pages that a search finds.

Pages are kept as they come, each with its pieces for retrieval; how far a document is stands in its own row.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import TSQUERY

from scopix_server.db.events import SessionEvents
from scopix_server.db.schema import files
from scopix_server.db.search_tables import document_pages, documents, search_pages
from scopix_server.domain.document import Chunk, DocumentFacts, DocumentPage, DocumentProgress, PageMatch, TextSource
from scopix_server.domain.session import Stage
from scopix_server.domain.words import phrases_of, read_words

__all__ = ["SqlDocuments", "pages_with"]

_MAX_WORDS = 200_000  # characters of a page that are searched, as of a file's text
_facts = TypeAdapter(DocumentFacts)
_page = TypeAdapter(DocumentPage)
_chunks = TypeAdapter(tuple[Chunk, ...])
# On SQLite: a virtual table, of which SQLAlchemy has no notion.
_page_index = sa.table("page_index", sa.column("rowid"))
_MATCHES = sa.text("page_index MATCH :page_query")


class SqlDocuments:
    """The `DocumentRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(self, file_id: str, facts: DocumentFacts) -> None:
        for table in (search_pages, document_pages, documents):
            self._connection.execute(table.delete().where(table.c.file_id == file_id))
        values = {"facts": _facts.dump_python(facts, mode="json"), "pages_read": 0, "chunk_count": 0, "ocr_pages": 0}
        self._connection.execute(documents.insert().values(file_id=file_id, is_complete=False, **values))

    def progress(self, file_id: str) -> DocumentProgress | None:
        return self.all_progress([file_id]).get(file_id)

    def all_progress(self, file_ids: Sequence[str]) -> dict[str, DocumentProgress]:
        rows = self._connection.execute(sa.select(documents).where(documents.c.file_id.in_(file_ids))).mappings()
        return {
            row["file_id"]: DocumentProgress(
                _facts.validate_python(row["facts"]),
                row["pages_read"],
                row["chunk_count"],
                row["ocr_pages"],
                row["is_complete"],
            )
            for row in rows
        }

    def add_pages(
        self, file_id: str, pages: Sequence[tuple[DocumentPage, tuple[Chunk, ...]]], at: datetime
    ) -> DocumentProgress | None:
        # The document's row first: of two workers that read the same one, the other waits here.
        known = documents.c.file_id == file_id
        row = self._connection.execute(sa.select(documents).where(known).with_for_update()).mappings().first()
        if row is None:
            return None
        new = [(page, chunks) for page, chunks in pages if page.number > row["pages_read"]]
        if new:
            self._insert(file_id, new)
            ocr = sum(page.source is TextSource.OCR for page, _ in new)
            self._connection.execute(
                documents.update()
                .where(known)
                .values(
                    pages_read=max(page.number for page, _ in new),
                    chunk_count=documents.c.chunk_count + sum(len(chunks) for _, chunks in new),
                    ocr_pages=documents.c.ocr_pages + ocr,
                )
            )
            # Whoever asks whether it is stuck sees that it goes on.
            self._connection.execute(files.update().where(files.c.id == file_id).values(updated_at=at))
        return self.progress(file_id)

    def _insert(self, file_id: str, pages: Sequence[tuple[DocumentPage, tuple[Chunk, ...]]]) -> None:
        self._connection.execute(
            document_pages.insert(),
            [
                {
                    "file_id": file_id,
                    "number": page.number,
                    "data": _page.dump_python(page, mode="json"),
                    "chunks": _chunks.dump_python(chunks, mode="json"),
                    "chunk_count": len(chunks),
                }
                for page, chunks in pages
            ],
        )
        words = [(page.number, " ".join(read_words(page.text))[:_MAX_WORDS].rstrip()) for page, _ in pages]
        searched = [{"file_id": file_id, "page": page, "words": text} for page, text in words if text]
        if searched:
            self._connection.execute(search_pages.insert(), searched)

    def finish(self, file_id: str, at: datetime) -> None:
        self._connection.execute(documents.update().where(documents.c.file_id == file_id).values(is_complete=True))
        SessionEvents(self._connection).happened([file_id], Stage.PERCEIVED, at)

    def pages(self, file_id: str, *, limit: int, offset: int, search: str | None = None) -> Sequence[DocumentPage]:
        query = sa.select(document_pages.c.data).where(document_pages.c.file_id == file_id)
        if search is not None:
            found = pages_with(self._connection.dialect.name, search, [search_pages.c.page])
            if found is None:
                return []
            query = query.where(document_pages.c.number.in_(found.where(search_pages.c.file_id == file_id)))
        rows = self._connection.execute(query.order_by(document_pages.c.number).limit(limit).offset(offset))
        return [_page.validate_python(row.data) for row in rows]

    def count_pages(self, file_id: str, search: str) -> int:
        found = pages_with(self._connection.dialect.name, search, [sa.func.count()])
        if found is None:
            return 0
        number: int = self._connection.execute(found.where(search_pages.c.file_id == file_id)).scalar_one()
        return number

    def each_page(self, file_id: str) -> Iterator[DocumentPage]:
        query = sa.select(document_pages.c.data).where(document_pages.c.file_id == file_id)
        rows = self._connection.execute(query.order_by(document_pages.c.number), execution_options={"yield_per": 50})
        for row in rows:
            yield _page.validate_python(row.data)

    def last_heading(self, file_id: str) -> str | None:
        query = sa.select(document_pages.c.chunks).where(
            document_pages.c.file_id == file_id, document_pages.c.chunk_count > 0
        )
        row = self._connection.execute(query.order_by(document_pages.c.number.desc()).limit(1)).first()
        return None if row is None else row.chunks[-1]["heading"]

    def chunks(self, file_id: str, *, limit: int, offset: int) -> Sequence[tuple[int, Chunk]]:
        here = document_pages.c.file_id == file_id
        counts = self._connection.execute(
            sa.select(document_pages.c.number, document_pages.c.chunk_count)
            .where(here)
            .order_by(document_pages.c.number)
        ).all()
        numbers: list[int] = []
        skipped = passed = 0
        for number, count in counts:
            if passed + count > offset and passed < offset + limit and count:
                if not numbers:
                    skipped = offset - passed
                numbers.append(number)
            passed += count
        query = sa.select(document_pages.c.number, document_pages.c.chunks).where(
            here, document_pages.c.number.in_(numbers)
        )
        rows = self._connection.execute(query.order_by(document_pages.c.number))
        found = [(row.number, chunk) for row in rows for chunk in _chunks.validate_python(row.chunks)]
        return found[skipped : skipped + limit]

    def find_pages(self, tenant_id: str, search: str, *, limit: int, offset: int) -> tuple[Sequence[PageMatch], int]:
        found = pages_with(self._connection.dialect.name, search, [search_pages.c.number])
        if found is None:
            return [], 0
        source = search_pages.join(files, files.c.id == search_pages.c.file_id)
        mine = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), search_pages.c.number.in_(found))
        total = self._connection.execute(sa.select(sa.func.count()).select_from(source).where(mine)).scalar_one()
        pages = source.join(
            document_pages,
            sa.and_(document_pages.c.file_id == files.c.id, document_pages.c.number == search_pages.c.page),
        )
        columns = (files.c.id, files.c.filename, files.c.title, document_pages.c.data)
        query = sa.select(*columns).select_from(pages).where(mine)
        newest = (files.c.created_at.desc(), files.c.id.desc(), search_pages.c.page)
        rows = self._connection.execute(query.order_by(*newest).limit(limit).offset(offset))
        return [PageMatch(row.id, row.filename, row.title, _page.validate_python(row.data)) for row in rows], total


def pages_with(dialect: str, search: str, columns: Sequence[Any]) -> sa.Select[Any] | None:
    """Return the query of those columns for all pages that hold every phrase of a search; None if it asks nothing."""
    phrases = phrases_of(search)
    if not phrases:
        return None
    query = sa.select(*columns)
    if dialect == "sqlite":
        # The words hold letters and digits only, so they need no escaping; each part's last word may go on.
        criteria = " AND ".join(f'"{" ".join(words)}" *' for words in phrases)
        source = search_pages.join(_page_index, _page_index.c.rowid == search_pages.c.number)
        return query.select_from(source).where(_MATCHES.bindparams(page_query=criteria))
    query = query.select_from(search_pages)
    for words in phrases:
        criteria = " & ".join(f"'{word}'" for word in words) + ":*"
        query = query.where(sa.literal_column("search_pages.word_vector").bool_op("@@")(sa.cast(criteria, TSQUERY)))
        if len(words) > 1:
            # The index knows which words a page has, not where.
            query = query.where((" " + search_pages.c.words).like(f"% {' '.join(words)}%"))
    return query
