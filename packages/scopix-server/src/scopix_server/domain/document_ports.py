"""The port of what is known of documents: how far each is read, its pages, and pieces of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from scopix_server.domain.document import Chunk, DocumentFacts, DocumentPage, DocumentProgress, PageMatch

__all__ = ["DocumentRepository"]


class DocumentRepository(Protocol):
    """Documents with their pages, which come some at a time."""

    def begin(self, file_id: str, facts: DocumentFacts) -> None:
        """Note that a document is read from its first page on; what was read of it before is forgotten."""

    def progress(self, file_id: str) -> DocumentProgress | None:
        """Return how far a document is; None when it was not begun."""

    def all_progress(self, file_ids: Sequence[str]) -> dict[str, DocumentProgress]:
        """Return the same for each file that is a document and was begun."""

    def add_pages(
        self, file_id: str, pages: Sequence[tuple[DocumentPage, tuple[Chunk, ...]]], at: datetime
    ) -> DocumentProgress | None:
        """Keep the next pages, with their pieces; those that are there already stay as they are.

        Returns:
            How far it is now; None when the document is gone.
        """

    def finish(self, file_id: str, at: datetime) -> None:
        """Note that all pages were read that are to be read."""

    def pages(self, file_id: str, *, limit: int, offset: int, search: str | None = None) -> Sequence[DocumentPage]:
        """Return pages in their order; with `search`, those that hold all its phrases."""

    def count_pages(self, file_id: str, search: str) -> int:
        """Return how many pages hold all phrases of a search."""

    def each_page(self, file_id: str) -> Iterator[DocumentPage]:
        """Yield all pages in their order, a few in memory at a time."""

    def last_heading(self, file_id: str) -> str | None:
        """Return the heading that stands last on the pages read so far."""

    def chunks(self, file_id: str, *, limit: int, offset: int) -> Sequence[tuple[int, Chunk]]:
        """Return pieces in their order, each with the number of its page."""

    def find_pages(self, tenant_id: str, search: str, *, limit: int, offset: int) -> tuple[Sequence[PageMatch], int]:
        """Return a tenant's pages that hold all phrases of a search, the newest files first, and how many there are."""
