"""Chores: what is to be done now and then, by one process at a time, however many workers there are."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scopix_server.domain.ports import Database
from scopix_server.domain.upkeep import BrokenOff
from scopix_server.pipeline.sweep import Sweeper, SweepReport

__all__ = ["Chore", "ChoreTaken", "Housekeeper", "sweeping"]

GoOn = Callable[[], bool]

_LEASE = timedelta(minutes=5)
_RENEW_AFTER = timedelta(minutes=1)
_NAP_SECONDS = 20.0
_log = logging.getLogger(__name__)


class ChoreTaken(Exception):
    """Another process is at it; `holder` names it."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so often. `run` asks between two portions whether to go on; zero means never."""

    name: str
    every: timedelta
    run: Callable[[GoOn], SweepReport]


class Housekeeper:
    """Does chores when they are due, in a thread of its own.

    Who does a chore holds it for some minutes, and longer as long as it goes on; a process that dies is waited for no
    longer than that.

    Args:
        holder: names this process among all that share the database.
    """

    def __init__(self, database: Database, holder: str, chores: Sequence[Chore]) -> None:
        self._database = database
        self._holder = holder
        self._chores = [chore for chore in chores if chore.every]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin; what is overdue is done at once."""
        if self._chores:
            self._thread.start()

    def stop(self) -> None:
        """Break off between two portions, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def do_now(self, chore: Chore) -> SweepReport:
        """Do a chore in this thread, due or not, and return what was done.

        Raises:
            ChoreTaken: another process is at it.
        """
        report = self._do(chore, done_before=None)
        if report is None:
            holder = self._database.read(lambda t: t.chores.holder(chore.name, datetime.now(UTC)))
            raise ChoreTaken(holder or "another process")
        return report

    def _run(self) -> None:
        while not self._stopping.is_set():
            for chore in self._chores:
                try:
                    report = self._do(chore, done_before=datetime.now(UTC) - chore.every)
                    if report and str(report):
                        _log.info("removed what had its time: %s", report)
                except BrokenOff:
                    continue
                except Exception:  # the chore is due again at the next look; nothing else may suffer from it
                    _log.warning("the chore '%s' could not be done", chore.name, exc_info=True)
            self._stopping.wait(min([_NAP_SECONDS, *(chore.every.total_seconds() for chore in self._chores)]))

    def _do(self, chore: Chore, *, done_before: datetime | None) -> SweepReport | None:
        now = datetime.now(UTC)
        lease = _Lease(self._database, chore.name, self._holder, self._stopping)
        if not lease.take(now, done_before):
            return None
        done = False
        try:
            report = chore.run(lease.go_on)
            done = True
        finally:
            self._database.write(lambda t: t.chores.finish(chore.name, self._holder, datetime.now(UTC), done=done))
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
            lambda t: t.chores.take(self._name, self._holder, now, now + _LEASE, done_before=done_before)
        )

    def go_on(self) -> bool:
        if self._stopping.is_set():
            return False
        now = datetime.now(UTC)
        if now - self._renewed_at < _RENEW_AFTER:
            return True
        self._renewed_at = now
        return self._database.write(lambda t: t.chores.hold(self._name, self._holder, now + _LEASE))


def sweeping(sweeper: Sweeper, *, expire_every: timedelta, clear_every: timedelta) -> list[Chore]:
    """Return the chores of a sweeper."""
    return [Chore("expire", expire_every, sweeper.expire), Chore("clear", clear_every, sweeper.clear)]
