"""What became of each file: exactly one state a file, so that the totals always add up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from scopix import (
    AuthenticationError,
    DescriptionStatus,
    ScopixConnectionError,
    ScopixError,
    ScopixTimeoutError,
    SessionResult,
    UploadResult,
    ValidationError,
)

__all__ = [
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_NO_CONNECTION",
    "EXIT_USAGE",
    "Outcome",
    "State",
    "exit_code",
    "totals_line",
]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_CONNECTION = 3
EXIT_INTERRUPTED = 130


class State(Enum):
    """The end of one file's way; the value is the word that people and `--json` see."""

    DESCRIBED = "described"
    UPLOADED = "uploaded"
    DUPLICATE = "duplicate"
    TIMED_OUT = "still being described"
    DESCRIPTION_FAILED = "description failed"
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_SENT = "not sent"


_FINE = frozenset({State.DESCRIBED, State.UPLOADED, State.DUPLICATE})


@dataclass(frozen=True)
class Outcome:
    """One file: where it was, its state, and the result or the error that goes with it."""

    path: str
    state: State
    result: UploadResult | None = None
    error: ScopixError | None = None

    @classmethod
    def of_result(cls, path: str, result: UploadResult) -> "Outcome":
        """The file was stored; its description decides the state."""
        if result.is_failed:
            return cls(path, State.DESCRIPTION_FAILED, result)
        described = result.is_completed or (
            result.description_status is DescriptionStatus.SKIPPED and result.description is not None
        )
        return cls(path, State.DESCRIBED if described else State.UPLOADED, result)

    @classmethod
    def of_error(cls, path: str, error: ScopixError) -> "Outcome":
        """The upload raised."""
        if isinstance(error, ScopixTimeoutError) and isinstance(error.last_result, UploadResult):
            return cls(path, State.TIMED_OUT, error.last_result, error)
        return cls(path, State.REFUSED if isinstance(error, ValidationError) else State.FAILED, error=error)

    @classmethod
    def of_session(cls, path: str, item: SessionResult, *, waited: bool) -> "Outcome":
        """What the file's upload session says of it."""
        result = UploadResult.from_api_response(
            {
                **item.model_dump(mode="json"),
                "filename": item.filename or PurePath(path).name,
                "description_error": item.error_message,
                "description_error_type": item.error_type,
                "description_is_retryable": item.retryable,
            }
        )
        if not item.image_id and item.status == "failed":
            return cls(path, State.REFUSED, error=ValidationError(item.error_message or "no reason given"))
        if item.skipped_existing_image_id is not None:
            return cls(path, State.DUPLICATE, result)
        if waited and result.is_pending:
            return cls(path, State.TIMED_OUT, result)
        return cls.of_result(path, result)

    @property
    def is_fine(self) -> bool:
        """Whether the file is where its owner wants it."""
        return self.state in _FINE

    @property
    def reason(self) -> str | None:
        """Why there is no description, for people; None when all is well."""
        if self.error is not None:
            return self.error.message
        if self.state is State.DESCRIPTION_FAILED and self.result is not None:
            return self.result.description_error or "no reason given"
        return None

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: the path, the state, the result's fields, and the error."""
        record: dict[str, Any] = {"path": self.path, "state": self.state.name.lower()}
        if self.result is not None:
            record |= self.result.to_dict()
        if self.error is not None:
            record["error"] = {"code": self.error.code, "message": self.error.message, "details": self.error.details}
        return record


def totals_line(outcomes: Sequence[Outcome]) -> str:
    """One line whose numbers add up, such as "5 files: 3 described, 1 refused, 1 failed"."""
    counts = Counter(outcome.state for outcome in outcomes)
    noun = "file" if len(outcomes) == 1 else "files"
    parts = ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])
    return f"{len(outcomes)} {noun}: {parts or 'nothing to do'}"


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when all is well; 3 when the server could not be used at all; 1 when some files failed."""
    if all(outcome.is_fine for outcome in outcomes):
        return 0
    reached = any(outcome.result is not None for outcome in outcomes)
    unusable = any(isinstance(outcome.error, AuthenticationError | ScopixConnectionError) for outcome in outcomes)
    return EXIT_NO_CONNECTION if unusable and not reached else EXIT_FAILED
