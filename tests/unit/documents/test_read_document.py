"""Reading page by page: a page that cannot be read costs itself only, and no page is read twice."""

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType, VariantStatus
from scopix_server.analysis.describe_document import ReadDocument
from scopix_server.domain.document import DocumentFacts, DocumentPage, DocumentProgress, TextSource
from scopix_server.domain.errors import DescribeError

FACTS = DocumentFacts("pdf", 60, 60)


class Pages:
    """Reads pages ten at a time at most; page 13 ends whoever reads it."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def read_pages(self, path: Path, extension: str, first: int, count: int, ocr_left: int) -> list[DocumentPage]:
        numbers = range(first, min(first + min(count, 10), 61))
        if 13 in numbers:
            raise DescribeError("It took longer than 180 s.", DescriptionErrorType.RESOURCE_LIMIT, retryable=False)
        self.read += numbers
        return [DocumentPage(number, TextSource.TEXT_LAYER, text=f"page {number}") for number in numbers]


class Kept:
    """Stands for the database: its pages, and how far the document is."""

    def __init__(self, begun: int) -> None:
        self.pages: list[DocumentPage] = []
        self.progress_now = DocumentProgress(FACTS, begun, 0, 0, is_complete=False)
        self.documents = self.descriptions = self

    def write(self, work: Any) -> Any:
        return work(self)

    read = write

    def is_current(self, file_id: str, revision: int) -> bool:
        return True

    def progress(self, file_id: str) -> DocumentProgress:
        return self.progress_now

    def last_heading(self, file_id: str) -> None:
        return None

    def add_pages(self, file_id: str, pages: Any, at: datetime) -> DocumentProgress:
        self.pages += [page for page, _ in pages]
        self.progress_now = DocumentProgress(FACTS, self.pages[-1].number, 0, 0, is_complete=False)
        return self.progress_now

    def finish(self, file_id: str, at: datetime) -> None:
        self.is_finished = True


def run(begun: int) -> tuple[Pages, Kept]:
    @contextmanager
    def local_path(_: Any) -> Any:
        yield Path("a.pdf")

    pages, kept = Pages(), Kept(begun)
    stores: Any = SimpleNamespace(local_path=local_path)
    reader = ReadDocument(
        kept,  # type: ignore[arg-type]
        stores,
        pages,  # type: ignore[arg-type]
        lambda *_: None,  # type: ignore[arg-type,return-value]
        max_ocr_pages=5,
        now=lambda: datetime.now(UTC),
    )
    file: Any = SimpleNamespace(
        id="1", sha256="ab", object_key="t/1/original.pdf", variant_status=VariantStatus.COMPLETED
    )
    assert reader.run(file, 1)
    return pages, kept


def test_a_page_that_ends_its_reader_costs_itself_only() -> None:
    _, kept = run(0)
    assert [page.number for page in kept.pages] == list(range(1, 61))
    failed = [page for page in kept.pages if page.error]
    assert [page.number for page in failed] == [13]
    assert "took longer" in (failed[0].error or "")
    assert kept.is_finished


def test_what_was_read_before_is_not_read_again() -> None:
    pages, _ = run(40)
    assert pages.read == list(range(41, 61))
