"""Looking at documents: opened, and read some pages at a time; the first page is looked at like a picture.

These steps run in a process of their own (see `jobs/isolation.py`): the bytes come from strangers.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.analysis.variants import render_pixels
from scopix_server.domain.analysis import (
    Analysis,
    Analyzer,
    DocumentAnalyzer,
    OpenedDocument,
    ReadLines,
    RenderedVariant,
    Rendering,
    SheetLine,
)
from scopix_server.domain.description import Perception, TextRegion
from scopix_server.domain.document import DocumentFacts, DocumentPage, TextSource
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.tiles import TileGrid

__all__ = ["DocumentLooker", "FileAnalyzer", "LoadedDocument", "OpenDocument"]

PORTION_SECONDS = 20.0
"""After so long a portion of pages ends: a child's job may take three minutes, pages are to be seen soon, and another
tenant's picture waits meanwhile."""


class LoadedDocument(Protocol):
    """A document that is open, for as long as the context lasts in which it was opened. Pages count from 1."""

    @property
    def facts(self) -> DocumentFacts: ...

    def page(self, number: int, read: Callable[[Any], tuple[TextRegion, ...]] | None) -> DocumentPage:
        """Return what stands on a page; `read` reads pictures, None when none is to be read."""

    def picture(self) -> Any:
        """Return the first page drawn, RGB uint8; None where there is none."""


class OpenDocument(Protocol):
    """Opens a document by its extension; the fields of its form are looked for only where they are of use."""

    def __call__(
        self, path: Path, extension: str, with_form: bool = False
    ) -> AbstractContextManager[LoadedDocument]: ...


LookAtPage = Callable[[Any, tuple[TextRegion, ...] | None], Perception]
"""Says what is on a page's pixels, whose text is known already; with None it is to be read."""


@dataclass(frozen=True, slots=True)
class DocumentLooker:
    """The `DocumentAnalyzer` port in this very process.

    Args:
        open: opens documents (see `wiring/analysis.py`).
        look: says what is on the first page.
        read: reads the text on pixels.
    """

    open: OpenDocument
    look: LookAtPage
    read: Callable[[Any], tuple[TextRegion, ...]]

    def open_document(self, path: Path, extension: str) -> OpenedDocument:
        """See `DocumentAnalyzer`."""
        with _memory_bounded(), self.open(path, extension, with_form=True) as document:
            pixels = document.picture()
            if pixels is None:
                return OpenedDocument(document.facts)
            first = document.page(1, None)
            known = first.regions if first.source is TextSource.TEXT_LAYER else None
            return OpenedDocument(document.facts, render_pixels(pixels), self.look(pixels, known))

    def read_pages(self, path: Path, extension: str, first: int, count: int, ocr_left: int) -> Sequence[DocumentPage]:
        """See `DocumentAnalyzer`."""
        started = time.monotonic()
        pages: list[DocumentPage] = []
        with _memory_bounded(), self.open(path, extension) as document:
            for number in range(first, min(first + count, document.facts.to_read + 1)):
                page = document.page(number, self.read if ocr_left > 0 else None)
                ocr_left -= page.source is TextSource.OCR
                pages.append(page)
                if time.monotonic() - started > PORTION_SECONDS:
                    break
        return pages

    def render_document(self, path: Path, extension: str) -> tuple[RenderedVariant, ...]:
        """See `DocumentAnalyzer`."""
        with _memory_bounded(), self.open(path, extension) as document:
            pixels = document.picture()
            return () if pixels is None else render_pixels(pixels)


@contextmanager
def _memory_bounded() -> Iterator[None]:
    """Tell of a lack of memory as of what it is."""
    try:
        yield
    except MemoryError as error:
        message = "The document needs more memory than a worker may use."
        raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error


@dataclass(frozen=True, slots=True)
class FileAnalyzer:
    """Both ports, `Analyzer` and `DocumentAnalyzer`, by one for each."""

    images: Analyzer
    documents: DocumentAnalyzer

    def analyze(self, path: Path) -> Analysis:
        """See `Analyzer`."""
        return self.images.analyze(path)

    def render(self, path: Path) -> Rendering:
        """See `Analyzer`."""
        return self.images.render(path)

    def copy(self, path: Path, kind: EngineCopy) -> bytes:
        """See `Analyzer`."""
        return self.images.copy(path, kind)

    def read_bands(self, path: Path, first: int) -> ReadLines:
        """See `Analyzer`."""
        return self.images.read_bands(path, first)

    def join_lines(self, lines: Sequence[SheetLine], seen: Perception) -> tuple[TextRegion, ...]:
        """See `Analyzer`."""
        return self.images.join_lines(lines, seen)

    def tile(self, path: Path, target: Path) -> TileGrid | None:
        """See `Analyzer`."""
        return self.images.tile(path, target)

    def open_document(self, path: Path, extension: str) -> OpenedDocument:
        """See `DocumentAnalyzer`."""
        return self.documents.open_document(path, extension)

    def read_pages(self, path: Path, extension: str, first: int, count: int, ocr_left: int) -> Sequence[DocumentPage]:
        """See `DocumentAnalyzer`."""
        return self.documents.read_pages(path, extension, first, count, ocr_left)

    def render_document(self, path: Path, extension: str) -> tuple[RenderedVariant, ...]:
        """See `DocumentAnalyzer`."""
        return self.documents.render_document(path, extension)
