"""What became of a request's files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scopix_server.domain.file import File
from scopix_server.domain.session import FileOutcome

__all__ = ["FileReceipt", "Receipt"]


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """What became of one file; `index` is its 0-based position in the request. Plain values, kept for replay."""

    index: int
    filename: str
    outcome: str
    file_id: str | None = None
    object_key: str | None = None
    media_type: str | None = None
    described: bool = False
    error: str | None = None
    retryable: bool = False
    path: str | None = None

    @classmethod
    def accepted(cls, index: int, filename: str, file: File, *, described: bool, path: str | None) -> "FileReceipt":
        outcome = FileOutcome.ACCEPTED.value
        return cls(index, filename, outcome, file.id, file.object_key, file.media_type.value, described, path=path)

    @classmethod
    def duplicate(cls, index: int, filename: str, existing: File, path: str | None) -> "FileReceipt":
        outcome = FileOutcome.DUPLICATE.value
        return cls(index, filename, outcome, existing.id, None, existing.media_type.value, path=path)

    @classmethod
    def rejected(cls, index: int, filename: str, reason: str, path: str | None) -> "FileReceipt":
        return cls(index, filename, FileOutcome.REJECTED.value, error=reason, path=path)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request: one entry a file, in their order.

    `replayed`: the same request was answered before, this is that answer. `records`: the files by their ids as they
    were recorded, and the existing ones of duplicates; a replayed batch has none.
    """

    files: tuple[FileReceipt, ...]
    processing_time_ms: int
    session_id: str | None = None
    replayed: bool = False
    records: Mapping[str, File] = field(default_factory=dict)

    @property
    def file(self) -> File:
        """The record of a request's only file."""
        (only,) = self.files
        assert only.file_id is not None
        return self.records[only.file_id]

    @property
    def duplicate(self) -> bool:
        """Whether a request's only file was there before."""
        (only,) = self.files
        return only.outcome == FileOutcome.DUPLICATE.value

    @property
    def outcome(self) -> str:
        """What became of a request's only file, for the metrics: accepted, duplicate or replayed."""
        (only,) = self.files
        return "replayed" if self.replayed else only.outcome

    @property
    def file_ids(self) -> set[str]:
        """The ids of all files that are there now."""
        return {entry.file_id for entry in self.files if entry.file_id is not None}
