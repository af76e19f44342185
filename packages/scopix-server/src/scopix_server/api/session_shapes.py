"""Sessions and batches from the domain to the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scopix.types import files as file_wire
from scopix.types import sessions as wire
from scopix.types.vocabulary import DescriptionStatus, MediaType, StorageTarget, UploadStatus, VariantType
from scopix_server.api.file_links import Links
from scopix_server.api.perception_shapes import file_perception, text_region
from scopix_server.api.shapes import category_evidence
from scopix_server.domain.description import Perception
from scopix_server.domain.file import File, Variant
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.session import (
    OPEN,
    FileOutcome,
    FileProgress,
    Session,
    SessionCounts,
    SessionEvent,
    SessionFile,
    progress_of,
    status_of,
)
from scopix_server.intake.receipts import FileReceipt, Receipt

__all__ = [
    "Described",
    "batch_response",
    "file_event",
    "progress_event",
    "session_list",
    "session_results",
    "session_status",
    "session_url",
]

IMMEDIATE_FILES = 5
_PREVIEW = 100

Described = Mapping[str, DescriptionRecord]
"""The current description of each file that has one, by the file's id."""


def session_url(session_id: str) -> str:
    """Return the path of a session's status."""
    return f"/api/v2/files/upload/sessions/{session_id}"


def batch_response(
    receipt: Receipt, storage_target: StorageTarget, warnings: list[str] | None = None
) -> wire.BatchUploadResponse:
    """Answer a batch upload."""
    assert receipt.session_id is not None
    rejected = [entry for entry in receipt.files if entry.outcome == FileOutcome.REJECTED.value]
    accepted = len(receipt.files) - len(rejected)
    running = any(entry.described for entry in receipt.files)
    status = "rejected" if not accepted else "partial" if rejected else "processing" if running else "completed"
    immediate = None
    if len(receipt.files) <= IMMEDIATE_FILES:
        immediate = [_immediate(entry, receipt.processing_time_ms, storage_target) for entry in receipt.files]
    return wire.BatchUploadResponse(
        session_id=receipt.session_id,
        total_files=len(receipt.files),
        accepted_files=accepted,
        rejected_files=len(rejected),
        status=status,
        immediate_results=immediate,
        status_url=session_url(receipt.session_id),
        rejections=[
            wire.Rejection(filename=e.filename, path=e.path, index=e.index, reason=e.error or "", retryable=e.retryable)
            for e in rejected
        ]
        or None,
        warnings=warnings,
    )


def _immediate(entry: FileReceipt, spent: int, storage_target: StorageTarget) -> wire.ImmediateResult:
    skipped = entry.outcome == FileOutcome.DUPLICATE.value
    status = UploadStatus.PROCESSING if entry.described else UploadStatus.COMPLETED
    if skipped:
        status = UploadStatus.SKIPPED
    return wire.ImmediateResult(
        image_id=entry.file_id,
        filename=entry.filename,
        path=entry.path,
        object_key=entry.object_key,
        status="failed" if entry.error else status.value,
        processing_time_ms=spent,
        skipped=skipped,
        skipped_existing_image_id=entry.file_id if skipped else None,
        error=entry.error,
        storage_target=storage_target,
        media_type=MediaType(entry.media_type) if entry.media_type else None,
    )


def session_status(
    session: Session,
    counts: SessionCounts,
    completions: Sequence[tuple[SessionFile, File | None]],
    errors: Sequence[tuple[SessionFile, File | None]],
    described: Described,
    now: datetime,
) -> wire.UploadSessionStatus:
    """Answer where a session is."""
    return wire.UploadSessionStatus(
        **_progress_values(session, counts, completions, now),
        recent_completions=[_completion(pair, described) for pair in completions],
        recent_errors=[_error(pair) for pair in errors],
        results_url=f"{session_url(session.id)}/results",
    )


def progress_event(
    session: Session, counts: SessionCounts, completions: Sequence[tuple[SessionFile, File | None]], now: datetime
) -> wire.SessionProgressEvent:
    """Tell where a session is to those who watch it."""
    kind: Any = "progress" if status_of(session, counts, now) in OPEN else "end"
    return wire.SessionProgressEvent(type=kind, **_progress_values(session, counts, completions, now))


def file_event(session_id: str, event: SessionEvent) -> wire.SessionFileEvent:
    """Tell what happened to a file to those who watch its session."""
    return wire.SessionFileEvent(
        id=str(event.number),
        session_id=session_id,
        index=event.position,
        image_id=event.file_id,
        filename=event.filename,
        path=event.path,
        stage=event.stage.value,
        status=event.stage.progress.value,
        at=event.at,
        error_message=event.error,
        error_type=event.error_type,
        retryable=event.error_is_retryable,
    )


def _progress_values(
    session: Session, counts: SessionCounts, completions: Sequence[tuple[SessionFile, File | None]], now: datetime
) -> dict[str, Any]:
    status = status_of(session, counts, now)
    over = status not in OPEN
    return {
        "session_id": session.id,
        "status": status.value,
        "total_files": counts.total,
        "completed_files": counts.completed,
        "failed_files": counts.failed,
        "skipped_files": counts.skipped,
        "pending_files": counts.pending + counts.missing,
        "progress_percentage": _percentage(counts),
        "created_at": session.created_at,
        "started_at": session.created_at,
        "completed_at": _ended(session, completions) if over else None,
        "estimated_completion_time": None if over else _estimate(session, counts, now),
    }


def session_list(
    sessions: Sequence[Session],
    counts: Mapping[str, SessionCounts],
    total: int,
    limit: int,
    offset: int,
    now: datetime,
) -> wire.SessionList:
    """Answer with one page of sessions."""
    return wire.SessionList(
        items=[_summary(session, counts[session.id], now) for session in sessions],
        total_count=total,
        limit=limit,
        offset=offset,
        has_more=offset + len(sessions) < total,
    )


def _summary(session: Session, counts: SessionCounts, now: datetime) -> wire.SessionSummary:
    return wire.SessionSummary(
        session_id=session.id,
        status=status_of(session, counts, now).value,
        upload_method=session.upload_method,
        total_files=counts.total,
        completed_files=counts.completed,
        failed_files=counts.failed,
        skipped_files=counts.skipped,
        progress_percentage=_percentage(counts),
        created_at=session.created_at,
        completed_at=session.cancelled_at,
    )


def session_results(
    session: Session,
    counts: SessionCounts,
    page: Sequence[tuple[SessionFile, File | None]],
    details: tuple[Mapping[str, tuple[Variant, ...]], Described, Mapping[str, Perception]],
    total: int,
    limit: int,
    offset: int,
    links: Links,
) -> wire.UploadSessionResults:
    """Answer with one page of a session's files."""
    variants, described, perceptions = details
    results = []
    for entry, file in page:
        file_id = entry.file_id or ""
        known = described.get(file_id), variants.get(file_id, ()), perceptions.get(file_id)
        results.append(_result(entry, file, known, links))
    return wire.UploadSessionResults(
        session_id=session.id,
        results=results,
        total_count=total,
        offset=offset,
        limit=limit,
        has_more=offset + len(page) < total,
        summary=wire.SessionResultsSummary(
            total_files=counts.total, completed=counts.completed, failed=counts.failed, skipped=counts.skipped
        ),
    )


_DELETED = "The file was deleted."


def _result(
    entry: SessionFile,
    file: File | None,
    known: tuple[DescriptionRecord | None, Sequence[Variant], Perception | None],
    links: Links,
) -> wire.SessionResult:
    record, variants, perception = known
    deleted = file is not None and file.deleted_at is not None
    if deleted:
        record = perception = None
    rejected = entry.outcome is FileOutcome.REJECTED
    failed = file is not None and file.description_status is DescriptionStatus.FAILED
    description = record.description if record else None
    regions: list[file_wire.TextRegion] | None = None
    if description is not None and perception is not None:
        regions = [text_region(region) for region in perception.text]
    return wire.SessionResult(
        index=entry.position,
        image_id=entry.file_id,
        filename=entry.filename,
        path=entry.path,
        object_key=file.object_key if file else None,
        status=_progress(entry, file).value,
        description=description.text if description else None,
        visible_text=description.visible_text if description else None,
        tags=list(description.tags) if description else None,
        processing_time_ms=record.processing_time_ms if record else None,
        error_message=_DELETED if deleted else entry.error or (file.description_error if failed and file else None),
        thumbnail_url=links.of(file, variants, VariantType.SMALL_256) if file else None,
        created_at=file.created_at if file else None,
        description_status=_description_status(entry, file),
        text_regions=regions,
        error_type=file.description_error_type if failed and file else ("validation" if rejected else None),
        retryable=entry.error_is_retryable
        if rejected
        else (file.description_is_retryable if failed and file else None),
        content_category=file.content_category if file else None,
        category_data=(description.category_data or None) if description else None,
        category_evidence=category_evidence(description) if description else None,
        perception=file_perception(perception) if description and perception else None,
        skipped_existing_image_id=entry.file_id if entry.outcome is FileOutcome.DUPLICATE else None,
    )


def _description_status(entry: SessionFile, file: File | None) -> DescriptionStatus | None:
    if entry.outcome is FileOutcome.REJECTED:
        return DescriptionStatus.FAILED
    if entry.outcome is not FileOutcome.ACCEPTED or (file is not None and file.deleted_at is not None):
        return DescriptionStatus.SKIPPED
    return file.description_status if file else None


def _progress(entry: SessionFile, file: File | None) -> FileProgress:
    status = file.description_status if file else None
    return progress_of(entry.outcome, status, deleted=file is not None and file.deleted_at is not None)


def _completion(pair: tuple[SessionFile, File | None], described: Described) -> wire.SessionCompletion:
    entry, file = pair
    record = described.get(entry.file_id or "")
    return wire.SessionCompletion(
        filename=entry.filename,
        path=entry.path,
        image_id=entry.file_id,
        status=_progress(entry, file).value,
        description=record.description.text[:_PREVIEW] if record else None,
        processing_time_ms=record.processing_time_ms if record else None,
        error_message=file.description_error if file else entry.error,
    )


def _error(pair: tuple[SessionFile, File | None]) -> wire.SessionError:
    entry, file = pair
    error = entry.error or (file.description_error if file else None) or "no reason was given"
    retryable = entry.error_is_retryable if file is None else file.description_is_retryable
    return wire.SessionError(
        filename=entry.filename, path=entry.path, index=entry.position, error=error, retryable=bool(retryable)
    )


def _percentage(counts: SessionCounts) -> float:
    return round(100 * counts.ended / counts.total, 1) if counts.total else 0.0


def _ended(session: Session, completions: Sequence[tuple[SessionFile, File | None]]) -> datetime:
    """Return when the last file ended; a session of refused files alone ended with its last upload."""
    ends = [file.description_finished_at for _, file in completions if file and file.description_finished_at]
    return session.cancelled_at or max([session.updated_at, *ends])


def _estimate(session: Session, counts: SessionCounts, now: datetime) -> datetime | None:
    """Return when the rest will be done if it goes on as it went so far."""
    if not counts.ended:
        return None
    return now + (now - session.created_at) / counts.ended * (counts.pending + counts.missing)
