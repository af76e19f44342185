"""Upload sessions and their files."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.db.count_tables import SESSION_COUNTED
from scopix_server.db.counts import FileCounts, standing_of
from scopix_server.db.events import SessionEvents
from scopix_server.db.files import file_of
from scopix_server.db.locks import held
from scopix_server.db.outbox import Outbox
from scopix_server.db.schema import files, session_files, sessions
from scopix_server.db.session_counts import SessionCounters
from scopix_server.domain.file import File
from scopix_server.domain.session import (
    EXPIRES_AFTER,
    FileOutcome,
    FileProgress,
    Session,
    SessionCounts,
    SessionEvent,
    SessionFile,
    SessionStatus,
    Stage,
)
from scopix_server.domain.states import TERMINAL

__all__ = ["SqlSessions"]

_FIELDS = tuple(Session.__dataclass_fields__)
_COLUMNS = [sessions.columns[name] for name in _FIELDS]
_TERMINAL = sorted(status.value for status in TERMINAL)


class SqlSessions:
    """The `SessionRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        values = {name: getattr(session, name) for name in _FIELDS}
        self._connection.execute(sessions.insert().values(values))

    def get(self, tenant_id: str, session_id: str) -> Session | None:
        query = sa.select(*_COLUMNS).where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id)
        row = self._connection.execute(held(self._connection, query)).mappings().first()
        return None if row is None else Session(**row)

    def list(
        self,
        tenant_id: str,
        now: datetime,
        *,
        status: SessionStatus | None = None,
        upload_method: str | None = None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Session], int]:
        mine = sessions.c.tenant_id == tenant_id
        if upload_method is not None:
            mine = sa.and_(mine, sessions.c.upload_method == upload_method)
        if status is not None:
            mine = sa.and_(mine, _status(now) == status.value)
        total = self._connection.execute(sa.select(sa.func.count()).select_from(sessions).where(mine)).scalar_one()
        newest = (sessions.c.created_at.desc(), sessions.c.id.desc())
        query = sa.select(*_COLUMNS).where(mine).order_by(*newest).limit(limit).offset(offset)
        return [Session(**row) for row in self._connection.execute(query).mappings()], total

    def append(self, session_id: str, added: Sequence[SessionFile], at: datetime) -> None:
        rows = [
            {
                "session_id": session_id,
                "position": file.position,
                "filename": file.filename,
                "outcome": file.outcome.value,
                "file_id": file.file_id,
                "error": file.error,
                "error_is_retryable": file.error_is_retryable,
                "path": file.path,
            }
            for file in added
        ]
        self._connection.execute(session_files.insert(), rows)
        SessionCounters(self._connection).entered(session_id, [file.position for file in added])
        self._connection.execute(sessions.update().where(sessions.c.id == session_id).values(updated_at=at))
        SessionEvents(self._connection).entered(session_id, added, at)
        Outbox(self._connection).sessions_changed([session_id], at)

    def events(self, session_id: str, after: int, *, limit: int) -> Sequence[SessionEvent]:
        return SessionEvents(self._connection).after(session_id, after, limit)

    def positions(self, session_id: str) -> set[int]:
        query = sa.select(session_files.c.position).where(session_files.c.session_id == session_id)
        return set(self._connection.execute(query).scalars())

    def counts(self, sessions: Sequence[Session]) -> dict[str, SessionCounts]:
        found = SessionCounters(self._connection).of([session.id for session in sessions])
        return {s.id: SessionCounts.of(found.get(s.id, {}), s.expected_files) for s in sessions}

    def settled(self, session_ids: Collection[str]) -> set[str]:
        done = sa.and_(sessions.c.id.in_(session_ids), sessions.c.pending_files == 0)
        return set(self._connection.execute(sa.select(sessions.c.id).where(done)).scalars())

    def page(
        self, session_id: str, *, include_failed: bool, limit: int, offset: int
    ) -> tuple[Sequence[tuple[SessionFile, File | None]], int]:
        condition = session_files.c.session_id == session_id
        if not include_failed:
            failed = sa.or_(
                session_files.c.outcome == FileOutcome.REJECTED.value,
                sa.and_(
                    session_files.c.outcome == FileOutcome.ACCEPTED.value,
                    files.c.description_status == DescriptionStatus.FAILED.value,
                ),
            )
            condition = sa.and_(condition, sa.not_(sa.func.coalesce(failed, sa.false())))
        joined = session_files.outerjoin(files, files.c.id == session_files.c.file_id)
        if include_failed:
            total = sum(SessionCounters(self._connection).of([session_id])[session_id].values())
        else:
            counted = sa.select(sa.func.count()).select_from(joined).where(condition)
            total = self._connection.execute(counted).scalar_one()
        query = self._with_files().where(condition).order_by(session_files.c.position).limit(limit).offset(offset)
        return self._read(query), total

    def latest(self, session_id: str, *, failed: bool, limit: int) -> Sequence[tuple[SessionFile, File | None]]:
        query = self._with_files().where(session_files.c.session_id == session_id)
        if failed:
            query = query.where(
                sa.or_(
                    session_files.c.outcome == FileOutcome.REJECTED.value,
                    files.c.description_status == DescriptionStatus.FAILED.value,
                )
            )
        else:
            query = query.where(files.c.description_status.in_(_TERMINAL))
        latest = files.c.description_finished_at.desc().nulls_last()
        return self._read(query.order_by(latest, session_files.c.position).limit(limit))

    def cancel(self, session_id: str, at: datetime) -> None:
        self._connection.execute(sessions.update().where(sessions.c.id == session_id).values(cancelled_at=at))
        Outbox(self._connection).sessions_changed([session_id], at)

    def cancel_files(self, session_id: str, at: datetime, *, limit: int) -> Sequence[File]:
        waiting = (
            sa.select(files)
            .join(session_files, files.c.id == session_files.c.file_id)
            .where(
                session_files.c.session_id == session_id,
                session_files.c.outcome == FileOutcome.ACCEPTED.value,
                files.c.description_status.not_in(_TERMINAL),
            )
            .order_by(session_files.c.position)
            .limit(limit)
        )
        rows = self._connection.execute(held(self._connection, waiting, of=files)).mappings().all()
        described = [row["id"] for row in rows if row["description_current"] is not None]
        others = [row["id"] for row in rows if row["description_current"] is None]
        # What has a description keeps it: cancelled is the wish for another.
        self._end(described, DescriptionStatus.COMPLETED, Stage.COMPLETED, at)
        self._end(others, DescriptionStatus.SKIPPED, Stage.CANCELLED, at)
        self._count_ended(session_id, rows)
        self._connection.execute(
            session_files.update()
            .where(session_files.c.session_id == session_id, session_files.c.file_id.in_(others))
            .values(outcome=FileOutcome.CANCELLED.value)
        )
        return [file_of(row) for row in rows]

    def _count_ended(self, session_id: str, rows: Sequence[sa.RowMapping]) -> None:
        counts, moves = FileCounts(self._connection), Counter[FileProgress]()
        for row in rows:
            before = standing_of(file_of(row))
            is_described = row["description_current"] is not None
            status = DescriptionStatus.COMPLETED if is_described else DescriptionStatus.SKIPPED
            counts.left_session(before, before._replace(status=status.value))
            if not before.is_deleted:
                moves[FileProgress.PENDING] -= 1
                moves[FileProgress.COMPLETED if is_described else FileProgress.SKIPPED] += 1
        SessionCounters(self._connection).add(session_id, moves)

    def _end(self, ids: Sequence[str], status: DescriptionStatus, stage: Stage, at: datetime) -> None:
        SessionEvents(self._connection).happened(ids, stage, at)
        # The next revision makes the job that is queued for this one outdated.
        self._connection.execute(
            files.update()
            .where(files.c.id.in_(ids))
            .values(
                description_status=status.value,
                description_revision=files.c.description_revision + 1,
                description_error=None,
                description_finished_at=at if status is DescriptionStatus.COMPLETED else None,
                updated_at=at,
            )
        )

    def _with_files(self) -> sa.Select[tuple[object, ...]]:
        columns = [column.label(f"session_{column.name}") for column in session_files.columns]
        joined = session_files.outerjoin(files, files.c.id == session_files.c.file_id)
        return sa.select(*columns, *files.columns).select_from(joined)

    def _read(self, query: sa.Select[tuple[object, ...]]) -> Sequence[tuple[SessionFile, File | None]]:
        return [_pair_of(row) for row in self._connection.execute(query).mappings()]


def _status(now: datetime) -> sa.ColumnElement[str]:
    """Return in SQL what `status_of` says of a session."""
    here = sum((sessions.c[f"{name}_files"] for name in SESSION_COUNTED), sa.literal(0))
    is_missing = sa.func.coalesce(sessions.c.expected_files, 0) > here
    return sa.case(
        (sessions.c.cancelled_at.is_not(None), SessionStatus.CANCELLED.value),
        (sa.and_(is_missing, sessions.c.updated_at < now - EXPIRES_AFTER), SessionStatus.EXPIRED.value),
        (is_missing, SessionStatus.UPLOADING.value),
        (here == 0, SessionStatus.PENDING.value),
        (sessions.c.pending_files > 0, SessionStatus.PROCESSING.value),
        (sessions.c.failed_files == here, SessionStatus.FAILED.value),
        else_=SessionStatus.COMPLETED.value,
    )


def _pair_of(row: sa.RowMapping) -> tuple[SessionFile, File | None]:
    session_file = SessionFile(
        session_id=row["session_session_id"],
        position=row["session_position"],
        filename=row["session_filename"],
        outcome=FileOutcome(row["session_outcome"]),
        file_id=row["session_file_id"],
        error=row["session_error"],
        error_is_retryable=row["session_error_is_retryable"],
        path=row["session_path"],
    )
    if row[files.c.id] is None:
        return session_file, None
    return session_file, file_of({column.name: row[column] for column in files.columns})
