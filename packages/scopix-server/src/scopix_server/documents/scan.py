"""Scans of several pages in one TIFF: each is a picture, whose text is read as that of a PDF without text is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from scopix_server.documents.page_content import not_read, with_what_is_read
from scopix_server.domain.description import TextRegion
from scopix_server.domain.document import DocumentFacts, DocumentPage, TextSource
from scopix_server.domain.errors import DomainError

__all__ = ["OpenScan", "Scan", "ScannedPages"]

_REASON = "a scanned page"


class ScannedPages(Protocol):
    """The pages of a scan that is open; they count from 1."""

    @property
    def count(self) -> int: ...

    @property
    def is_cut(self) -> bool:
        """Whether the file tells of pages beyond these that cannot be found in it."""

    def size(self, number: int) -> tuple[float, float]:
        """Return width and height of a page in points as it is shown, or in pixels where its density is not known."""

    def pixels(self, number: int) -> Any:
        """Return a page as it is shown, RGB uint8. Raises DomainError for one that cannot be decoded."""


OpenScan = Callable[[Path], AbstractContextManager[ScannedPages]]
"""Opens a TIFF; its decoders are not the business of this room."""


class Scan:
    """A scan that is open, as the analysis wants its documents."""

    def __init__(self, pages: ScannedPages, max_pages: int) -> None:
        self._pages = pages
        notes = []
        if pages.count > max_pages:
            notes.append(f"The document has {pages.count} pages, of which the first {max_pages} were read.")
        if pages.is_cut:
            notes.append("The file is damaged: there were further pages, which cannot be found in it.")
        self.facts = DocumentFacts("tif", pages.count, min(pages.count, max_pages), notes=tuple(notes))

    def page(self, number: int, read: Callable[[Any], tuple[TextRegion, ...]] | None) -> DocumentPage:
        """Return a page, decoded only if it is to be read."""
        width, height = self._pages.size(number)
        empty = DocumentPage(number, TextSource.NONE, width=round(width, 2), height=round(height, 2))
        if read is None:
            return not_read(empty, _REASON)
        try:
            pixels = self._pages.pixels(number)
        except DomainError as error:
            return DocumentPage(number, TextSource.NONE, width=empty.width, height=empty.height, error=_message(error))
        return with_what_is_read(empty, _REASON, pixels, read)

    def picture(self) -> Any:
        """Return the first page; None where it is damaged."""
        try:
            return self._pages.pixels(1)
        except DomainError:
            return None


def _message(error: DomainError) -> str:
    if error.details.get("issue") in {"undecodable", "unreadable_header", "truncated"}:
        return "The page is damaged and could not be decoded."
    return f"The page could not be read. {error.message}"
