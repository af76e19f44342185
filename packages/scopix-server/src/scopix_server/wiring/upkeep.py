"""Builds what keeps a server in order: the part of the wiring that knows what is removed, and when."""

from datetime import timedelta
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.jobs.maintenance import MaintenanceTask
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.upkeep.erase import TenantEraser
    from scopix_server.upkeep.export import TenantExporter
    from scopix_server.upkeep.inspection import Inspector
    from scopix_server.upkeep.sweep import Sweeper

__all__ = [
    "build_eraser",
    "build_exporter",
    "build_inspector",
    "build_sweeper",
    "count_task",
    "inspection_task",
    "maintenance_tasks",
    "mark_task",
]

_WORKER_IS_DEAD = timedelta(seconds=60)
"""After so long without a heartbeat: generously, for clocks differ."""


def build_sweeper(settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue") -> "Sweeper":
    """Build what removes what had its time."""
    from scopix_server.domain.upkeep import Retention
    from scopix_server.intake.replay import REPLAY_WINDOW
    from scopix_server.upkeep.integrity import Records
    from scopix_server.upkeep.sweep import Sweeper

    retention = Retention(
        deleted_files=timedelta(days=settings.deleted_files_days),
        sessions=timedelta(days=settings.session_days),
        jobs=timedelta(days=settings.job_days),
        answers=REPLAY_WINDOW,
        orphans=timedelta(hours=settings.orphan_hours),
    )
    stores = storage.stores(database)
    return Sweeper(
        database,
        storage.own,
        jobs,
        retention,
        remove_from_bucket=stores.remove_from_bucket,
        remove_leftovers=storage.remove_leftovers,
        tenants_folders=stores.tenants_folders,
        check_records=Records(database, storage.own).check,
    )


def maintenance_tasks(
    settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue"
) -> "list[MaintenanceTask]":
    """Return what is to be done now and then. With `sweep_minutes` 0 the tasks are due never."""
    from scopix_server.jobs.maintenance import sweeping

    every = timedelta(minutes=settings.sweep_minutes)
    clear_every = max(every, timedelta(hours=settings.orphan_hours)) if every else every
    return sweeping(build_sweeper(settings, database, storage, jobs), expire_every=every, clear_every=clear_every)


def mark_task(database: "SqlDatabase", storage: Storage) -> "MaintenanceTask":
    """Return what tells the store now and then how far the database has come. It is due whatever else is not."""
    from scopix_server.jobs.maintenance import marking
    from scopix_server.upkeep.integrity import Records

    return marking(Records(database, storage.own), every=timedelta(minutes=1))


def count_task(database: "SqlDatabase") -> "MaintenanceTask":
    """Return what compares the kept numbers with the files: once a day, for it reads all there are."""
    from scopix_server.jobs.maintenance import counting
    from scopix_server.upkeep.integrity import Counts

    return counting(Counts(database), every=timedelta(days=1))


def build_inspector(settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue") -> "Inspector":
    """Build what looks at all that is stored."""
    from scopix_server.upkeep.inspection import Inspector

    return Inspector(database, storage.own, build_sweeper(settings, database, storage, jobs))


def inspection_task(
    settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue"
) -> "MaintenanceTask":
    """Return what looks at a part of what is stored, once a day. With `inspection_minutes` 0 it is due never."""
    from scopix_server.jobs.maintenance import inspecting

    budget = timedelta(minutes=settings.inspection_minutes)
    every = timedelta(days=1) if budget else budget
    return inspecting(build_inspector(settings, database, storage, jobs), every=every, budget=budget)


def build_exporter(database: "SqlDatabase", storage: Storage, *, version: str) -> "TenantExporter":
    """Build what gives a tenant all that is kept of it."""
    from scopix_server.upkeep.export import TenantExporter

    return TenantExporter(database, storage.stores(database), version=version)


def build_eraser(
    database: "SqlDatabase", storage: Storage, jobs: "DbosQueue", *, wait_seconds: float, leave_buckets: bool
) -> "TenantEraser":
    """Build what removes a tenant."""
    from scopix_server.upkeep.erase import TenantEraser

    return TenantEraser(
        database,
        storage.stores(database),
        jobs,
        silence=_WORKER_IS_DEAD,
        wait_seconds=wait_seconds,
        leave_buckets=leave_buckets,
    )
