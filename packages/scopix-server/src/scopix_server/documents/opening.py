"""Opening a document by its type: what the analysis reads pages from, whatever the format."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.documents.docx import open_docx
from scopix_server.documents.pdf import draw_page, open_pdf, opened_page, pdf_facts
from scopix_server.documents.pdf_pages import OCR_DPI, read_page
from scopix_server.documents.plain import open_plain
from scopix_server.documents.scan import OpenScan, Scan
from scopix_server.domain.description import TextRegion
from scopix_server.domain.document import DocumentFacts, DocumentPage
from scopix_server.domain.errors import DescribeError

__all__ = ["document_opener"]

Read = Callable[[Any], tuple[TextRegion, ...]]


class _Pdf:
    """A PDF that is open."""

    def __init__(self, document: Any, facts: DocumentFacts) -> None:
        self._document = document
        self.facts = facts

    def page(self, number: int, read: Read | None) -> DocumentPage:
        here = [entry for entry in self.facts.outline if entry.page == number]
        return read_page(self._document, number - 1, read, here)

    def picture(self) -> Any:
        with opened_page(self._document, 0) as page:
            return None if page is None else draw_page(page, dpi=OCR_DPI)


def document_opener(max_pages: int, open_scan: OpenScan | None = None) -> Callable[..., Any]:
    """Return what opens documents, of which at most `max_pages` pages are read; `open_scan` opens TIFFs."""
    return partial(_opened, max_pages=max_pages, open_scan=open_scan)


@contextmanager
def _opened(
    path: Path, extension: str, with_form: bool = False, *, max_pages: int, open_scan: OpenScan | None
) -> Iterator[Any]:
    if extension == "pdf":
        with open_pdf(path) as document:
            yield _Pdf(document, pdf_facts(document, max_pages, with_form=with_form))
    elif extension == "tif" and open_scan is not None:
        with open_scan(path) as pages:
            yield Scan(pages, max_pages)
    elif extension in {"txt", "md"}:
        yield open_plain(path, extension, max_pages)
    elif extension == "docx":
        yield open_docx(path, max_pages)
    else:
        message = f"Documents of type {extension} are not read."
        raise DescribeError(message, DescriptionErrorType.VALIDATION_ERROR, retryable=False)
