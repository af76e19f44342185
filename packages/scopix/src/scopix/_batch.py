"""How a batch is cut into sessions and requests, and what the server's answers say of its files. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from scopix._errors import QuotaExceededError, ScopixError, ValidationError
from scopix._expand import Entry
from scopix._multipart import BytesSource, FilePart
from scopix._results import rejected_result, result_from_session
from scopix._sniff import MEBIBYTE
from scopix._upload import prepare_part
from scopix.types.results import UploadResult
from scopix.types.sessions import BatchUploadResponse, SessionResult

__all__ = [
    "REQUEST_BYTES",
    "SESSION_FILES",
    "Item",
    "Session",
    "check_entries",
    "check_named",
    "cut",
    "emptied",
    "files_allowed",
    "plan_requests",
    "prepare_all",
    "with_reasons",
]

SESSION_FILES = 1000
# Small enough that a broken connection costs little, large enough that requests do not count.
REQUEST_BYTES = 64 * MEBIBYTE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A file that is fit to be sent. `position` is its place among the call's results."""

    position: int
    part: FilePart


@dataclass(slots=True)
class Session:
    """An upload session: `items` in the order of their indexes there, and what became of them.

    `taken` are the indexes whose request was answered; `lost` tells why files were sent empty in place of their
    content.
    """

    items: Sequence[Item]
    session_id: str | None = None
    taken: set[int] = field(default_factory=set)
    lost: dict[int, str] = field(default_factory=dict)

    def results(self, answers: Iterable[SessionResult]) -> dict[int, UploadResult]:
        """The results of the files that were taken, by their position in the call."""
        known = {answer.index: answer for answer in answers}
        return {self.items[index].position: self._result(index, known.get(index)) for index in sorted(self.taken)}

    def _result(self, index: int, answer: SessionResult | None) -> UploadResult:
        filename = self.items[index].part.filename
        if index in self.lost:
            return rejected_result(filename, self.lost[index])
        if answer is None:
            return rejected_result(filename, "the server's session does not know this file", retryable=True)
        return result_from_session(answer, filename=filename)

    def unknown_results(self) -> dict[int, UploadResult]:
        """The same while the server cannot be asked: the files are stored, and their ids are in the session."""
        return {
            self.items[index].position: (
                rejected_result(self.items[index].part.filename, self.lost[index])
                if index in self.lost
                else UploadResult("", self.items[index].part.filename)
            )
            for index in sorted(self.taken)
        }


def cut(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in pieces of `size`, the last one shorter."""
    return (values[start : start + size] for start in range(0, len(values), size))


def check_named(entries: Iterable[Entry]) -> None:
    """Raise `ValidationError` for the first file that the caller named himself and that is not fit to be sent."""
    for entry in entries:
        if entry.named:
            prepare_part(entry.file, entry.filename)


def check_entries(entries: Iterable[tuple[int, Entry]]) -> tuple[list[Item], dict[int, UploadResult]]:
    """Measure files, given with their positions; the unfit ones become results. Reads each file's first bytes."""
    fit: list[Item] = []
    unfit: dict[int, UploadResult] = {}
    for position, entry in entries:
        try:
            fit.append(Item(position, prepare_part(entry.file, entry.filename)))
        except ValidationError as error:
            unfit[position] = rejected_result(entry.filename, error.message)
    return fit, unfit


def prepare_all(files: Iterable[str | Path]) -> tuple[list[FilePart], dict[int, str]]:
    """A part for every file; the unfit ones are empty, and the second value tells by position why."""
    parts: list[FilePart] = []
    unfit: dict[int, str] = {}
    for position, file in enumerate(files):
        try:
            parts.append(prepare_part(file, None))
        except ValidationError as error:
            unfit[position] = error.message
            parts.append(FilePart(BytesSource(b""), Path(file).name, "application/octet-stream"))
    return parts, unfit


def with_reasons(response: BatchUploadResponse, reasons: Mapping[int, str]) -> BatchUploadResponse:
    """The answer, where the server's reason for refusing an empty part is replaced by why it was empty."""
    rejections = [
        rejection.model_copy(update={"reason": reasons.get(rejection.index, rejection.reason)})
        for rejection in response.rejections or ()
    ]
    return response.model_copy(update={"rejections": rejections or None})


def plan_requests(items: Sequence[Item], most_files: int) -> list[range]:
    """Ranges of indexes, one a request, in order: at most `most_files` and `REQUEST_BYTES`, but at least one file."""
    ranges: list[range] = []
    start, size = 0, 0
    for index, item in enumerate(items):
        if index > start and (index - start >= most_files or size + item.part.source.size > REQUEST_BYTES):
            ranges.append(range(start, index))
            start, size = index, 0
        size += item.part.source.size
    if start < len(items):
        ranges.append(range(start, len(items)))
    return ranges


def emptied(part: FilePart) -> FilePart:
    """The part without its content. The server refuses an empty file, so it takes the place of one that is lost."""
    return replace(part, source=BytesSource(b""))


def files_allowed(error: ScopixError, sent: int) -> int | None:
    """How many files to send instead of `sent`, when a request was refused for its size; None for other refusals."""
    if error.details.get("http_status") != 413 or isinstance(error, QuotaExceededError):
        return None
    told = error.details.get("max_files")
    # A proxy's limit is in bytes, and it does not tell: half as many files are about half as many bytes.
    return max(1, min(told, sent - 1) if isinstance(told, int) else sent // 2)
