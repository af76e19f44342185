"""Removing a tenant with all that is kept of it.

First nobody gets in any more, and no job begins anything new. Then file by file: jobs, the original in the tenant's
bucket, records. Then all other records, and every object under the tenant's name. The tenant's own record goes last:
while it is there the erasure can be begun again, and does what is left.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scopix_server.domain.errors import BucketRefused
from scopix_server.domain.ports import Database, Job, JobQueue
from scopix_server.domain.storage import BUCKET_FOLDER
from scopix_server.domain.storage_ports import BlobStore
from scopix_server.domain.tenant_data import Original
from scopix_server.intake.stores import Stores

__all__ = ["Erased", "JobsUnderWay", "TenantEraser"]

_FILES = 50  # with all their records; about 20 ms
_ROWS = 200
_IDS = 500
_LOOK_SECONDS = 0.2


class JobsUnderWay(Exception):
    """Workers are still at files of the tenant's. What was removed so far stays removed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class Erased:
    """What was removed. `records` are those of each table but files; `unlisted` buckets could not be looked through."""

    files: int = 0
    objects: int = 0
    bucket_objects: int = 0
    jobs: int = 0
    records: Counter[str] = field(default_factory=Counter)
    left_in_buckets: int = 0
    unlisted: list[str] = field(default_factory=list)


class TenantEraser:
    """Erases one tenant. All methods block, may be killed at any point and be begun again.

    Args:
        wait_seconds: how long workers that are at files of the tenant's are waited for.
        silence: a worker without a heartbeat for so long is dead, and its jobs with it.
        leave_buckets: whether originals in buckets of the tenant's stay there, which then need not answer.
    """

    def __init__(
        self,
        database: Database,
        stores: Stores,
        jobs: JobQueue,
        *,
        silence: timedelta,
        wait_seconds: float = 300.0,
        leave_buckets: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._jobs = jobs
        self._silence = silence
        self._wait_seconds = wait_seconds
        self._leave_buckets = leave_buckets
        self._now = now

    def erase(self, tenant_id: str) -> Erased:
        """Remove all there is of a tenant, and say what it was.

        Raises:
            JobsUnderWay: workers did not come to an end in time.
            DomainError: a store, or a bucket of the tenant's, does not let us. Nothing was recorded as removed that was
                not.
        """
        done = Erased()
        removed = False
        while not removed:
            keys = self._database.write(lambda t: t.tenant_data.shut_out(tenant_id, self._now()))
            done.records["api_keys"] += keys
            self._end_jobs(tenant_id, done)
            self._remove_files(tenant_id, done)
            self._remove_records(tenant_id, done)
            self._sweep_buckets(tenant_id, done)
            done.objects += _clear(self._stores.own, tenant_id)
            # An upload that was under way has added something: once more.
            removed = self._database.write(lambda t: t.tenant_data.remove_tenant(tenant_id))
        done.objects += _clear(self._stores.own, tenant_id)
        done.records = +done.records
        return done

    def _end_jobs(self, tenant_id: str, done: Erased) -> None:
        """Remove the jobs of its files; those that somebody is at are waited for. Files are marked: none begins."""
        deadline = time.monotonic() + self._wait_seconds
        while True:
            idle, orphaned, held = self._find_jobs(tenant_id)
            for start in range(0, len(idle), _IDS):
                some = idle[start : start + _IDS]
                # A worker may have begun one since it was found: its record stays until that has ended.
                withdrawn = self._database.write(lambda t, ids=some: t.tenant_data.withdraw_jobs(ids))  # type: ignore[misc]
                held += len(some) - len(withdrawn)
                orphaned += withdrawn
            for start in range(0, len(orphaned), _IDS):
                self._jobs.delete(orphaned[start : start + _IDS])
            done.jobs += len(orphaned)
            if not held:
                return
            if time.monotonic() > deadline:
                raise JobsUnderWay(held)
            time.sleep(_LOOK_SECONDS)

    def _find_jobs(self, tenant_id: str) -> tuple[list[str], list[str], int]:
        """Return the jobs that nobody is at, those of dead workers, and the number of those a living worker is at."""
        alive = self._living_workers()
        idle: list[str] = []
        orphaned: list[str] = []
        held = 0
        page: dict[str, Job] = {}

        def sort_out() -> int:
            files = sorted({job.file_id for job in page.values()})
            mine = self._database.read(lambda t: t.tenant_data.owned(tenant_id, files))
            of_tenant = [job for job in page.values() if job.file_id in mine]
            idle.extend(job.id for job in of_tenant if job.worker_id is None)
            orphaned.extend(job.id for job in of_tenant if job.worker_id is not None and job.worker_id not in alive)
            page.clear()
            return sum(job.worker_id in alive for job in of_tenant)

        for job in self._jobs.all():
            page[job.id] = job
            if len(page) == _IDS:
                held += sort_out()
        held += sort_out()
        return idle, orphaned, held

    def _living_workers(self) -> set[str]:
        since = self._now() - self._silence
        return {name for name, beat in self._database.read(lambda t: t.workers.beats()).items() if beat >= since}

    def _remove_files(self, tenant_id: str, done: Erased) -> None:
        while some := self._database.read(lambda t: t.tenant_data.originals(tenant_id, limit=_FILES)):
            ids = [original.file_id for original in some]
            # Objects before records here: nobody is to restore any of them, and what a record names can be found again.
            done.bucket_objects += sum(self._remove_from_bucket(tenant_id, original, done) for original in some)
            # An upload that was under way has added some: their jobs are to be ended, too.
            if self._database.write(lambda t, ids=ids: t.tenant_data.mark_deleted(ids, self._now())):  # type: ignore[misc]
                self._end_jobs(tenant_id, done)
            self._database.write(lambda t, ids=ids: t.tenant_data.remove_files(ids))  # type: ignore[misc]
            done.files += len(ids)

    def _remove_from_bucket(self, tenant_id: str, original: Original, done: Erased) -> int:
        if original.storage_id is None:
            return 0
        if self._leave_buckets:
            done.left_in_buckets += 1
            return 0
        self._stores.holding(tenant_id, original.storage_id).delete(original.object_key)
        return 1

    def _remove_records(self, tenant_id: str, done: Erased) -> None:
        while some := self._database.write(lambda t: t.tenant_data.remove_some(tenant_id, limit=_ROWS)):
            done.records.update(some)

    def _sweep_buckets(self, tenant_id: str, done: Erased) -> None:
        """Remove what else is ours in its buckets, where we may look for it."""
        if self._leave_buckets:
            return
        configs = [one for one in self._database.read(lambda t: t.storage_configs.all()) if one.tenant_id == tenant_id]
        for config in configs:
            try:
                done.bucket_objects += _clear(self._stores.open(config), f"{BUCKET_FOLDER}/{tenant_id}")
            except BucketRefused:
                # Listing is no right that we ask for. The originals of all files are gone by their names.
                done.unlisted.append(config.address.bucket_name)


def _clear(store: BlobStore, prefix: str) -> int:
    keys = [found.key for found in store.list(prefix)]
    for key in keys:
        store.delete(key)
    return len(keys)
