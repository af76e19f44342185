"""The look at all that is stored: are the originals as they came, are the variants there, is there anything else?

It reads every original, which takes days for a large library. So it takes a certain time a day, keeps how far it has
come after each portion, and goes on there the next day, or after a kill. A whole look takes the place of the last one.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from scopix_server.domain.inspection import FoundProblem, InspectionReport, Problem
from scopix_server.domain.ports import BlobStore, Database
from scopix_server.domain.upkeep import BrokenOff, RecordedFile
from scopix_server.upkeep.integrity import Counts
from scopix_server.upkeep.sweep import Sweeper

__all__ = ["Inspector"]

GoOn = Callable[[], bool]
_FILES = 50  # a portion: seconds of reading at most, so little is read twice after a kill
_MAX_PROBLEMS = 1000
_CHUNK = 1024 * 1024


class Inspector:
    """Looks at what is stored. Blocks.

    Args:
        sweeper: knows which objects belong to no file.
        clock: seconds that go on evenly.
    """

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        sweeper: Sweeper,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._store = store
        self._sweeper = sweeper
        self._now = now
        self._clock = clock

    def run(self, budget: timedelta | None = None, go_on: GoOn = lambda: True) -> InspectionReport:
        """Go on with the look under way, or begin one, for as long as `budget` (None: to its end); return it.

        Raises:
            BrokenOff: `go_on` said so, between two portions. ServiceUnavailable: the store does not answer.
        """
        deadline = None if budget is None else self._clock() + budget.total_seconds()

        def has_time() -> bool:
            if not go_on():
                raise BrokenOff
            return deadline is None or self._clock() < deadline

        report = self._database.read(lambda t: t.inspections.current()) or InspectionReport(self._now())
        while has_time():
            files = self._database.read(lambda t, last=report.after: t.upkeep.recorded(last, limit=_FILES))  # type: ignore[misc]
            if not files:
                return self._end(report, has_time)
            report = self._look(report, files)
        return report

    def _look(self, report: InspectionReport, files: Sequence[RecordedFile]) -> InspectionReport:
        ids = [file.id for file in files]
        hashes = self._database.read(lambda t: t.upkeep.hashes_of(ids))
        read = 0
        problems: list[FoundProblem] = []
        for file in files:
            for key in file.keys:
                problem, size = self._problem_of(key, hashes.get(key))
                read += size
                if problem is not None:
                    problems.append(FoundProblem(file.id, key, problem, is_original=key in hashes))
        if problems:
            # Removed for good while they were looked at, they are missing rightly.
            known = self._database.read(lambda t: t.upkeep.known([each.file_id for each in problems]))
            problems = [each for each in problems if each.file_id in known]
        report = replace(
            report,
            after=ids[-1],
            files=report.files + len(files),
            bytes=report.bytes + read,
            missing=report.missing + sum(each.problem is Problem.MISSING for each in problems),
            damaged=report.damaged + sum(each.problem is Problem.DAMAGED for each in problems),
            problems=(*report.problems, *problems)[:_MAX_PROBLEMS],
        )
        self._database.write(lambda t: t.inspections.keep(report))
        return report

    def _problem_of(self, key: str, sha256: str | None) -> tuple[Problem | None, int]:
        """Return what is wrong with an object, and how many bytes of it were read; variants are not."""
        try:
            with self._store.local_path(key) as path:
                if sha256 is None:
                    return None, 0
                found, size = _hash_of(path)
        except FileNotFoundError:
            return Problem.MISSING, 0
        return (None if found == sha256 else Problem.DAMAGED), size

    def _end(self, report: InspectionReport, has_time: GoOn) -> InspectionReport:
        """Count what belongs to nobody, compare numbers and vectors, and tell of what is new."""
        foreign = None
        with suppress(_OutOfTime):
            foreign = self._sweeper.count_foreign(_until(has_time))
        last = self._database.read(lambda t: t.inspections.last())
        known = set(last.problems) if last else set()
        ended = replace(
            report,
            after="",
            ended_at=self._now(),
            foreign=foreign,
            numbers=str(Counts(self._database).check()),
            vectors=self._database.read(lambda t: t.inspections.vectors()),
        )
        new = [each for each in ended.problems if each not in known]
        for some in iter(lambda rest=iter(new): list(islice(rest, _FILES)), []):  # type: ignore[misc]
            self._database.write(lambda t, some=some: t.inspections.report(some, self._now()))  # type: ignore[misc]
        self._database.write(lambda t: t.inspections.keep(ended))
        return ended


class _OutOfTime(Exception):
    """The day's time is over in the middle of a listing of the store."""


def _until(has_time: GoOn) -> GoOn:
    def go_on() -> bool:
        if not has_time():
            raise _OutOfTime
        return True

    return go_on


def _hash_of(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
