"""How many files there are: kept, so that no list, status or quota counts them one by one.

Whoever changes what is counted of a file tells it here, in the transaction of the change. The changes of a transaction
are added up and written as its last statement: on PostgreSQL whoever writes to a row of numbers keeps all others from
it until the commit. What is counted is said twice, for one file (`_counted`) and in SQL for all (`recounted`), and a
test compares the two after any order of events.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.db.count_tables import COUNTED, file_counts
from scopix_server.db.prepared import PreparedInsert
from scopix_server.db.schema import files
from scopix_server.db.session_counts import SessionCounters
from scopix_server.domain.file import File
from scopix_server.domain.session import FileOutcome, FileProgress, progress_of
from scopix_server.domain.upkeep import CountsReport

__all__ = ["COUNTED_COLUMNS", "FileCounts", "SqlCounts", "Standing", "recounted", "standing", "standing_of"]

COUNTED_COLUMNS = (files.c.tenant_id, files.c.created_at, files.c.size_bytes, files.c.description_status)
"""What a `Standing` is made of, but for whether it is deleted."""

Changes = dict[tuple[str, str], Counter[str]]

_SHARDS = 8  # on PostgreSQL; as many writers of a tenant as commit at once on a busy server of 16 cores
_KEPT = "file_counts"  # where a connection keeps the changes of its transaction
_ON_ITS_WAY = frozenset(
    {DescriptionStatus.PENDING.value, DescriptionStatus.QUEUED.value, DescriptionStatus.PROCESSING.value}
)
_STATUSES = tuple(status.value for status in DescriptionStatus)
_KEY = ("tenant_id", "month", "shard")


class Standing(NamedTuple):
    """What is counted of a file; `status` is that of its description."""

    tenant_id: str
    created_at: datetime
    size_bytes: int
    status: str
    is_deleted: bool


def standing(values: Iterable[Any], *, is_deleted: bool) -> Standing:
    """Return what is counted of a file, from the values of `COUNTED_COLUMNS`."""
    return Standing._make([*values, is_deleted])


def standing_of(file: File) -> Standing:
    """Return what is counted of a file."""
    is_deleted = file.deleted_at is not None
    return Standing(file.tenant_id, file.created_at, file.size_bytes, file.description_status.value, is_deleted)


class FileCounts:
    """The numbers of files, as this transaction sees them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def came(self, *added: File) -> None:
        """Note new files. Sessions count those that come into them themselves."""
        for file in added:
            self._add(standing_of(file), 1)

    def changed(self, file_id: str, before: Standing, after: Standing) -> None:
        """Note that a file changed, and with it what the session counts that it came in."""
        self._add(before, -1)
        self._add(after, 1)
        SessionCounters(self._connection).moved(file_id, _progress(before), _progress(after))

    def left_session(self, before: Standing, after: Standing) -> None:
        """Note that a file changed whose session counts it otherwise."""
        self._add(before, -1)
        self._add(after, 1)

    def removed(self, file_id: str, before: Standing) -> None:
        """Note that a file's record goes; its session keeps it as one that was deleted."""
        self._add(before, -1)
        SessionCounters(self._connection).moved(file_id, _progress(before), FileProgress.SKIPPED)

    def of(self, tenant_id: str, since: str = "") -> Mapping[str, int]:
        """Return the numbers of a tenant by their names (`COUNTED`), of files uploaded from the month `since` on."""
        here = sa.and_(file_counts.c.tenant_id == tenant_id, file_counts.c.month >= since)
        query = sa.select(*(sa.func.coalesce(sa.func.sum(file_counts.c[name]), 0) for name in COUNTED)).where(here)
        numbers = dict(zip(COUNTED, map(int, self._connection.execute(query).one()), strict=True))
        for (changed, month), changes in self._changes().items():
            if changed == tenant_id and month >= since:
                numbers = {name: number + changes[name] for name, number in numbers.items()}
        return numbers

    def by_status(self, tenant_id: str) -> Mapping[str, int]:
        """Return how many of a tenant's files, deleted ones left out, have each status."""
        numbers = self.of(tenant_id)
        return {status: numbers[status] for status in _STATUSES}

    def flush(self) -> None:
        """Write the changes. The last of a transaction."""
        changes = {key: change for key, change in self._changes().items() if any(change.values())}
        self.discard()
        dialect = self._connection.dialect.name
        shard = random.randrange(_SHARDS) if dialect == "postgresql" else 0  # noqa: S311
        rows = [
            {"tenant_id": tenant_id, "month": month, "shard": shard} | {name: change[name] for name in COUNTED}
            # In one order, so that no two writers wait for each other.
            for (tenant_id, month), change in sorted(changes.items())
        ]
        _ADD[dialect].run(self._connection, rows)

    def discard(self) -> None:
        """Forget the changes, since the transaction did."""
        self._connection.info.pop(_KEPT, None)

    def recount(self, tenant_id: str) -> None:
        """Count a tenant's files anew."""
        self.flush()
        if self._connection.dialect.name == "postgresql":
            # Whoever has written numbers is waited for, and who has only changed files adds to what is counted here.
            self._connection.exec_driver_sql("LOCK TABLE file_counts IN SHARE ROW EXCLUSIVE MODE")
        self._connection.execute(file_counts.delete().where(file_counts.c.tenant_id == tenant_id))
        counted = recounted(tenant_id)
        self._connection.execute(file_counts.insert().from_select([*_KEY[:2], *COUNTED, "shard"], _with_shard(counted)))

    def _add(self, of_file: Standing, number: int) -> None:
        # Months are those of the text that times are kept as.
        key = of_file.tenant_id, f"{of_file.created_at.astimezone(UTC):%Y-%m}"
        change = self._changes().setdefault(key, Counter())
        for name, counted in _counted(of_file).items():
            change[name] += number * counted

    def _changes(self) -> Changes:
        changes: Changes = self._connection.info.setdefault(_KEPT, {})
        return changes


class SqlCounts:
    """The `CountRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def wrong(self) -> CountsReport:
        return CountsReport(self._wrong_files(), SessionCounters(self._connection).wrong())

    def recount(self, tenant_id: str) -> None:
        FileCounts(self._connection).recount(tenant_id)

    def recount_session(self, session_id: str) -> None:
        SessionCounters(self._connection).recount(session_id)

    def _wrong_files(self) -> Mapping[str, Mapping[str, tuple[int, int]]]:
        wrong: dict[str, dict[str, tuple[int, int]]] = {}
        kept = {
            (row.tenant_id, row.month): row
            for row in self._connection.execute(
                sa.select(
                    file_counts.c.tenant_id,
                    file_counts.c.month,
                    *(sa.func.sum(file_counts.c[name]).label(name) for name in COUNTED),
                ).group_by(file_counts.c.tenant_id, file_counts.c.month)
            )
        }
        counted = {(row.tenant_id, row.month): row for row in self._connection.execute(recounted())}
        for key in sorted(kept.keys() | counted.keys()):
            for name in COUNTED:
                was, found = (int(getattr(rows[key], name)) if key in rows else 0 for rows in (kept, counted))
                if was != found:
                    before = wrong.setdefault(key[0], {}).get(name, (0, 0))
                    wrong[key[0]][name] = (before[0] + was, before[1] + found)
        return wrong


def _counted(standing: Standing) -> Mapping[str, int]:
    counted = {"uploads": 1}
    is_done = standing.status == DescriptionStatus.COMPLETED.value
    if is_done or (standing.status in _ON_ITS_WAY and not standing.is_deleted):
        counted["described"] = 1
    if not standing.is_deleted:
        counted |= {standing.status: 1, "size_bytes": standing.size_bytes}
    return counted


def _progress(standing: Standing) -> FileProgress:
    return progress_of(FileOutcome.ACCEPTED, DescriptionStatus(standing.status), deleted=standing.is_deleted)


def recounted(tenant_id: str | None = None) -> sa.Select[Any]:
    """Return the query that counts files, a tenant's or all, by tenant and month."""
    is_here = files.c.deleted_at.is_(None)
    on_its_way = sa.and_(is_here, files.c.description_status.in_(sorted(_ON_ITS_WAY)))
    is_done = files.c.description_status == DescriptionStatus.COMPLETED.value
    values: dict[str, sa.ColumnElement[Any]] = {
        "uploads": sa.func.count(),
        "described": _number(sa.or_(is_done, on_its_way)),
        **{status: _number(sa.and_(is_here, files.c.description_status == status)) for status in _STATUSES},
        "size_bytes": sa.func.sum(sa.case((is_here, files.c.size_bytes), else_=0)),
    }
    month = sa.func.substr(sa.type_coerce(files.c.created_at, sa.String), 1, 7).label("month")
    query = sa.select(files.c.tenant_id, month, *(values[name].label(name) for name in COUNTED))
    if tenant_id is not None:
        query = query.where(files.c.tenant_id == tenant_id)
    return query.group_by(files.c.tenant_id, month)


def _number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _with_shard(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.add_columns(sa.literal(0))


def _adding(dialect: Any) -> PreparedInsert:
    insert = dialect.insert(file_counts)
    sums = {name: file_counts.c[name] + insert.excluded[name] for name in COUNTED}
    return PreparedInsert(insert.on_conflict_do_update(index_elements=list(_KEY), set_=sums), [*_KEY, *COUNTED])


_ADD = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}
