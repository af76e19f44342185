"""Chores: what is to be done now and then, by one process at a time, however many workers there are."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scopix_server.domain.errors import RecordsMissing, trace_of
from scopix_server.domain.ports import Database
from scopix_server.domain.upkeep import BrokenOff
from scopix_server.upkeep.inspection import Inspector
from scopix_server.upkeep.integrity import Counts, Records
from scopix_server.upkeep.sweep import Sweeper, SweepReport

__all__ = ["MaintenanceRunner", "MaintenanceTask", "TaskTaken", "counting", "inspecting", "marking", "sweeping"]

GoOn = Callable[[], bool]

_LEASE = timedelta(minutes=5)
_RENEW_AFTER = timedelta(minutes=1)
_NAP_SECONDS = 20.0
_log = logging.getLogger(__name__)


class TaskTaken(Exception):
    """Another process is at it; `holder` names it."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@dataclass(frozen=True, slots=True)
class MaintenanceTask:
    """Something to be done every so often. `run` asks between two portions whether to go on; zero means never."""

    name: str
    every: timedelta
    run: Callable[[GoOn], SweepReport]


class MaintenanceRunner:
    """Does maintenance tasks when they are due, in a thread of its own.

    Who does a task leases it for some minutes, and longer as long as it goes on; a process that dies is waited for no
    longer than that.

    Args:
        holder: names this process among all that share the database.
    """

    def __init__(self, database: Database, holder: str, tasks: Sequence[MaintenanceTask]) -> None:
        self._database = database
        self._holder = holder
        self._tasks = [task for task in tasks if task.every]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin; what is overdue is done at once."""
        if self._tasks:
            self._thread.start()

    def stop(self) -> None:
        """Break off between two portions, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def do_now(self, task: MaintenanceTask) -> SweepReport:
        """Do a task in this thread, due or not, and return what was done.

        Raises:
            ChoreTaken: another process is at it.
        """
        report = self._do(task, done_before=None)
        if report is None:
            holder = self._database.read(lambda t: t.maintenance.holder(task.name, datetime.now(UTC)))
            raise TaskTaken(holder or "another process")
        return report

    def _run(self) -> None:
        while not self._stopping.is_set():
            for task in self._tasks:
                try:
                    report = self._do(task, done_before=datetime.now(UTC) - task.every)
                    if report and str(report):
                        _log.info("removed what had its time: %s", report)
                except BrokenOff:
                    continue
                except Exception as error:  # the task is due again at the next look; nothing else may suffer from it
                    _log.warning("the maintenance task '%s' failed: %s", task.name, error, exc_info=trace_of(error))
            self._stopping.wait(min([_NAP_SECONDS, *(task.every.total_seconds() for task in self._tasks)]))

    def _do(self, task: MaintenanceTask, *, done_before: datetime | None) -> SweepReport | None:
        now = datetime.now(UTC)
        lease = _Lease(self._database, task.name, self._holder, self._stopping)
        if not lease.take(now, done_before):
            return None
        done = False
        try:
            report = task.run(lease.go_on)
            done = True
        finally:
            self._database.write(lambda t: t.maintenance.finish(task.name, self._holder, datetime.now(UTC), done=done))
        return report


class _Lease:
    def __init__(self, database: Database, name: str, holder: str, stopping: threading.Event) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._stopping = stopping
        self._renewed_at = datetime.min.replace(tzinfo=UTC)

    def take(self, now: datetime, done_before: datetime | None) -> bool:
        self._renewed_at = now
        return self._database.write(
            lambda t: t.maintenance.take(self._name, self._holder, now, now + _LEASE, done_before=done_before)
        )

    def go_on(self) -> bool:
        if self._stopping.is_set():
            return False
        now = datetime.now(UTC)
        if now - self._renewed_at < _RENEW_AFTER:
            return True
        self._renewed_at = now
        return self._database.write(lambda t: t.maintenance.renew(self._name, self._holder, now + _LEASE))


def sweeping(sweeper: Sweeper, *, expire_every: timedelta, clear_every: timedelta) -> list[MaintenanceTask]:
    """Return the tasks of a sweeper. While records are missing they are done by leaving everything as it is."""
    return [
        MaintenanceTask("expire", expire_every, _unless_missing(sweeper.expire)),
        MaintenanceTask("clear", clear_every, _unless_missing(sweeper.clear)),
    ]


def marking(records: Records, *, every: timedelta) -> MaintenanceTask:
    """Return the task that keeps the store's mark; while records are missing, the mark stays as it is."""

    def keep(_: GoOn) -> SweepReport:
        records.keep()
        return SweepReport()

    return MaintenanceTask("mark", every, _unless_missing(keep))


def counting(counts: Counts, *, every: timedelta) -> MaintenanceTask:
    """Return the task that counts all files and puts right what was kept otherwise, which no one should ever see."""

    def recount(_: GoOn) -> SweepReport:
        if message := str(counts.mend()):
            _log.warning("%s They were counted anew.", message)
        return SweepReport()

    return MaintenanceTask("count", every, recount)


def inspecting(inspector: Inspector, *, every: timedelta, budget: timedelta) -> MaintenanceTask:
    """Return the task that looks at what is stored, a part at a time."""

    def inspect(go_on: GoOn) -> SweepReport:
        report = inspector.run(budget, go_on)
        if report.missing or report.damaged:
            _log.warning("%d stored objects are missing, and %d are damaged", report.missing, report.damaged)
        return SweepReport()

    return MaintenanceTask("inspect", every, inspect)


def _unless_missing(run: Callable[[GoOn], SweepReport]) -> Callable[[GoOn], SweepReport]:
    def run_unless_missing(go_on: GoOn) -> SweepReport:
        try:
            return run(go_on)
        except RecordsMissing as error:
            _log.warning("%s", error.message)
            return SweepReport()

    return run_unless_missing
