"""Events of v1's upload callbacks. Kept for import: uploads never fire them in 2.0."""

from dataclasses import dataclass
from typing import Any

from scopix.types.results import UploadResult

__all__ = ["DescriptionFailedEvent", "DescriptionProgressEvent", "FileCompleteEvent", "UploadProgressEvent"]


@dataclass(frozen=True)
class UploadProgressEvent:
    """A file was sent. `file_index` counts from 0; the two sizes are in bytes and equal."""

    file_index: int
    uploaded_bytes: int
    total_bytes: int
    filename: str | None = None

    @property
    def progress_percent(self) -> float:
        """Always 100.0: the event tells of a whole file."""
        return 100.0

    def to_dict(self, exclude_none: bool = True) -> dict[str, Any]:
        """A dict that `json.dumps` takes."""
        values = {
            "file_index": self.file_index,
            "uploaded_bytes": self.uploaded_bytes,
            "total_bytes": self.total_bytes,
            "filename": self.filename,
            "progress_percent": self.progress_percent,
        }
        return {name: value for name, value in values.items() if value is not None or not exclude_none}


@dataclass(frozen=True)
class FileCompleteEvent:
    """A file was uploaded."""

    file_index: int
    result: UploadResult

    def to_dict(self, exclude_none: bool = True) -> dict[str, Any]:
        """A dict that `json.dumps` takes."""
        return {"file_index": self.file_index, "result": self.result.to_dict(exclude_none)}


@dataclass(frozen=True)
class DescriptionProgressEvent:
    """One more description reached its end."""

    completed_count: int
    total_count: int
    latest_result: UploadResult | None = None

    @property
    def progress_percent(self) -> float:
        """Share of descriptions at their end, 0 to 100."""
        return 100.0 * self.completed_count / self.total_count if self.total_count else 100.0

    @property
    def remaining_count(self) -> int:
        """How many descriptions are still to come."""
        return max(0, self.total_count - self.completed_count)


@dataclass(frozen=True)
class DescriptionFailedEvent:
    """A description failed."""

    file_index: int
    result: UploadResult

    @property
    def error_message(self) -> str | None:
        """Why it failed."""
        return self.result.description_error

    @property
    def is_retryable(self) -> bool:
        """True when another try may succeed."""
        return bool(self.result.description_is_retryable)
