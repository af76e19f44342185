"""Documents page by page: read, cut into pieces for retrieval, searched."""

from collections.abc import Sequence

from scopix.types.vocabulary import MediaType
from scopix_server.domain.document import Chunk, DocumentPage, DocumentProgress, PageMatch
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.ports import Database, Transaction
from scopix_server.library.files import find_file

__all__ = ["Documents"]


class Documents:
    """A tenant's documents. All methods block.

    Those that name a file raise NotFound and Conflict as `find_file`, NotFound when no page was read yet, and
    WrongMediaType for an image.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(
        self, tenant_id: str, file_id: str, *, limit: int, offset: int, search: str | None
    ) -> tuple[File, DocumentProgress, Sequence[DocumentPage], int]:
        """Return pages in their order, those that hold all words of `search` if it is given, and how many there are."""

        def read(transaction: Transaction) -> tuple[File, DocumentProgress, Sequence[DocumentPage], int]:
            file, progress = _find(transaction, tenant_id, file_id)
            pages = transaction.documents.pages(file.id, limit=limit, offset=offset, search=search)
            total = progress.pages_read if search is None else transaction.documents.count_pages(file.id, search)
            return file, progress, pages, total

        return self._database.read(read)

    def chunks(
        self, tenant_id: str, file_id: str, *, limit: int, offset: int
    ) -> tuple[File, DocumentProgress, Sequence[tuple[int, Chunk]]]:
        """Return pieces of the text, in their order, each with its number."""

        def read(transaction: Transaction) -> tuple[File, DocumentProgress, Sequence[tuple[int, Chunk]]]:
            file, progress = _find(transaction, tenant_id, file_id)
            return file, progress, transaction.documents.chunks(file.id, limit=limit, offset=offset)

        return self._database.read(read)

    def search(self, tenant_id: str, search: str, *, limit: int, offset: int) -> tuple[Sequence[PageMatch], int]:
        """Return the pages of all documents that hold all words, and how many there are."""
        return self._database.read(lambda t: t.documents.find_pages(tenant_id, search, limit=limit, offset=offset))


def _find(transaction: Transaction, tenant_id: str, file_id: str) -> tuple[File, DocumentProgress]:
    file = find_file(transaction, tenant_id, file_id)
    if file.media_type is not MediaType.DOCUMENT:
        raise WrongMediaType(f"{file.filename} is no document, so it has no pages.", media_type=file.media_type.value)
    progress = transaction.documents.progress(file.id)
    if progress is None:
        raise NotFound(f"No page of {file.filename} was read yet.", resource_type="document", resource_id=file.id)
    return file, progress
