"""Metrics of the work: what workers measure, kept in the database, so that any process can tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Protocol

__all__ = ["STAGE_BUCKETS", "MetricsRepository", "QueueLength", "Stage", "StageBucket", "StageOutcome", "StageTimes"]

STAGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)
"""Upper ends in seconds of the classes that durations are counted in; what took longer is in none of them."""


class Stage(str, Enum):
    """A part of the work on a file whose duration is measured."""

    PERCEIVE = "perceive"
    DESCRIBE = "describe"
    ASK = "ask"
    RENDER = "render"
    TILE = "tile"


class StageOutcome(str, Enum):
    """How a stage ended."""

    DONE = "done"
    SKIPPED = "skipped"  # there was nothing left to do
    FAILED = "failed"


class StageBucket(NamedTuple):
    """What is counted: one class of durations of a stage (`max_seconds` None: the longest), ended in one way."""

    stage: Stage
    outcome: StageOutcome
    max_seconds: float | None


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How many stages took how long: their number, and their seconds together."""

    number: int = 0
    seconds: float = 0.0

    def __add__(self, other: "StageTimes") -> "StageTimes":
        return StageTimes(self.number + other.number, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How much there is to do of one kind: `waiting`, `running`, and since when the oldest of them waits."""

    kind: str
    waiting: int
    running: int
    oldest: datetime | None


class MetricsRepository(Protocol):
    """Metrics of all workers together, since the database was made."""

    def add(self, more: Mapping[StageBucket, StageTimes]) -> None:
        """Add to what is kept."""

    def all(self) -> Mapping[StageBucket, StageTimes]:
        """Return what was ever added."""

    def queues(self) -> Sequence[QueueLength]:
        """Return how much there is to do."""

    def heartbeats(self) -> Mapping[str, datetime]:
        """Return the last heartbeat of each worker that is able to work."""
