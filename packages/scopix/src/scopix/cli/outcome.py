"""What became of each file: exactly one state a file, so that the totals always add up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from scopix import (
    AuthenticationError,
    BatchFile,
    BatchFileState,
    DescriptionStatus,
    ScopixConnectionError,
    ScopixError,
    ScopixTimeoutError,
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
    SKIPPED = "skipped"


_FINE = frozenset({State.DESCRIBED, State.UPLOADED, State.DUPLICATE, State.SKIPPED})


@dataclass(frozen=True)
class Outcome:
    """One file: where it was, its state, and the result, the error or the reason for skipping that goes with it."""

    path: str
    state: State
    result: UploadResult | None = None
    error: ScopixError | None = None
    why_skipped: str | None = None

    @classmethod
    def of_result(cls, path: str, result: UploadResult) -> "Outcome":
        """The file was stored; its description decides the state."""
        if result.is_failed:
            return cls(path, State.DESCRIPTION_FAILED, result)
        return cls(path, State.DESCRIBED if result.is_described else State.UPLOADED, result)

    @classmethod
    def of_error(cls, path: str, error: ScopixError) -> "Outcome":
        """The upload raised."""
        if isinstance(error, ScopixTimeoutError) and isinstance(error.last_result, UploadResult):
            return cls(path, State.TIMED_OUT, error.last_result, error)
        return cls(path, State.REFUSED if isinstance(error, ValidationError) else State.FAILED, error=error)

    @classmethod
    def of_file(cls, file: BatchFile, *, waited: bool, error: ScopixError | None) -> "Outcome":
        """Where a file of a batch is; `error` is what ended the batch, if anything did."""
        if file.state is BatchFileState.REFUSED:
            return cls(file.path, State.REFUSED, error=ValidationError(file.reason or "no reason given"))
        if file.state is not BatchFileState.STORED:
            interrupted = file.state is BatchFileState.UNCERTAIN and error is None
            return cls(file.path, State.INTERRUPTED if interrupted else State.NOT_SENT, error=error)
        if file.result is None:
            return cls(file.path, State.UPLOADED)
        if file.is_duplicate:
            return cls(file.path, State.DUPLICATE, file.result)
        if file.result.description_status == DescriptionStatus.SKIPPED and file.result.description_error:
            return cls(file.path, State.SKIPPED, file.result, why_skipped=file.result.description_error)
        if waited and file.result.is_pending:
            return cls(file.path, State.TIMED_OUT, file.result)
        return cls.of_result(file.path, file.result)

    @property
    def is_fine(self) -> bool:
        """Whether the file is where its owner wants it."""
        return self.state in _FINE

    @property
    def reason(self) -> str | None:
        """Why there is no description, for people; None when all is well."""
        if self.error is not None:
            return self.error.message
        if self.why_skipped is not None:
            return self.why_skipped
        if self.state is State.DESCRIPTION_FAILED and self.result is not None:
            return self.result.description_error or "no reason given"
        return None

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: the path, the state, the result's fields, and the error."""
        record: dict[str, Any] = {"path": self.path, "state": self.state.name.lower()}
        if self.result is not None:
            # The path stays as it was named here; the result has it as the server keeps it.
            record = record | self.result.to_dict() | record
        if self.error is not None:
            record["error"] = {"code": self.error.code, "message": self.error.message, "details": self.error.details}
        if self.why_skipped is not None:
            record["reason"] = self.why_skipped
        return record


def totals_line(outcomes: Sequence[Outcome]) -> str:
    """One line whose numbers add up, such as "5 files: 3 described, 1 refused, 1 failed"."""
    counts = Counter(outcome.state for outcome in outcomes)
    noun = "file" if len(outcomes) == 1 else "files"
    parts = ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])
    return f"{len(outcomes)} {noun}: {parts or 'nothing to do'}"


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when all is well; 3 when the server could not be used at all; 1 when some files failed, or all were skipped."""
    if outcomes and all(outcome.state is State.SKIPPED for outcome in outcomes):
        return EXIT_FAILED
    if all(outcome.is_fine for outcome in outcomes):
        return 0
    reached = any(outcome.result is not None for outcome in outcomes)
    unusable = any(isinstance(outcome.error, AuthenticationError | ScopixConnectionError) for outcome in outcomes)
    return EXIT_NO_CONNECTION if unusable and not reached else EXIT_FAILED
