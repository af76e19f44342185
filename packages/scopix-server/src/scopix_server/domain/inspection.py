"""Whether what is recorded is there as it came: a look at all of it, a part a day, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

__all__ = ["FoundProblem", "InspectionReport", "InspectionRepository", "Problem", "VectorsReport"]


class Problem(str, Enum):
    """What is wrong with an object: it is not in the store, or not as it came."""

    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """An object of a file that is missing or damaged; a variant can be made again, an original cannot."""

    file_id: str
    key: str
    problem: Problem
    is_original: bool


@dataclass(frozen=True, slots=True)
class VectorsReport:
    """How the vectors of texts stand: files that wait for theirs, and files that should have some and have none."""

    waiting: int
    without: int


@dataclass(frozen=True, slots=True)
class InspectionReport:
    """A look at all files: how far it has come (`after` is the last file's id, `ended_at` None), and what it found.

    `files` were looked at, `bytes` read. `foreign` counts objects in the server's store that belong to no file, those
    on their way left out; None until they were counted. `numbers` is a sentence about kept numbers that are wrong. Of
    `problems` the first thousand are kept; `missing` and `damaged` count all.
    """

    began_at: datetime
    after: str = ""
    ended_at: datetime | None = None
    files: int = 0
    bytes: int = 0
    missing: int = 0
    damaged: int = 0
    foreign: int | None = None
    numbers: str = ""
    vectors: VectorsReport | None = None
    problems: tuple[FoundProblem, ...] = ()


class InspectionRepository(Protocol):
    """Keeps the look under way and the last whole one."""

    def current(self) -> InspectionReport | None:
        """Return how far the look under way has come; None when none is."""

    def last(self) -> InspectionReport | None:
        """Return the last whole look."""

    def keep(self, report: InspectionReport) -> None:
        """Keep how far a look has come; one that has ended takes the place of the last."""

    def vectors(self) -> VectorsReport:
        """Compare files with their vectors. Takes seconds for a million files."""

    def report(self, problems: Sequence[FoundProblem], at: datetime) -> None:
        """Tell the webhooks of the files' tenants."""
