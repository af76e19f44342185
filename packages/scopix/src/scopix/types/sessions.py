"""Bodies of the batch upload and of upload sessions. The server answers with these models; the SDK parses them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from scopix.types._paging import Page
from scopix.types._wire import (
    OpenContentCategory,
    OpenDescriptionErrorType,
    OpenDescriptionStatus,
    OpenMediaType,
    OpenStorageTarget,
    WireModel,
)
from scopix.types.categories import CategoryEvidence
from scopix.types.files import FilePerception, TextRegion
from scopix.types.vocabulary import StorageTarget

__all__ = [
    "BatchUploadResponse",
    "ImmediateResult",
    "QuotaInfo",
    "Rejection",
    "SessionCompletion",
    "SessionError",
    "SessionEvent",
    "SessionFileEvent",
    "SessionList",
    "SessionProgress",
    "SessionProgressEvent",
    "SessionResult",
    "SessionResultsSummary",
    "SessionSummary",
    "UploadSessionResults",
    "UploadSessionStatus",
]

_TERMINAL = frozenset({"completed", "failed", "expired", "cancelled"})


class Rejection(WireModel):
    """A file of a batch that was not taken. `index` is its 0-based position in the request."""

    filename: str
    index: int
    reason: str
    retryable: bool = False
    path: str | None = None


class ImmediateResult(WireModel):
    """What became of one file of a batch of five or fewer. `status` is completed, processing, failed or skipped."""

    image_id: str | None = None
    filename: str = ""
    object_key: str | None = None
    status: str
    processing_time_ms: int | None = None
    skipped: bool = False
    skipped_existing_image_id: str | None = None
    error: str | None = None
    storage_target: OpenStorageTarget = StorageTarget.DEFAULT
    media_type: OpenMediaType | None = None
    document_type: str | None = None
    text_extraction_status: str | None = None
    path: str | None = None


class BatchUploadResponse(WireModel):
    """201 body of `POST /files/upload/batch`. `status` is processing, partial, rejected or completed.

    `warnings` tells of fields of the form that were ignored since they are not known.
    """

    session_id: str
    total_files: int
    accepted_files: int
    rejected_files: int
    status: str
    immediate_results: list[ImmediateResult] | None = None
    status_url: str | None = None
    websocket_channel: str | None = None
    rejections: list[Rejection] | None = None
    warnings: list[str] | None = None


class SessionCompletion(WireModel):
    """A file of a session that came to its end lately; `description` is cut to 100 characters."""

    filename: str
    image_id: str | None = None
    status: str
    description: str | None = None
    processing_time_ms: int | None = None
    error_message: str | None = None
    path: str | None = None


class SessionError(WireModel):
    """A file of a session that failed or was rejected lately."""

    filename: str
    index: int
    error: str
    retryable: bool = False
    path: str | None = None


class SessionProgress(WireModel):
    """How far an upload session is.

    `status` is pending, uploading, processing, completed, failed, expired or cancelled; the four counts of ended and
    pending files add up to `total_files`. `progress_percentage` is 0..100.
    """

    session_id: str
    status: str
    total_files: int = 0
    completed_files: int = 0
    failed_files: int = 0
    skipped_files: int = 0
    pending_files: int = 0
    progress_percentage: float = 0.0
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    estimated_completion_time: datetime | None = None

    @property
    def is_terminal(self) -> bool:
        """True when nothing will change by itself any more."""
        return self.status in _TERMINAL


class UploadSessionStatus(SessionProgress):
    """How far an upload session is, with the files that came to their end lately."""

    recent_completions: list[SessionCompletion] = Field(default_factory=list)
    recent_errors: list[SessionError] = Field(default_factory=list)
    results_url: str | None = None
    websocket_channel: str | None = None


class SessionFileEvent(WireModel):
    """Something that happened to one file of a session; `index` is its 0-based position.

    `stage` is rejected, duplicate, stored (no description is wanted), queued, processing, perceived (thumbnails made,
    text read), retrying, completed, failed, cancelled or deleted; `status` is what that means for the counts: pending,
    completed, failed or skipped. `id` continues the stream after this event.
    """

    type: Literal["file"] = "file"
    id: str = ""
    session_id: str
    index: int
    image_id: str | None = None
    filename: str = ""
    stage: str
    status: str
    at: datetime
    error_message: str | None = None
    error_type: OpenDescriptionErrorType | None = None
    retryable: bool | None = None
    path: str | None = None


class SessionProgressEvent(SessionProgress):
    """The counts of a session after the events before it. With `type` "end" nothing follows."""

    type: Literal["progress", "end"] = "progress"
    id: str = ""


SessionEvent = SessionFileEvent | SessionProgressEvent
"""What a session's event stream is made of."""


class SessionResult(WireModel):
    """One file of a session. `index` is its 0-based position in the session; `status` is that of 3.6, or pending."""

    index: int
    image_id: str | None = None
    filename: str = ""
    object_key: str | None = None
    status: str
    description: str | None = None
    visible_text: str | None = None
    tags: list[str] | None = None
    processing_time_ms: int | None = None
    error_message: str | None = None
    thumbnail_url: str | None = None
    created_at: datetime | None = None
    description_status: OpenDescriptionStatus | None = None
    text_regions: list[TextRegion] | None = None
    error_type: OpenDescriptionErrorType | None = None
    retryable: bool | None = None
    content_category: OpenContentCategory | None = None
    category_data: dict[str, Any] | None = None
    skipped_existing_image_id: str | None = None
    category_evidence: list[CategoryEvidence] | None = None
    perception: FilePerception | None = None
    path: str | None = None


class SessionResultsSummary(WireModel):
    """How many files of a session ended how; pending ones are in none but the total."""

    total_files: int
    completed: int
    failed: int
    skipped: int


class UploadSessionResults(Page[SessionResult]):
    """One page of a session's results, in the order of the files."""

    session_id: str
    results: list[SessionResult]
    total_count: int
    offset: int
    limit: int
    has_more: bool
    summary: SessionResultsSummary


class SessionSummary(WireModel):
    """One entry of the list of sessions."""

    session_id: str
    status: str
    upload_method: str = "streaming"
    total_files: int = 0
    completed_files: int = 0
    failed_files: int = 0
    skipped_files: int = 0
    progress_percentage: float = 0.0
    created_at: datetime | None = None
    completed_at: datetime | None = None


class SessionList(Page[SessionSummary]):
    """One page of sessions, newest first."""

    items: list[SessionSummary]
    total_count: int
    offset: int
    limit: int
    has_more: bool


class QuotaInfo(WireModel):
    """Whether `requested` files may be uploaded now, and how many a request and how many at once are allowed.

    None means unlimited.
    """

    can_proceed: bool
    requested: int
    available: int | None = None
    monthly_limit: int | None = None
    current_usage: int = 0
    prepaid_credits: int = 0
    max_batch_size: int = 200
    max_concurrent_uploads: int | None = None
    message: str | None = None
