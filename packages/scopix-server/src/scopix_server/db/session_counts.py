"""How the files of each session stand: kept in the session's row, which every event of its files writes to anyway."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.db.count_tables import SESSION_COUNTED
from scopix_server.db.schema import files, session_files, sessions
from scopix_server.domain.session import FileOutcome, FileProgress

__all__ = ["SessionCounters"]

Numbers = Mapping[FileProgress, int]

_COLUMNS = {progress: sessions.c[f"{progress.value}_files"] for progress in map(FileProgress, SESSION_COUNTED)}
_CHUNK = 500  # values of one statement: older versions of SQLite take 999


class SessionCounters:
    """Keeps the numbers of sessions; `counts` tells it what happens to files that are in one already."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, session_ids: Sequence[str]) -> Mapping[str, Numbers]:
        """Return the numbers of sessions."""
        query = sa.select(sessions.c.id, *_COLUMNS.values()).where(sessions.c.id.in_(session_ids))
        return {row[0]: dict(zip(_COLUMNS, row[1:], strict=True)) for row in self._connection.execute(query)}

    def add(self, session_id: str, numbers: Numbers) -> None:
        """Add to the numbers of a session."""
        changed = {_COLUMNS[p].name: _COLUMNS[p] + number for p, number in numbers.items() if number}
        if changed:
            self._connection.execute(sessions.update().where(sessions.c.id == session_id).values(changed))

    def entered(self, session_id: str, positions: Sequence[int]) -> None:
        """Count files that came into a session at these positions."""
        for start in range(0, len(positions), _CHUNK):
            self.add(session_id, self._counted(session_id, positions[start : start + _CHUNK]))

    def leaving(self, session_id: str, first_left: int) -> None:
        """Count off the files at the positions before `first_left`, whose records go."""
        before = session_files.c.position < first_left
        self.add(session_id, {p: -number for p, number in self._standing(session_id, before).items()})

    def moved(self, file_id: str, before: FileProgress, after: FileProgress) -> None:
        """Count a file otherwise, in the session that it was accepted in."""
        if before is after:
            return
        accepted = sa.and_(session_files.c.file_id == file_id, session_files.c.outcome == FileOutcome.ACCEPTED.value)
        for session_id in self._connection.execute(sa.select(session_files.c.session_id).where(accepted)).scalars():
            self.add(session_id, {before: -1, after: 1})

    def wrong(self) -> Mapping[str, str]:
        """Count the files of all sessions; return those whose numbers are wrong, each with its tenant."""
        counted = recounted().subquery()
        query = (
            sa.select(sessions.c.id, sessions.c.tenant_id)
            .select_from(sessions.outerjoin(counted, counted.c.session_id == sessions.c.id))
            .where(sa.or_(*(column != sa.func.coalesce(counted.c[p.value], 0) for p, column in _COLUMNS.items())))
        )
        return {row.id: row.tenant_id for row in self._connection.execute(query)}

    def recount(self, session_id: str) -> None:
        """Count the files of a session anew."""
        # Locked first: who has changed its numbers is waited for, who has not yet adds to what is counted here.
        mine = sessions.c.id == session_id
        self._connection.execute(sa.select(sessions.c.id).where(mine).with_for_update())
        numbers = self._standing(session_id, sa.true())
        values = {column.name: numbers.get(progress, 0) for progress, column in _COLUMNS.items()}
        self._connection.execute(sessions.update().where(mine).values(values))

    def _counted(self, session_id: str, positions: Sequence[int]) -> Numbers:
        return self._standing(session_id, session_files.c.position.in_(positions))

    def _standing(self, session_id: str, condition: sa.ColumnElement[bool]) -> Numbers:
        query = recounted().where(session_files.c.session_id == session_id, condition)
        row = self._connection.execute(query).mappings().first()
        return Counter({p: int(row[p.value]) for p in _COLUMNS} if row else {})


def recounted() -> sa.Select[Any]:
    """Return the query that counts the files of sessions by how they stand; in SQL what `progress_of` says."""
    status = files.c.description_status
    done = [DescriptionStatus.COMPLETED.value, DescriptionStatus.SKIPPED.value]
    gone = sa.or_(
        session_files.c.outcome != FileOutcome.ACCEPTED.value, files.c.deleted_at.is_not(None), status.is_(None)
    )
    progress = sa.case(
        (session_files.c.outcome == FileOutcome.REJECTED.value, FileProgress.FAILED.value),
        (gone, FileProgress.SKIPPED.value),
        (status == DescriptionStatus.FAILED.value, FileProgress.FAILED.value),
        (status.in_(done), FileProgress.COMPLETED.value),
        else_=FileProgress.PENDING.value,
    )
    numbers = [sa.func.sum(sa.case((progress == p.value, 1), else_=0)).label(p.value) for p in _COLUMNS]
    joined = session_files.outerjoin(files, files.c.id == session_files.c.file_id)
    return sa.select(session_files.c.session_id, *numbers).select_from(joined).group_by(session_files.c.session_id)
