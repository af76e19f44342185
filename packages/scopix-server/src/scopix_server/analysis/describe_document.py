"""Reading a document some pages at a time, so that its pages are there as they come and none is read twice.

A page that takes too long, or that ends the process that reads it, costs itself only. A worker that dies leaves the
pages that are read; the next one goes on behind them.
"""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from scopix.types.vocabulary import DescriptionErrorType, VariantStatus
from scopix_server.domain.analysis import DocumentAnalyzer, RenderedVariant
from scopix_server.domain.document import Chunk, DocumentDigest, DocumentPage, DocumentProgress, TextSource
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, Variant, extension_of
from scopix_server.domain.ports import Database, Transaction
from scopix_server.intake.stores import Stores
from scopix_server.reading.chunks import chunks_of, last_heading
from scopix_server.reading.digest import digest_of

__all__ = ["ReadDocument"]

_PORTION = 100
"""Pages at a time at most: what is lost of them when a worker dies is a few seconds' work, or twenty with scans."""
_SMALLER = 4
"""Of a portion that ended its reader, the next attempt takes a quarter: a page to blame is found in a few attempts."""


class ReadDocument:
    """Reads documents of all tenants. Methods block.

    Args:
        keep: stores a variant of a file.
        max_ocr_pages: so many pages of a document are read by their pictures; of more, it is told that they were not.
    """

    def __init__(
        self,
        database: Database,
        stores: Stores,
        documents: DocumentAnalyzer,
        keep: Callable[[File, RenderedVariant], Variant],
        *,
        max_ocr_pages: int,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._stores = stores
        self._documents = documents
        self._keep = keep
        self._max_ocr_pages = max_ocr_pages
        self._now = now

    def run(self, file: File, revision: int) -> bool:
        """Read all pages that are not read yet. False when the document is not wanted any more.

        Raises:
            DescribeError: the document cannot be opened.
        """
        progress = self._database.read(lambda t: t.documents.progress(file.id))
        if progress is not None and progress.is_complete:
            return True
        extension = extension_of(file)
        with self._stores.local_path(file) as path:
            if progress is None or file.variant_status is not VariantStatus.COMPLETED:
                progress = self._open(file, path, extension, known=progress)
            count = _PORTION
            while progress.pages_read < progress.facts.to_read:
                if not self._database.read(lambda t: t.descriptions.is_current(file.id, revision)):
                    return False
                pages = self._portion(path, extension, progress, count)
                if not pages:
                    count = max(1, count // _SMALLER)
                    continue
                count = min(_PORTION, 2 * count)
                added = self._database.write(functools.partial(self._add, file=file, pages=pages))
                if added is None:
                    return False
                progress = added
        self._database.write(lambda t: t.documents.finish(file.id, self._now()))
        return True

    def render(self, file: File) -> Sequence[RenderedVariant]:
        """Return the variants of the first page. Raises DescribeError as `run`."""
        with self._stores.local_path(file) as path:
            return self._documents.render_document(path, extension_of(file))

    def digest(self, transaction: Transaction, file_id: str) -> DocumentDigest | None:
        """Return a document in short, of what was read of it; None if it was not opened."""
        progress = transaction.documents.progress(file_id)
        if progress is None or not progress.is_complete:
            return None
        return digest_of(progress.facts, transaction.documents.each_page(file_id))

    def _open(self, file: File, path: Path, extension: str, known: DocumentProgress | None) -> DocumentProgress:
        opened = self._documents.open_document(path, extension)
        variants = [self._keep(file, variant) for variant in opened.variants]

        def save(transaction: Transaction) -> DocumentProgress:
            transaction.variants.save(file.id, variants)
            if opened.perception is not None:
                transaction.descriptions.save_perception(file.id, opened.perception, None, is_all=False)
            if known is None:
                transaction.documents.begin(file.id, opened.facts)
            return known or DocumentProgress(opened.facts, 0, 0, 0, is_complete=False)

        return self._database.write(save)

    def _portion(self, path: Path, extension: str, progress: DocumentProgress, count: int) -> Sequence[DocumentPage]:
        """Return the next pages; none when one of several is to blame that they could not be read."""
        first, ocr_left = progress.pages_read + 1, max(0, self._max_ocr_pages - progress.ocr_pages)
        try:
            return self._documents.read_pages(path, extension, first, count, ocr_left)
        except DescribeError as error:
            if error.error_type is not DescriptionErrorType.RESOURCE_LIMIT:
                raise
            if count > 1:
                return ()
            return [DocumentPage(first, TextSource.NONE, error=f"The page could not be read. {error.message}")]

    def _add(self, transaction: Transaction, *, file: File, pages: Sequence[DocumentPage]) -> DocumentProgress | None:
        heading = transaction.documents.last_heading(file.id)
        cut: list[tuple[DocumentPage, tuple[Chunk, ...]]] = []
        for page in pages:
            cut.append((page, chunks_of(page, file.sha256, heading)))
            heading = last_heading(page, heading)
        return transaction.documents.add_pages(file.id, cut, self._now())
