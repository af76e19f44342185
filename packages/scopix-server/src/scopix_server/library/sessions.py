"""A tenant's upload sessions: listed, followed, cancelled. How files come into them is told by `intake/sessions.py`."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scopix_server.domain.description import Perception
from scopix_server.domain.errors import MalformedRequest, NotFound
from scopix_server.domain.file import File, Variant
from scopix_server.domain.ids import is_uuid
from scopix_server.domain.ports import Database, DescriptionRecord, JobQueue, Transaction
from scopix_server.domain.session import (
    OPEN,
    Session,
    SessionCounts,
    SessionEvent,
    SessionFile,
    SessionStatus,
    status_of,
)
from scopix_server.library.redescribe import PORTION

__all__ = ["MAX_EVENTS", "News", "SessionPage", "SessionResults", "SessionView", "SessionWatch", "Sessions"]

MAX_EVENTS = 500
"""Events that one look of a watch finds: some 100 kB as JSON."""
_RECENT = 10  # errors that a session tells in short; its results have all
_KEY_SECONDS = 1.0  # as long as a server keeps what it knows of a key: a stream ends no later than requests do
_RECOUNT_SECONDS = 5.0  # a session may also end without an event: by its age

Entries = Sequence[tuple[SessionFile, File | None]]
Described = Mapping[str, DescriptionRecord]


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of a tenant's sessions."""

    sessions: Sequence[Session]
    counts: Mapping[str, SessionCounts]
    total: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """Where a session is: the files that ended last, those that failed last, and the descriptions of the former."""

    session: Session
    counts: SessionCounts
    completions: Entries
    errors: Entries
    described: Described


@dataclass(frozen=True, slots=True)
class SessionResults:
    """A page of a session's files, with what is known of them."""

    session: Session
    counts: SessionCounts
    entries: Entries
    total: int
    details: tuple[Mapping[str, tuple[Variant, ...]], Described, Mapping[str, Perception]]


@dataclass(frozen=True, slots=True)
class News:
    """What one look found: the events since the last, and the session with its counts if there may be news of them.

    `session` is None once the key that looks has ended.
    """

    session: Session | None
    events: Sequence[SessionEvent] = ()
    counts: SessionCounts | None = None
    latest: Entries = ()


class Sessions:
    """A tenant's sessions. All methods block; each raises NotFound where the tenant has no session of that id."""

    def __init__(self, database: Database, jobs: JobQueue) -> None:
        self._database = database
        self._jobs = jobs

    def page(
        self,
        tenant_id: str,
        now: datetime,
        *,
        status: SessionStatus | None,
        upload_method: str | None,
        limit: int,
        offset: int,
    ) -> SessionPage:
        """Return a page of the sessions, newest first, of one status and one way of sending if they are named."""

        def read(transaction: Transaction) -> SessionPage:
            page, total = transaction.sessions.list(
                tenant_id, now, status=status, upload_method=upload_method, limit=limit, offset=offset
            )
            return SessionPage(page, transaction.sessions.counts(page), total)

        return self._database.read(read)

    def view(self, tenant_id: str, session_id: str) -> SessionView:
        """Return where a session is."""

        def read(transaction: Transaction) -> SessionView:
            session, counts = _find(transaction, tenant_id, session_id)
            completions = transaction.sessions.latest(session.id, failed=False, limit=_RECENT)
            errors = transaction.sessions.latest(session.id, failed=True, limit=_RECENT)
            described = transaction.descriptions.current([entry.file_id for entry, _ in completions if entry.file_id])
            return SessionView(session, counts, completions, errors, described)

        return self._database.read(read)

    def is_over(self, tenant_id: str, session_id: str) -> bool:
        """Whether nothing will happen in a session any more."""
        session, counts = self._database.read(lambda t: _find(t, tenant_id, session_id))
        return status_of(session, counts, datetime.now(UTC)) not in OPEN

    def results(
        self, tenant_id: str, session_id: str, *, include_failed: bool, limit: int, offset: int
    ) -> SessionResults:
        """Return a page of a session's files, in their order."""

        def read(transaction: Transaction) -> SessionResults:
            session, counts = _find(transaction, tenant_id, session_id)
            entries, total = transaction.sessions.page(
                session.id, include_failed=include_failed, limit=limit, offset=offset
            )
            ids = [entry.file_id for entry, _ in entries if entry.file_id]
            details = (
                transaction.variants.of(ids),
                transaction.descriptions.current(ids),
                transaction.descriptions.perceptions(ids),
            )
            return SessionResults(session, counts, entries, total, details)

        return self._database.read(read)

    def cancel(self, tenant_id: str, session_id: str) -> None:
        """Give up what has not ended yet, a portion at a time. Raises MalformedRequest when the session is over."""
        now = datetime.now(UTC)
        session, counts = self._database.read(lambda t: _find(t, tenant_id, session_id))
        status = status_of(session, counts, now)
        if status not in OPEN:
            raise MalformedRequest(f"The session is {status.value}; there is nothing to cancel.", status=status.value)

        def cancel_some(transaction: Transaction) -> bool:
            cancelled = transaction.sessions.cancel_files(session.id, now, limit=PORTION)
            for file in cancelled:
                # They stay stored, so they get their thumbnails.
                self._jobs.enqueue_variants(transaction, file)
            # The session itself last: what is broken off can be asked for again.
            if is_last := len(cancelled) < PORTION:
                transaction.sessions.cancel(session.id, now)
            return is_last

        while not self._database.write(cancel_some):
            pass

    def watch(self, tenant_id: str, key_id: str, session_id: str, number: int) -> "SessionWatch":
        """Return what follows a session from the event after `number` on, for as long as the key is good."""
        return SessionWatch(self._database, tenant_id, key_id, session_id, number)


class SessionWatch:
    """Follows one session for one client, by looking at the database; the worker is another process.

    `number` is that of the last event seen.
    """

    def __init__(self, database: Database, tenant_id: str, key_id: str, session_id: str, number: int) -> None:
        self.number = number
        self._database = database
        self._tenant_id = tenant_id
        self._key_id = key_id
        self._session_id = session_id
        self._key_checked_at = time.monotonic()
        self._counted_at = float("-inf")

    def look(self) -> News:
        """Return what is new. Blocks. Raises NotFound."""
        return self._database.read(self._look)

    def _look(self, transaction: Transaction) -> News:
        if not self._key_is_good(transaction):
            return News(None)
        session = find_session(transaction, self._tenant_id, self._session_id)
        events = transaction.sessions.events(session.id, self.number, limit=MAX_EVENTS)
        if events:
            self.number = events[-1].number
        now = time.monotonic()
        if len(events) == MAX_EVENTS or (not events and now - self._counted_at < _RECOUNT_SECONDS):
            return News(session, events)
        self._counted_at = now
        counts = transaction.sessions.counts([session])[session.id]
        return News(session, events, counts, transaction.sessions.latest(session.id, failed=False, limit=1))

    def _key_is_good(self, transaction: Transaction) -> bool:
        if time.monotonic() - self._key_checked_at < _KEY_SECONDS:
            return True
        self._key_checked_at = time.monotonic()
        key = transaction.keys.find(self._key_id)
        return key is not None and key.state(datetime.now(UTC)) == "active"


def find_session(transaction: Transaction, tenant_id: str, session_id: str) -> Session:
    """Return the tenant's session.

    Raises:
        NotFound: the tenant has no such session. A foreign session and a word that is no id are no different.
    """
    known_id = session_id.lower()
    session = transaction.sessions.get(tenant_id, known_id) if is_uuid(known_id) else None
    if session is None:
        raise NotFound(
            f"There is no upload session '{session_id[:64]}'.", resource_type="session", resource_id=session_id[:64]
        )
    return session


def _find(transaction: Transaction, tenant_id: str, session_id: str) -> tuple[Session, SessionCounts]:
    session = find_session(transaction, tenant_id, session_id)
    return session, transaction.sessions.counts([session])[session.id]
