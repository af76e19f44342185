"""The place of a request's files in their upload session."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from scopix_server.domain.errors import Conflict, NotFound
from scopix_server.domain.ports import Transaction
from scopix_server.domain.session import FileOutcome, Session, SessionFile, SessionStatus, status_of
from scopix_server.intake.options import SessionOptions
from scopix_server.intake.receipts import FileReceipt

__all__ = ["append_to_session", "open_session"]

_CLOSED = frozenset({SessionStatus.CANCELLED, SessionStatus.EXPIRED})


def open_session(transaction: Transaction, tenant_id: str, options: SessionOptions, now: datetime) -> Session:
    """Return the session that the files go to, a new one if none is named. Raises NotFound; Conflict: it is closed."""
    if options.session_id is None:
        session = Session(str(uuid.uuid4()), tenant_id, now, now, expected_files=options.expected_files)
        transaction.sessions.add(session)
        return session
    found = transaction.sessions.get(tenant_id, options.session_id)
    if found is None:
        raise NotFound(f"There is no upload session '{options.session_id}'.", resource_type="session")
    status = status_of(found, transaction.sessions.counts([found])[found.id], now)
    if status in _CLOSED:
        raise Conflict(f"The upload session '{found.id}' is {status.value}; start a new one.", session_id=found.id)
    return found


def append_to_session(
    transaction: Transaction,
    session: Session,
    options: SessionOptions,
    receipts: Sequence[FileReceipt],
    now: datetime,
) -> None:
    """Enter the files into the session. Raises Conflict when a position is taken or beyond what was announced."""
    start = _place(transaction, session, options, len(receipts))
    entries = [_entry(session.id, start + receipt.index, receipt) for receipt in receipts]
    transaction.sessions.append(session.id, entries, now)


def _place(transaction: Transaction, session: Session, options: SessionOptions, number: int) -> int:
    taken = transaction.sessions.positions(session.id)
    start = options.start_index if options.start_index is not None else max(taken, default=-1) + 1
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
    return SessionFile(
        session_id, position, receipt.filename, outcome, receipt.file_id, receipt.error, retryable, receipt.path
    )
