"""Upload sessions: a batch of files that is followed as one. Its totals are always the sum of its files' states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from scopix.types.vocabulary import DescriptionStatus

__all__ = [
    "EXPIRES_AFTER",
    "OPEN",
    "FileOutcome",
    "FileProgress",
    "Session",
    "SessionCounts",
    "SessionEvent",
    "SessionFile",
    "SessionStatus",
    "Stage",
    "progress_of",
    "stage_of",
    "status_of",
]

EXPIRES_AFTER = timedelta(hours=24)
"""A session that still expects files, and got none for so long, is given up."""


class SessionStatus(str, Enum):
    """Where a session is. The last four are terminal."""

    PENDING = "pending"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN = frozenset({SessionStatus.PENDING, SessionStatus.UPLOADING, SessionStatus.PROCESSING})
"""Statuses that change by themselves."""


class FileOutcome(str, Enum):
    """What became of one file of a session at its upload, or at the session's cancellation."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class FileProgress(str, Enum):
    """How one file of a session stands now."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Stage(str, Enum):
    """What happened last to one file of a session, for those who watch."""

    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    STORED = "stored"  # and no description is wanted
    QUEUED = "queued"
    PROCESSING = "processing"
    PERCEIVED = "perceived"  # decoded, thumbnails made, text read
    RETRYING = "retrying"  # failed, and will be tried again
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"

    @property
    def progress(self) -> FileProgress:
        """How a file stands when this was the last that happened to it."""
        return _PROGRESS_OF_STAGE.get(self, FileProgress.PENDING)


_PROGRESS_OF_STAGE = {
    Stage.REJECTED: FileProgress.FAILED,
    Stage.FAILED: FileProgress.FAILED,
    Stage.STORED: FileProgress.COMPLETED,
    Stage.COMPLETED: FileProgress.COMPLETED,
    Stage.DUPLICATE: FileProgress.SKIPPED,
    Stage.CANCELLED: FileProgress.SKIPPED,
    Stage.DELETED: FileProgress.SKIPPED,
}

_STAGE_OF_DESCRIPTION = {
    DescriptionStatus.PENDING: Stage.QUEUED,
    DescriptionStatus.QUEUED: Stage.QUEUED,
    DescriptionStatus.PROCESSING: Stage.PROCESSING,
    DescriptionStatus.COMPLETED: Stage.COMPLETED,
    DescriptionStatus.FAILED: Stage.FAILED,
    DescriptionStatus.SKIPPED: Stage.STORED,
}


def stage_of(description: DescriptionStatus) -> Stage:
    """Return the stage of an accepted file whose description stands so."""
    return _STAGE_OF_DESCRIPTION[description]


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `expected_files` is what its creator announced, or None; `updated_at` is the last upload into it."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    expected_files: int | None = None
    cancelled_at: datetime | None = None
    upload_method: str = "streaming"


@dataclass(frozen=True, slots=True)
class SessionFile:
    """One file of a session, at its 0-based position; `file_id` is None when it was rejected."""

    session_id: str
    position: int
    filename: str
    outcome: FileOutcome
    file_id: str | None = None
    error: str | None = None
    error_is_retryable: bool | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something that happened to one file of a session. `number` counts a session's events from 1, without gaps."""

    number: int
    at: datetime
    stage: Stage
    position: int
    filename: str
    file_id: str | None
    error: str | None = None
    error_type: str | None = None
    error_is_retryable: bool | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How many files of a session stand how. `missing` were announced and have not come yet."""

    completed: int = 0
    failed: int = 0
    skipped: int = 0
    pending: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        """All files, those not yet here included."""
        return self.completed + self.failed + self.skipped + self.pending + self.missing

    @property
    def ended(self) -> int:
        """Files that will not change by themselves any more."""
        return self.completed + self.failed + self.skipped

    @classmethod
    def of(cls, found: Mapping[FileProgress, int], expected: int | None) -> "SessionCounts":
        """Count files by progress; `expected` is what was announced."""
        here = sum(found.values())
        return cls(
            completed=found.get(FileProgress.COMPLETED, 0),
            failed=found.get(FileProgress.FAILED, 0),
            skipped=found.get(FileProgress.SKIPPED, 0),
            pending=found.get(FileProgress.PENDING, 0),
            missing=max(0, (expected or 0) - here),
        )


def progress_of(outcome: FileOutcome, description: DescriptionStatus | None, *, deleted: bool) -> FileProgress:
    """Return how a file of a session stands, given what became of its upload and of its description."""
    if outcome is FileOutcome.REJECTED:
        return FileProgress.FAILED
    if outcome is not FileOutcome.ACCEPTED or deleted or description is None:
        return FileProgress.SKIPPED
    if description is DescriptionStatus.FAILED:
        return FileProgress.FAILED
    # A file uploaded without the wish for a description is done when it is stored.
    done = description in {DescriptionStatus.COMPLETED, DescriptionStatus.SKIPPED}
    return FileProgress.COMPLETED if done else FileProgress.PENDING


def status_of(session: Session, counts: SessionCounts, now: datetime) -> SessionStatus:
    """Return a session's status: it follows from its files (contract 3.6)."""
    if session.cancelled_at is not None:
        return SessionStatus.CANCELLED
    if counts.missing:
        if now - session.updated_at > EXPIRES_AFTER:
            return SessionStatus.EXPIRED
        return SessionStatus.UPLOADING
    if not counts.total:
        return SessionStatus.PENDING
    if counts.pending:
        return SessionStatus.PROCESSING
    return SessionStatus.FAILED if counts.failed == counts.total else SessionStatus.COMPLETED
