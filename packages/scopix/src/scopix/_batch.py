"""How a batch is cut into sessions and requests, and what the server's answers say of its files. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from scopix._errors import QuotaExceededError, ScopixError, ValidationError
from scopix._expand import Entry
from scopix._journal import CONTENT, Stamp, stamp_of
from scopix._multipart import BytesSource, FilePart, FileSource
from scopix._results import rejected_result
from scopix._sniff import MEBIBYTE
from scopix._upload import prepare_part
from scopix.types.results import BatchFileState, UploadResult
from scopix.types.sessions import BatchUploadResponse
from scopix.types.vocabulary import DescriptionStatus

__all__ = [
    "REQUEST_BYTES",
    "SESSION_FILES",
    "Item",
    "check_entries",
    "check_named",
    "cut",
    "emptied",
    "files_allowed",
    "part_of",
    "plan_requests",
    "prepare_all",
    "result_of_record",
    "stamp_of_part",
    "stamps_of",
    "with_reasons",
]

SESSION_FILES = 1000
# Small enough that a broken connection costs little, large enough that requests do not count.
REQUEST_BYTES = 64 * MEBIBYTE

T = TypeVar("T")

_STATUS_OF = {
    "described": DescriptionStatus.COMPLETED,
    "duplicate": DescriptionStatus.SKIPPED,
    "description failed": DescriptionStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A file that is fit to be sent. `position` is its place among the call's results."""

    position: int
    part: FilePart


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
            fit.append(Item(position, _part(entry)))
        except ValidationError as error:
            unfit[position] = rejected_result(entry.filename, error.message)
    return fit, unfit


def part_of(entry: Entry) -> tuple[FilePart, str | None]:
    """The file as a part; for an unfit one an empty part, which the server refuses and counts, and why it is unfit."""
    try:
        return _part(entry), None
    except ValidationError as error:
        return FilePart(BytesSource(b""), entry.filename, "application/octet-stream", entry.sent_path), error.message


def _part(entry: Entry) -> FilePart:
    return replace(prepare_part(entry.file, entry.filename), path=entry.sent_path)


def prepare_all(files: Iterable[str | Path]) -> tuple[list[FilePart], dict[int, str]]:
    """A part for every file; the unfit ones are empty, and the second value tells by position why."""
    made = [part_of(Entry(Path(file), Path(file).name, named=True, path=Path(file).as_posix())) for file in files]
    return [part for part, _ in made], {at: reason for at, (_, reason) in enumerate(made) if reason is not None}


def stamps_of(entries: Iterable[Entry], *, hashed: bool) -> list[Stamp]:
    """The stamp of each file as it is now, no two alike. Content is told by its place, or by its hash if `hashed`."""
    stamps: list[Stamp] = []
    copies: Counter[str] = Counter()
    for position, entry in enumerate(entries):
        if isinstance(entry.file, Path):
            stamps.append(stamp_of(entry.file))
            continue
        name = f"{CONTENT}{hashlib.sha256(entry.file).hexdigest() if hashed else position}:{entry.filename}"
        copies[name] += 1
        stamps.append((f"{name}#{copies[name]}" if copies[name] > 1 else name, len(entry.file), 0))
    return stamps


def stamp_of_part(part: FilePart, earlier: Stamp) -> Stamp:
    """The stamp of a file as it was when it was measured."""
    source = part.source
    return (earlier[0], source.size, source.modified) if isinstance(source, FileSource) else earlier


def result_of_record(record: Mapping[str, Any], filename: str) -> UploadResult:
    """What a journal tells of a file whose session the server has forgotten."""
    state, reason = record.get("state"), record.get("reason")
    if state == BatchFileState.REFUSED.value:
        return rejected_result(filename, str(reason))
    failed = state == "description failed"
    return UploadResult(
        image_id=record.get("id") or "",
        filename=filename,
        description_status=_STATUS_OF.get(str(state), DescriptionStatus.PENDING),
        description_error=reason if failed else None,
    )


def with_reasons(response: BatchUploadResponse, reasons: Mapping[int, str]) -> BatchUploadResponse:
    """The answer, where the server's reason for refusing an empty part is replaced by why it was empty."""
    rejections = [
        rejection.model_copy(update={"reason": reasons.get(rejection.index, rejection.reason)})
        for rejection in response.rejections or ()
    ]
    return response.model_copy(update={"rejections": rejections or None})


def plan_requests(items: Sequence[Item], max_files: int) -> list[range]:
    """Ranges of indexes, one a request, in order: at most `max_files` and `REQUEST_BYTES`, but at least one file."""
    ranges: list[range] = []
    start, size = 0, 0
    for index, item in enumerate(items):
        if index > start and (index - start >= max_files or size + item.part.source.size > REQUEST_BYTES):
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
    maximum = error.details.get("max_files")
    # A proxy's limit is in bytes, and it does not tell: half as many files are about half as many bytes.
    return max(1, min(maximum, sent - 1) if isinstance(maximum, int) else sent // 2)
