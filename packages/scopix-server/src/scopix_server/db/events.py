"""What happened to the files of upload sessions, written in the transactions in which it happened.

An event's number comes from a counter in the session's row. On databases with many writers that row is locked until
the commit, so the events of a session become visible in the order of their numbers, without gaps: whoever has seen
number N has seen all before it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.db.schema import files, session_events, session_files, sessions
from scopix_server.domain.session import FileOutcome, SessionEvent, SessionFile, Stage, stage_of

__all__ = ["SessionEvents"]

_STAGE_OF_OUTCOME = {
    FileOutcome.REJECTED: Stage.REJECTED,
    FileOutcome.DUPLICATE: Stage.DUPLICATE,
    FileOutcome.CANCELLED: Stage.CANCELLED,
}
_CHUNK = 500


class SessionEvents:
    """Writes and reads events. What happens to a file of no session leaves no event."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def entered(self, session_id: str, added: Sequence[SessionFile], at: datetime) -> None:
        """Note that files came into a session, or were refused."""
        statuses = self._statuses([file.file_id for file in added if file.file_id])
        happened = []
        for file in added:
            stage = _STAGE_OF_OUTCOME.get(file.outcome) or stage_of(statuses[file.file_id or ""])
            retryable = file.error_is_retryable
            happened.append({"position": file.position, "stage": stage.value} | _error(file.error, None, retryable))
        self._append(session_id, happened, at)

    def happened(
        self,
        file_ids: Iterable[str],
        stage: Stage,
        at: datetime,
        error: str | None = None,
        error_type: DescriptionErrorType | None = None,
        *,
        retryable: bool | None = None,
    ) -> None:
        """Note that files reached a stage, in the session that each of them came with."""
        outcome = _error(error, error_type, retryable)
        for session_id, positions in self._places(list(file_ids)).items():
            self._append(session_id, [{"position": place, "stage": stage.value} | outcome for place in positions], at)

    def after(self, session_id: str, number: int, limit: int) -> Sequence[SessionEvent]:
        """Return the events of a session with greater numbers, oldest first."""
        same = sa.and_(
            session_files.c.session_id == session_events.c.session_id,
            session_files.c.position == session_events.c.position,
        )
        query = (
            sa.select(session_events, session_files.c.filename, session_files.c.file_id, session_files.c.path)
            .select_from(session_events.join(session_files, same))
            .where(session_events.c.session_id == session_id, session_events.c.number > number)
            .order_by(session_events.c.number)
            .limit(limit)
        )
        return [_event_of(row) for row in self._connection.execute(query).mappings()]

    def _statuses(self, file_ids: Sequence[str]) -> dict[str, DescriptionStatus]:
        found: dict[str, DescriptionStatus] = {}
        for start in range(0, len(file_ids), _CHUNK):
            some = file_ids[start : start + _CHUNK]
            query = sa.select(files.c.id, files.c.description_status).where(files.c.id.in_(some))
            found |= {row.id: DescriptionStatus(row.description_status) for row in self._connection.execute(query)}
        return found

    def _places(self, file_ids: Sequence[str]) -> Mapping[str, list[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for start in range(0, len(file_ids), _CHUNK):
            query = sa.select(session_files.c.session_id, session_files.c.position).where(
                session_files.c.file_id.in_(file_ids[start : start + _CHUNK]),
                session_files.c.outcome == FileOutcome.ACCEPTED.value,
            )
            for row in self._connection.execute(query):
                found[row.session_id].append(row.position)
        return found

    def _append(self, session_id: str, happened: Sequence[dict[str, object]], at: datetime) -> None:
        if not happened:
            return
        counted = (
            sessions.update()
            .where(sessions.c.id == session_id)
            .values(last_event=sessions.c.last_event + sa.bindparam("more"))
            .returning(sessions.c.last_event)
        )
        last = self._connection.execute(counted, {"more": len(happened)}).scalar_one()
        first = last - len(happened) + 1
        rows = [
            {"session_id": session_id, "number": number, "at": at} | event
            for number, event in enumerate(happened, start=first)
        ]
        self._connection.execute(session_events.insert(), rows)


def _error(error: str | None, kind: DescriptionErrorType | None, retryable: bool | None) -> dict[str, object]:
    return {"error": error, "error_type": kind.value if kind else None, "error_is_retryable": retryable}


def _event_of(row: sa.RowMapping) -> SessionEvent:
    return SessionEvent(
        number=row["number"],
        at=row["at"],
        stage=Stage(row["stage"]),
        position=row["position"],
        filename=row["filename"],
        file_id=row["file_id"],
        error=row["error"],
        error_type=row["error_type"],
        error_is_retryable=row["error_is_retryable"],
        path=row["path"],
    )
