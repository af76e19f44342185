"""What an upload gives back. Standard library only, so that `import scopix` stays cheap."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Self

from scopix._errors import DescriptionError
from scopix._shown import as_card, as_html_table, as_table
from scopix.types.vocabulary import DescriptionStatus

__all__ = [
    "BatchFile",
    "BatchFileState",
    "BatchUploadResults",
    "DescriptionFailure",
    "SkippedPath",
    "UploadResult",
]

_PENDING = frozenset({DescriptionStatus.PENDING, DescriptionStatus.QUEUED, DescriptionStatus.PROCESSING})


@dataclass(frozen=True)
class UploadResult:
    """One uploaded file and what is known of its description.

    `text_regions` holds dicts with `text`, `bbox` (`x`, `y`, `width`, `height`, all in 0..1), `polygon` (four corners)
    and `confidence`.
    `path` joins the result to what was uploaded: the path as given, or the one below the directory that was given.
    `category_data` holds the fields of the content category and `field_confidence` how sure each is (0..1, by JSON
    pointer, not calibrated); `objects` what was seen on a photograph (`label`, `bbox`, `score`).
    `confidence_score` is always None for descriptions. The three `description_error*` fields are None unless
    `description_status` is FAILED. `deduplicated`, `media_type`, `status` and `object_key` are None on streaming
    uploads, which is what `files.upload` makes.
    """

    image_id: str
    filename: str
    description: str | None = None
    tags: list[str] | None = None
    visible_text: str | None = None
    text_regions: list[dict[str, Any]] | None = None
    confidence_score: float | None = None
    description_status: DescriptionStatus = DescriptionStatus.PENDING
    thumbnail_url: str | None = None
    created_at: datetime | None = None
    description_error: str | None = None
    description_error_type: str | None = None
    description_is_retryable: bool | None = None
    deduplicated: bool | None = None
    media_type: str | None = None
    status: str | None = None
    object_key: str | None = None
    # Beyond the contract, and behind its fields.
    path: str | None = None
    category_data: dict[str, Any] | None = None
    field_confidence: dict[str, float] | None = None
    objects: list[dict[str, Any]] | None = None

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs tell of the upload; None for files of a batch."""
        return self.__dict__.get("_request_id")

    @property
    def is_failed(self) -> bool:
        """The description failed."""
        return self.description_status is DescriptionStatus.FAILED

    @property
    def is_completed(self) -> bool:
        """The description is there."""
        return self.description_status is DescriptionStatus.COMPLETED

    @property
    def is_described(self) -> bool:
        """There is a description: this upload's, or that of the same content stored earlier."""
        return self.is_completed or (
            self.description_status is DescriptionStatus.SKIPPED and self.description is not None
        )

    @property
    def is_pending(self) -> bool:
        """The description is still to come. A skipped description is neither pending, completed nor failed."""
        return self.description_status in _PENDING

    @classmethod
    def from_api_response(cls, data: Mapping[str, Any]) -> Self:
        """Build a result from any body that tells of a file: an upload's answer, file details, or `to_dict` output."""
        status = _read_status(data.get("description_status"))
        failed = status is DescriptionStatus.FAILED
        ai_tags = data.get("ai_tags")
        return cls(
            image_id=str(data.get("image_id") or data.get("id") or ""),
            filename=str(data.get("filename") or data.get("original_filename") or ""),
            description=_first(data, "description", "upload_description"),
            tags=_copy(ai_tags if ai_tags is not None else data.get("tags")),
            visible_text=data.get("visible_text"),
            text_regions=_copy(data.get("text_regions")),
            confidence_score=data.get("confidence_score"),
            description_status=status,
            thumbnail_url=data.get("thumbnail_url"),
            created_at=_read_time(data.get("created_at")),
            description_error=data.get("description_error") if failed else None,
            description_error_type=_plain(data.get("description_error_type")) if failed else None,
            description_is_retryable=data.get("description_is_retryable") if failed else None,
            deduplicated=data.get("deduplicated"),
            media_type=_plain(data.get("media_type")),
            status=_plain(data.get("status")),
            object_key=data.get("object_key"),
            path=data.get("path"),
            category_data=data.get("category_data"),
            field_confidence=_confidences(data),
            objects=_copy(_first(data.get("perception") or {}, "objects") or data.get("objects")),
        )

    def _repr_html_(self) -> str:
        return as_card(self)

    def to_dict(self, exclude_none: bool = True) -> dict[str, Any]:
        """A dict that `json.dumps` takes: times as ISO 8601, enumerations as their value.

        With `exclude_none` the fields that are None are left out.
        """
        values = {field.name: _json_safe(getattr(self, field.name)) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None or not exclude_none}


@dataclass(frozen=True)
class DescriptionFailure:
    """Why one file has no description."""

    image_id: str
    error_message: str
    error_type: str | None = None
    is_retryable: bool = False
    filename: str | None = None
    raw_error: str | None = None


class BatchFileState(str, Enum):
    """Where a file of a batch is: exactly one of these at any time."""

    NOT_SENT = "not_sent"
    UNCERTAIN = "uncertain"
    """It was sent, and no answer came: the server may have it. The same upload with its journal finds out."""
    REFUSED = "refused"
    STORED = "stored"


@dataclass(frozen=True)
class BatchFile:
    """One file of a batch: its path (or name), its state, and what is known of it.

    `result` is None until the server has told something. `is_duplicate`: its content was stored already.
    """

    path: str
    state: BatchFileState
    result: UploadResult | None = None
    is_duplicate: bool = False

    @property
    def reason(self) -> str | None:
        """Why it was refused, or why it has no description."""
        return self.result.description_error if self.result is not None and self.result.is_failed else None

    @property
    def summary(self) -> str:
        """One word or two for people, such as "described" or "description failed"."""
        if self.state is not BatchFileState.STORED:
            return str(self.state.value).replace("_", " ")
        if self.is_duplicate:
            return "duplicate"
        if self.result is not None and self.result.is_failed:
            return "description failed"
        return "described" if self.result is not None and self.result.is_described else "uploaded"


@dataclass(frozen=True, slots=True)
class SkippedPath:
    """A file or directory that is not uploaded, and why, such as "hidden" or ".pdf is not taken from directories"."""

    path: Path
    reason: str


class BatchUploadResults(list[UploadResult]):
    """The results of one call, in the order of its input. Counts are of descriptions, not of transfers.

    `session_ids` holds one upload session per 1,000 files; `session_id` is the first of them, or None.
    `skipped_paths` is what was found in directories and not taken, with the reason; it counts as no result.
    """

    def __init__(
        self,
        results: Iterable[UploadResult] = (),
        *,
        session_ids: Iterable[str] = (),
        skipped_paths: Iterable[SkippedPath] = (),
    ) -> None:
        super().__init__(results)
        self.session_ids: list[str] = list(session_ids)
        self.skipped_paths: list[SkippedPath] = list(skipped_paths)

    @property
    def session_id(self) -> str | None:
        """The first upload session, to poll with `files.wait_for_session`."""
        return self.session_ids[0] if self.session_ids else None

    @property
    def has_failures(self) -> bool:
        """True when any description failed."""
        return any(result.is_failed for result in self)

    @property
    def failed_count(self) -> int:
        """How many descriptions failed."""
        return len(self.failed())

    @property
    def succeeded_count(self) -> int:
        """How many descriptions are completed."""
        return len(self.succeeded())

    @property
    def pending_count(self) -> int:
        """How many descriptions are still to come."""
        return len(self.pending())

    def failed(self) -> list[UploadResult]:
        """The results whose description failed."""
        return [result for result in self if result.is_failed]

    def succeeded(self) -> list[UploadResult]:
        """The results whose description is completed."""
        return [result for result in self if result.is_completed]

    def pending(self) -> list[UploadResult]:
        """The results whose description is still to come."""
        return [result for result in self if result.is_pending]

    def retryable(self) -> list[UploadResult]:
        """The failed results that may succeed when tried again."""
        return [result for result in self if result.is_failed and result.description_is_retryable]

    def raise_on_failures(self) -> Self:
        """Give back these results, or raise `DescriptionError` when any description failed."""
        failed = self.failed()
        if not failed:
            return self
        failures = [_failure_of(result) for result in failed]
        first = failures[0]
        raise DescriptionError(
            f"{len(failed)} of {len(self)} descriptions failed; the first was {first.filename or first.image_id}: "
            f"{first.error_message}",
            details={
                "image_id": first.image_id,
                "status": DescriptionStatus.FAILED.value,
                "failures": [asdict(failure) for failure in failures],
            },
        )

    def to_pandas(self) -> Any:
        """A pandas `DataFrame` with a row for each result. Raises `ImportError` where pandas is not installed."""
        return as_table("pandas", self)

    def to_polars(self) -> Any:
        """The same as a polars `DataFrame`; what has structure, but the tags, as JSON."""
        return as_table("polars", self)

    def to_arrow(self) -> Any:
        """The same as a pyarrow `Table`; what has structure, but the tags, as JSON."""
        return as_table("pyarrow", self)

    def _repr_html_(self) -> str:
        return as_html_table(self, self.summary())

    def summary(self) -> str:
        """One line for people, such as "8 succeeded, 2 failed (1 retryable), 1 pending"."""
        if not self:
            return "0 results"
        skipped = len(self) - self.succeeded_count - self.failed_count - self.pending_count
        retryable = len(self.retryable())
        failed_text = f"failed ({retryable} retryable)" if retryable else "failed"
        counts = (
            (self.succeeded_count, "succeeded"),
            (self.failed_count, failed_text),
            (self.pending_count, "pending"),
            (skipped, "skipped"),
        )
        return ", ".join(f"{count} {word}" for count, word in counts if count)


def _failure_of(result: UploadResult) -> DescriptionFailure:
    return DescriptionFailure(
        image_id=result.image_id,
        error_message=result.description_error or "no reason given",
        error_type=result.description_error_type,
        is_retryable=bool(result.description_is_retryable),
        filename=result.filename,
        raw_error=result.description_error,
    )


def _first(data: Mapping[str, Any], *names: str) -> Any:
    return next((data[name] for name in names if data.get(name) is not None), None)


def _confidences(data: Mapping[str, Any]) -> dict[str, float] | None:
    """By JSON pointer, such as `/total/amount`: from what a file's details rest on, or as a result has it."""
    if data.get("field_confidence") is not None:
        return dict(data["field_confidence"])
    known = [one for one in data.get("category_evidence") or () if one.get("confidence") is not None]
    return {one["field"]: one["confidence"] for one in known} or None


def _copy(value: Iterable[Any] | None) -> list[Any] | None:
    return None if value is None else list(value)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _read_status(value: Any) -> DescriptionStatus:
    try:
        return DescriptionStatus(value)
    except ValueError:
        # None, or a state that a newer server invented: the documented default is the harmless reading.
        return DescriptionStatus.PENDING


def _read_time(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _json_safe(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    return value
