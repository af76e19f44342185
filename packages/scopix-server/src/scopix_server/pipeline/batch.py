"""Taking a batch in: the files that arrived, those that were refused, and their session, in one transaction."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from scopix_server.domain.errors import Conflict, DomainError, NotFound, OutcomeUnknown, UsageLimitExceeded
from scopix_server.domain.file import File
from scopix_server.domain.plans import Allowance
from scopix_server.domain.ports import Database, IdempotencyRecord, Transaction
from scopix_server.domain.session import FileOutcome, Session, SessionFile, SessionStatus, status_of
from scopix_server.pipeline.incoming import IncomingFile
from scopix_server.pipeline.receive import REPLAY_WINDOW, Receiver, UploadOptions

__all__ = ["Arrival", "BatchReceipt", "BatchReceiver", "FileReceipt", "SessionOptions"]

_CLOSED = frozenset({SessionStatus.CANCELLED, SessionStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """Which session the files go to.

    `session_id`: an open one of the caller's; None starts one. `expected_files`: how many it will hold in all.
    `start_index`: the position in it of the request's first file; None appends.
    """

    session_id: str | None = None
    expected_files: int | None = None
    start_index: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file of the request, in its order: arrived whole, or refused with `error`."""

    incoming: IncomingFile
    error: DomainError | None


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


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """What became of a batch. `replayed`: the same request was answered before, this is that answer."""

    session_id: str
    files: tuple[FileReceipt, ...]
    processing_time_ms: int
    replayed: bool = False


class BatchReceiver:
    """Takes batches in for all tenants."""

    def __init__(self, receiver: Receiver, database: Database) -> None:
        self._receiver = receiver
        self._database = database

    def record(
        self,
        tenant_id: str,
        arrivals: Sequence[Arrival],
        options: UploadOptions,
        session: SessionOptions,
        idempotency_key: str | None,
    ) -> BatchReceipt:
        """Store what arrived, with all rows and jobs in one transaction. Blocks.

        Raises:
            Conflict: the idempotency key was used for another request, or the session is closed, full, or has a file
                at one of the positions.
            NotFound: there is no such session.
            UsageLimitExceeded: the month's share was used up before the first of them.
            StorageNotConfigured, OutOfSpace.
            BucketRefused, ServiceUnavailable: the store will not have them, or does not answer.
        """
        destination = self._receiver.stores.destination(tenant_id, options.storage_target)
        accepted = {
            index: self._receiver.new_file(
                tenant_id, arrival.incoming.filename, arrival.incoming.finish(), options, destination
            )
            for index, arrival in enumerate(arrivals)
            if arrival.error is None
        }
        fingerprint = _fingerprint(arrivals, accepted, options, session)
        stored = destination.take(
            {file.object_key: (arrivals[index].incoming, file) for index, file in accepted.items()}
        )
        kept: set[str] = set()
        try:
            receipt = self._database.write(
                lambda t: self._record(t, tenant_id, arrivals, accepted, options, session, idempotency_key, fingerprint)
            )
            kept = set() if receipt.replayed else {key for entry in receipt.files if (key := entry.object_key)}
        except OutcomeUnknown:
            # They may be recorded, and records without their objects would be worse than objects without records.
            kept = stored
            raise
        finally:
            destination.forget(stored - kept)
        return receipt

    def _record(
        self,
        transaction: Transaction,
        tenant_id: str,
        arrivals: Sequence[Arrival],
        accepted: dict[int, File],
        options: UploadOptions,
        wanted: SessionOptions,
        key: str | None,
        fingerprint: str,
    ) -> BatchReceipt:
        now = self._receiver.now()
        earlier = transaction.idempotency.find(tenant_id, key, now - REPLAY_WINDOW) if key else None
        if earlier is not None:
            return _replay(earlier, fingerprint)
        session = _open_session(transaction, tenant_id, wanted, now)
        allowance = self._receiver.allowance(transaction, tenant_id)
        receipts = tuple(
            self._enter(transaction, index, arrival, accepted.get(index), options, allowance)
            for index, arrival in enumerate(arrivals)
        )
        if allowance.refusal is not None and not any(receipt.file_id for receipt in receipts):
            raise allowance.refusal
        start = _place(transaction, session, wanted, len(arrivals))
        entries = [_entry(session.id, start + receipt.index, receipt) for receipt in receipts]
        transaction.sessions.append(session.id, entries, now)
        spent = max((arrival.incoming.elapsed_ms for arrival in arrivals), default=0)
        receipt = BatchReceipt(session.id, receipts, spent)
        if key:
            transaction.idempotency.keep(tenant_id, IdempotencyRecord(key, fingerprint, asdict(receipt), now))
        return receipt

    def _enter(
        self,
        transaction: Transaction,
        index: int,
        arrival: Arrival,
        file: File | None,
        options: UploadOptions,
        allowance: Allowance,
    ) -> FileReceipt:
        name = arrival.incoming.filename
        if file is None:
            assert arrival.error is not None
            return FileReceipt(index, name, FileOutcome.REJECTED.value, error=arrival.error.message)
        # Asked within the transaction, so that of two equal files in one batch the second finds the first.
        existing = transaction.files.find_by_hash(file.tenant_id, file.sha256) if options.skip_duplicates else None
        if existing is not None:
            outcome = FileOutcome.DUPLICATE
            return FileReceipt(index, name, outcome.value, existing.id, None, existing.media_type.value)
        try:
            added = self._receiver.add_file(transaction, file, allowance)
        except UsageLimitExceeded as refusal:
            return FileReceipt(index, name, FileOutcome.REJECTED.value, error=refusal.message)
        outcome = FileOutcome.ACCEPTED
        media_type = added.media_type.value
        return FileReceipt(index, name, outcome.value, added.id, added.object_key, media_type, options.auto_describe)


def _open_session(transaction: Transaction, tenant_id: str, wanted: SessionOptions, now: datetime) -> Session:
    if wanted.session_id is None:
        session = Session(str(uuid.uuid4()), tenant_id, now, now, expected_files=wanted.expected_files)
        transaction.sessions.add(session)
        return session
    found = transaction.sessions.get(tenant_id, wanted.session_id)
    if found is None:
        raise NotFound(f"There is no upload session '{wanted.session_id}'.", resource_type="session")
    status = status_of(found, transaction.sessions.counts([found])[found.id], now)
    if status in _CLOSED:
        raise Conflict(f"The upload session '{found.id}' is {status.value}; start a new one.", session_id=found.id)
    return found


def _place(transaction: Transaction, session: Session, wanted: SessionOptions, number: int) -> int:
    """Return the position of the first file. Raises Conflict when a position is taken or beyond what was announced."""
    taken = transaction.sessions.positions(session.id)
    start = wanted.start_index if wanted.start_index is not None else max(taken, default=-1) + 1
    positions = set(range(start, start + number))
    if positions & taken:
        first = min(positions & taken)
        raise Conflict(f"The session has a file at position {first} already.", field="start_index", position=first)
    if session.expected_files is not None and start + number > session.expected_files:
        raise Conflict(
            f"The session was announced with {session.expected_files} files; this request would go beyond.",
            field="expected_files",
        )
    return start


def _entry(session_id: str, position: int, receipt: FileReceipt) -> SessionFile:
    outcome = FileOutcome(receipt.outcome)
    retryable = receipt.retryable if outcome is FileOutcome.REJECTED else None
    return SessionFile(session_id, position, receipt.filename, outcome, receipt.file_id, receipt.error, retryable)


def _fingerprint(
    arrivals: Sequence[Arrival], accepted: dict[int, File], options: UploadOptions, session: SessionOptions
) -> str:
    # A refused file counts by its name and the reason: what of it was read before the refusal is not known.
    files: list[Any] = [
        [arrival.incoming.filename, accepted[index].sha256 if index in accepted else str(arrival.error)]
        for index, arrival in enumerate(arrivals)
    ]
    asked = json.dumps(["batch", files, asdict(options), asdict(session)], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()


def _replay(earlier: IdempotencyRecord, fingerprint: str) -> BatchReceipt:
    if earlier.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for another upload. Use a new key for each upload.", field="Idempotency-Key"
        )
    answer = earlier.answer
    files = tuple(FileReceipt(**entry) for entry in answer["files"])
    return BatchReceipt(answer["session_id"], files, answer["processing_time_ms"], replayed=True)
