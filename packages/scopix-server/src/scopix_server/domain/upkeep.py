"""What is kept for how long, and the interfaces of those who remove the rest; `ports.py` has all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from scopix_server.domain.backup import RestoreWindow

__all__ = [
    "BrokenOff",
    "CountRepository",
    "CountsReport",
    "HighWaterMark",
    "MaintenanceRepository",
    "MarkRepository",
    "PurgedFile",
    "RecordedFile",
    "Retention",
    "UpkeepRepository",
]


class BrokenOff(Exception):
    """What was under way was asked not to go on. What it did so far stays done; the rest is done another time."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long after its end a thing is kept.

    `deleted_files`: since their deletion. `sessions`: since the last thing that happened in them. `jobs`: since they
    ended. `answers`: those kept for replay, since they were given. `orphans`: objects that no record speaks of, and
    half-written ones, since they were written.
    """

    deleted_files: timedelta
    sessions: timedelta
    jobs: timedelta
    answers: timedelta
    orphans: timedelta


@dataclass(frozen=True, slots=True)
class PurgedFile:
    """A file that is recorded no more, and the objects it leaves.

    `object_keys` are those in the server's own store. `in_bucket` is the original in a bucket of the tenant's: the
    bucket's record and the key.
    """

    id: str
    tenant_id: str
    object_keys: tuple[str, ...]
    in_bucket: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """How far the database has come; if it is known to lack something, why; and since when, if it was restored."""

    number: int
    doubt: str | None = None
    restored: RestoreWindow | None = None


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file and the keys of its objects in the server's own store.

    `in_bucket`: its original is in a bucket of the tenant's.
    """

    id: str
    created_at: datetime
    keys: tuple[str, ...]
    in_bucket: bool


@dataclass(frozen=True, slots=True)
class CountsReport:
    """Which kept numbers are not what counting gives.

    `files`: by a tenant's id, by the number's name what is kept and what was counted. `sessions`: by a session's id,
    its tenant's.
    """

    files: Mapping[str, Mapping[str, tuple[int, int]]]
    sessions: Mapping[str, str]

    def __str__(self) -> str:
        """Name what is wrong in a sentence; nothing if nothing is."""
        if not self.files and not self.sessions:
            return ""
        tenants = len(self.files.keys() | set(self.sessions.values()))
        numbers = sorted({name for wrong in self.files.values() for name in wrong})
        sessions = [f"those of {len(self.sessions)} sessions"] if self.sessions else []
        return f"Kept numbers of {tenants} tenants are wrong: {', '.join([*numbers, *sessions])}."


class CountRepository(Protocol):
    """The kept numbers of files, beside what counting gives."""

    def wrong(self) -> CountsReport:
        """Count all files of all tenants, which takes seconds for a million, and compare."""

    def recount(self, tenant_id: str) -> None:
        """Keep what counting a tenant's files gives."""

    def recount_session(self, session_id: str) -> None:
        """Keep what counting a session's files gives."""


class MarkRepository(Protocol):
    """Counts how far the database has come."""

    def current(self) -> HighWaterMark:
        """Return where it is."""

    def count_up(self) -> int:
        """Go one on and return the number, which nobody had before."""

    def doubt(self, reason: str) -> None:
        """Note why something is missing, unless that is known already."""

    def accept(self, number: int) -> int:
        """Forget the doubt and the restore, and go on beyond `number`; return where that is."""

    def restored(self, number: int) -> int:
        """Go on beyond `number`, as `accept`, and keep in mind what was lost."""


class UpkeepRepository(Protocol):
    """Finds and removes what has had its time, of all tenants, in small portions: a caller comes again for the rest."""

    def deleted_files(self, before: datetime, *, limit: int) -> Sequence[str]:
        """Return the ids of files that were deleted before then, the oldest first."""

    def purge_files(self, file_ids: Sequence[str], before: datetime) -> Sequence[PurgedFile]:
        """Remove all records of those files that were deleted before then and not restored since."""

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that stand for a file, deleted or not, or for an open direct upload."""

    def recorded(self, after: str, *, limit: int) -> Sequence[RecordedFile]:
        """Return the files, deleted ones included, whose ids come after that one, the smallest first."""

    def hashes_of(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 that originals had when they came, by their keys in the server's own store."""

    def old_sessions(self, before: datetime, *, limit: int) -> Sequence[str]:
        """Return the ids of sessions in which nothing happened since then and none of whose files is waiting."""

    def purge_session(self, session_id: str, *, limit: int) -> bool:
        """Remove a session, but at most `limit` records at a time; False while some are left."""

    def old_responses(self, before: datetime) -> int:
        """Return how many answers were kept before then."""

    def purge_responses(self, before: datetime, *, limit: int) -> int:
        """Remove about so many of them and return how many it were."""


class MaintenanceRepository(Protocol):
    """Who does which maintenance task until when: of several workers, one at a time."""

    def take(self, name: str, holder: str, now: datetime, until: datetime, *, done_before: datetime | None) -> bool:
        """Take a task on until then; False when another holder has it, or when it was done since `done_before`."""

    def renew(self, name: str, holder: str, until: datetime) -> bool:
        """Stay at it until then; False when another holder took it over."""

    def finish(self, name: str, holder: str, at: datetime, *, done: bool) -> None:
        """Let the task go, and note that it was done if it was."""

    def remove(self, name: str) -> None:
        """Remove the task, as if there had never been one."""

    def holder(self, name: str, now: datetime) -> str | None:
        """Return who is at it."""
