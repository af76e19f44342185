"""sweep: remove what had its time, now."""

import dataclasses
import json
import os
import socket
from typing import Annotated

import typer

from scopix_server.cli.common import DataDir, fail, lend_database, lend_storage, say, table

__all__ = ["sweep"]

_WORDS = {
    "files": "deleted files, past the time in which they can be restored",
    "objects": "their pictures and thumbnails in storage",
    "direct_uploads": "direct uploads that nobody completed in time",
    "sessions": "upload sessions, past their time",
    "answers": "answers kept for replay",
    "jobs": "records of ended jobs",
    "orphans": "stored objects that belong to no file",
    "orphan_bytes": "their bytes",
    "leftovers": "half-written objects",
}


def sweep(
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be removed, and remove nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Remove what had its time: deleted files, old sessions, ended jobs, objects of no file. Safe at any time.

    A worker does the same by itself (see SCOPIX_SWEEP_MINUTES).
    """
    from scopix_server.domain.errors import DomainError
    from scopix_server.jobs.maintenance import MaintenanceRunner, TaskTaken
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.upkeep.integrity import Records
    from scopix_server.upkeep.sweep import SweepReport
    from scopix_server.wiring.upkeep import build_sweeper, maintenance_tasks

    with lend_database(data_dir) as (database, settings), lend_storage(settings) as storage:
        jobs = DbosQueue(settings.database_address)
        sweeper = build_sweeper(settings, database, storage, jobs)
        report = SweepReport()
        if dry_run:
            report = sweeper.preview()
        else:
            try:
                Records(database, storage.own).check()
            except DomainError as error:
                fail(error.message)
            maintenance_runner = MaintenanceRunner(database, f"{socket.gethostname()}:{os.getpid()}", [])
            for task in maintenance_tasks(settings, database, storage, jobs):
                try:
                    report += maintenance_runner.do_now(task)
                except TaskTaken as taken:
                    fail(f"{taken.holder} is sweeping already; see its log.")
        jobs.close()
    if as_json:
        print(json.dumps({"dry_run": dry_run, **dataclasses.asdict(report)}))  # noqa: T201
        return
    found = dataclasses.asdict(report)
    rows = [(str(found[name]), words) for name, words in _WORDS.items() if found[name]]
    if not rows:
        say("There is nothing to remove." if dry_run else "There was nothing to remove.")
        return
    table([("NUMBER", "WOULD BE REMOVED" if dry_run else "REMOVED"), *rows])
