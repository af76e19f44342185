"""Removing what has had its time, and what nobody speaks of.

Records go before objects. A sweep that dies between the two leaves objects without records, which a later sweep finds;
never a record, of a file that could still be restored, without its object. Everything happens in small portions, each
in a transaction of its own, so that uploads never wait long.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from scopix_server.domain.backup import RestoreWindow
from scopix_server.domain.errors import DomainError
from scopix_server.domain.ports import BlobStore, Database, JobQueue, StoredObject
from scopix_server.domain.storage import BUCKET_FOLDER
from scopix_server.domain.upkeep import BrokenOff, PurgedFile, Retention
from scopix_server.intake.direct import expire_direct_uploads

__all__ = ["SweepReport", "Sweeper", "owner_of"]

T = TypeVar("T")
GoOn = Callable[[], bool]

_FILES = 50  # with all their records; about 20 ms
_ROWS = 500
_OBJECTS = 500
_EVERYTHING = 1_000_000_000
_SILENT_WORKER = timedelta(days=1)
_SKEW = timedelta(minutes=10)  # the clocks of stores may be wrong; doctor calls 5 minutes too much
_log = logging.getLogger(__name__)


@dataclass
class SweepReport:
    """What a sweep removed, or would remove. `objects` are those of the files, `orphans` those of no file.

    `messages` are those to webhooks, which are kept as long as sessions.
    """

    files: int = 0
    objects: int = 0
    direct_uploads: int = 0
    sessions: int = 0
    answers: int = 0
    messages: int = 0
    jobs: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    leftovers: int = 0

    def __add__(self, other: "SweepReport") -> "SweepReport":
        return SweepReport(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        """Name what there was; nothing if there was nothing."""
        return ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in vars(self).items() if number)


class Sweeper:
    """Sweeps all tenants' things. All methods block, and may be repeated and broken off at any point.

    `remove_from_bucket` removes the original of a file from its tenant's bucket and says whether that could be done.
    `tenants_folders` are the tenants' buckets, with the prefix under which all that we put there is.
    `check_records` raises RecordsMissing when the database lacks what it once had: then nothing is removed, for what it
    takes for deleted, or does not know, may be somebody's.
    `go_on` is asked between two portions; when it says no, BrokenOff is raised.
    """

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        jobs: JobQueue,
        retention: Retention,
        *,
        remove_from_bucket: Callable[[PurgedFile], bool] = lambda file: False,
        remove_leftovers: Callable[[datetime], int] = lambda before: 0,
        tenants_folders: Callable[[], Iterable[tuple[BlobStore, str]]] = tuple,
        check_records: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._retention = retention
        self._remove_from_bucket = remove_from_bucket
        self._remove_leftovers = remove_leftovers
        self._tenants_folders = tenants_folders
        self._check_records = check_records
        self._now = now

    def expire(self, go_on: GoOn = lambda: True) -> SweepReport:
        """Remove what is older than it is kept: deleted files, abandoned direct uploads, sessions, answers, jobs."""
        self._check_records()
        report, now, kept = SweepReport(), self._now(), self._retention
        if not self._is_restored_since(now - kept.deleted_files):
            report.files, report.objects = self._purge_files(now - kept.deleted_files, go_on)
        self._database.write(lambda t: t.storage_configs.remove_unneeded())
        report.direct_uploads = self._expire_direct_uploads(now, go_on)
        report.sessions = self._purge_sessions(now - kept.sessions, go_on)
        report.answers = self._purge_responses(now - kept.answers, go_on)
        report.messages = self._database.write(lambda t: t.webhooks.prune(now - kept.sessions))
        report.jobs = self._delete_jobs(now - kept.jobs, go_on)
        # Those of workers that nobody has missed: the living look after each other.
        self._database.write(lambda t: t.workers.prune(now - _SILENT_WORKER))
        return report

    def clear(self, go_on: GoOn = lambda: True) -> SweepReport:
        """Remove objects that no file has, and half-written ones, once they are so old that nobody is at them."""
        self._check_records()
        report, before = SweepReport(), self._now() - self._retention.orphans
        for store, orphan in self._orphans(before, go_on):
            store.delete(orphan.key)
            report.orphans += 1
            report.orphan_bytes += orphan.size_bytes
        report.leftovers = self._remove_leftovers(before)
        return report

    def preview(self) -> SweepReport:
        """Tell what `expire` and `clear` would remove now, but for half-written objects, which are not counted."""
        now, kept = self._now(), self._retention
        read = self._database.read
        orphans = list(self._orphans(now - kept.orphans, lambda: True))
        return SweepReport(
            files=len(read(lambda t: t.upkeep.deleted_files(now - kept.deleted_files, limit=_EVERYTHING))),
            direct_uploads=len(read(lambda t: t.direct_uploads.overdue(now, _EVERYTHING))),
            sessions=len(read(lambda t: t.upkeep.old_sessions(now - kept.sessions, limit=_EVERYTHING))),
            answers=read(lambda t: t.upkeep.old_responses(now - kept.answers)),
            jobs=len(self._jobs.ended(now - kept.jobs, limit=_EVERYTHING)),
            orphans=len(orphans),
            orphan_bytes=sum(orphan.size_bytes for _, orphan in orphans),
        )

    def _is_restored_since(self, before: datetime) -> bool:
        """Whether deleted files are all kept: some may have been taken back after the backup was made."""
        window = self._database.read(lambda t: t.marks.current()).restored
        return window is not None and window.until > before

    def count_foreign(self, go_on: GoOn) -> int:
        """Return how many objects there are that no file has and that are so old that nobody is at them."""
        return sum(1 for _ in self._orphans(self._now() - self._retention.orphans, go_on))

    def _purge_files(self, before: datetime, go_on: GoOn) -> tuple[int, int]:
        files = objects = 0
        # A bucket that failed once is not asked again in this sweep: each time would take its time.
        lost: set[str] = set()
        while ids := self._database.read(lambda t: t.upkeep.deleted_files(before, limit=_FILES)):
            _check(go_on)
            purged = self._database.write(lambda t, ids=ids: t.upkeep.purge_files(ids, before))  # type: ignore[misc]
            files += len(purged)
            objects += sum(self._remove_objects(file, lost) for file in purged)
        return files, objects

    def _remove_objects(self, file: PurgedFile, lost: set[str]) -> int:
        for key in file.object_keys:
            self._store.delete(key)
        if file.in_bucket is None or file.in_bucket[0] in lost:
            return len(file.object_keys)
        if not self._remove_from_bucket(file):
            lost.add(file.in_bucket[0])
            return len(file.object_keys)
        return len(file.object_keys) + 1

    def _expire_direct_uploads(self, now: datetime, go_on: GoOn) -> int:
        number = 0
        while some := expire_direct_uploads(self._database, self._store, now, limit=_FILES):
            number += some
            _check(go_on)
        return number

    def _purge_sessions(self, before: datetime, go_on: GoOn) -> int:
        number = 0
        while ids := self._database.read(lambda t: t.upkeep.old_sessions(before, limit=_ROWS)):
            for session_id in ids:
                self._purge_session(session_id, go_on)
            number += len(ids)
        return number

    def _purge_session(self, session_id: str, go_on: GoOn) -> None:
        done = False
        while not done:
            _check(go_on)
            done = self._database.write(lambda t: t.upkeep.purge_session(session_id, limit=_ROWS))

    def _purge_responses(self, before: datetime, go_on: GoOn) -> int:
        number = 0
        while some := self._database.write(lambda t: t.upkeep.purge_responses(before, limit=_ROWS)):
            number += some
            _check(go_on)
        return number

    def _delete_jobs(self, before: datetime, go_on: GoOn) -> int:
        number = 0
        while ids := self._jobs.ended(before, limit=_ROWS):
            _check(go_on)
            self._jobs.delete(ids)
            number += len(ids)
        return number

    def _orphans(self, before: datetime, go_on: GoOn) -> Iterator[tuple[BlobStore, StoredObject]]:
        yield from ((self._store, orphan) for orphan in self._orphans_in(self._store, "", before, go_on))
        for bucket, prefix in self._tenants_folders():
            try:
                yield from ((bucket, orphan) for orphan in self._orphans_in(bucket, prefix, before, go_on))
            except DomainError as error:
                # To list a bucket is no right that tenants are asked for, and to answer is no duty of theirs.
                _log.debug("a tenant's bucket is not swept: %s", error.message)

    def _orphans_in(self, store: BlobStore, prefix: str, before: datetime, go_on: GoOn) -> Iterator[StoredObject]:
        # First the objects, then who knows them: a file whose upload ends between the two is found.
        restored = self._database.read(lambda t: t.marks.current()).restored
        old = (item for item in store.list(prefix) if item.modified_at < before and not _is_lost(item, restored))
        for some in _portions(old, _OBJECTS):
            _check(go_on)
            owners = {item.key: owner_of(item.key) for item in some}
            ids = sorted({owner for owner in owners.values() if owner})
            known = self._database.read(lambda t, ids=ids: t.upkeep.known(ids))  # type: ignore[misc]
            yield from (item for item in some if owners[item.key] and owners[item.key] not in known)


def _is_lost(item: StoredObject, restored: RestoreWindow | None) -> bool:
    """Whether an object came after the backup that the database was restored from: its record may be lost, not gone."""
    return restored is not None and restored.since - _SKEW <= item.modified_at <= restored.until + _SKEW


def owner_of(key: str) -> str | None:
    """Return the id of the file or direct upload whose object this is, told by the key; None for any other key.

    Keys are TENANT/AB/FILE/NAME, where AB are the first letters of FILE (see the decision about keys of objects), and
    TENANT/direct/UPLOAD/PART; in a tenant's bucket they begin with our folder.
    """
    parts = key.removeprefix(f"{BUCKET_FOLDER}/").split("/")
    if len(parts) != 4 or parts[1] not in {parts[2][:2], "direct"}:
        return None
    try:
        return parts[2] if str(uuid.UUID(parts[2])) == parts[2] else None
    except ValueError:
        return None


def _check(go_on: GoOn) -> None:
    if not go_on():
        raise BrokenOff


def _portions(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
