"""Rows of new jobs, many at a time.

The job engine's public interface takes one job at a time within a transaction, and builds and looks up its statements
for each, which was most of what recording a batch cost. So it is asked once for each kind of job, with a recorder in
the place of the connection. What it would have executed is the pattern after which all jobs of that kind are written,
by one statement a table. A test holds that a row written so is the row that the engine would have written.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scopix_server.db.connection import SqlTransaction
from scopix_server.db.prepared import PreparedInsert
from scopix_server.jobs.serialization import SERIALIZER

__all__ = ["JobRows", "NewJob"]

EnqueueOne = Callable[[Any, str], None]
"""Asks the engine for a job of a workflow of this name, on a connection."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be: its id, which says what is to be done once; what it waits in, and behind whom; what it is given."""

    id: str
    queue: str
    partition: str
    priority: int
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is executed for a job of one workflow: rows of two tables, with what all such jobs have in common."""

    job: PreparedInsert
    job_values: Mapping[str, Any]
    given: PreparedInsert
    given_values: Mapping[str, Any]


class JobRows:
    """Writes the rows of new jobs. `enqueue_one` is how the engine itself is asked. Threads may share it."""

    def __init__(self, enqueue_one: EnqueueOne) -> None:
        self._enqueue_one = enqueue_one
        self._patterns: dict[str, _Pattern] = {}

    def add(self, transaction: SqlTransaction, workflow: str, jobs: Sequence[NewJob]) -> None:
        """Write the jobs, within the transaction; one that is there already stays as it is."""
        if not jobs:
            return
        pattern = self._patterns.get(workflow)
        if pattern is None:
            pattern = self._patterns[workflow] = self._learn(workflow)
        rows = [
            {
                **pattern.job_values,
                "workflow_uuid": job.id,
                "queue_name": job.queue,
                "queue_partition_key": job.partition,
                "priority": job.priority,
                "creator_xid": str(uuid.uuid4()),
            }
            for job in jobs
        ]
        pattern.job.run(transaction.connection, rows)
        given = [
            {
                **pattern.given_values,
                "workflow_uuid": job.id,
                "inputs": SERIALIZER.serialize({"namedArgs": {}, "positionalArgs": list(job.arguments)}),
            }
            for job in jobs
        ]
        pattern.given.run(transaction.connection, given)

    def _learn(self, workflow: str) -> _Pattern:
        recorder = _Recorder()
        self._enqueue_one(recorder, workflow)
        (job, job_values), (given, given_values) = recorder.executed
        names = recorder.schema_names
        return _Pattern(
            PreparedInsert(job, list(job_values), names),
            job_values,
            PreparedInsert(given, list(given_values), names),
            given_values,
        )


class _Recorder:
    """Stands where the engine expects a connection, and keeps what it is told to execute."""

    dialect = None
    """None of the engine's own: so it hands over its statements as they were built."""

    def __init__(self) -> None:
        self.executed: list[tuple[Any, Mapping[str, Any]]] = []
        self.schema_names: Mapping[str, str | None] | None = None

    def get_execution_options(self) -> Mapping[str, Any]:
        return {}

    def execution_options(self, *, schema_translate_map: Mapping[str, str | None]) -> None:
        self.schema_names = schema_translate_map

    def execute(self, statement: Any, values: Mapping[str, Any]) -> "_Recorder":
        self.executed.append((statement, values))
        return self

    def fetchone(self) -> None:
        """No row: as far as the engine can see, there is no such job yet."""
