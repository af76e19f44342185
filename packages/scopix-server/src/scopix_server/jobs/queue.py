"""Asking for work: a job is a row written in the caller's own transaction."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions
from opentelemetry.propagate import inject

from scopix.types.vocabulary import DescriptionStatus, VariantStatus
from scopix_server.db.connection import SqlTransaction
from scopix_server.db.turns import line_of, turn_of
from scopix_server.domain.errors import DatabaseUnusable, ServiceUnavailable
from scopix_server.domain.file import File
from scopix_server.domain.ports import Job, Transaction
from scopix_server.domain.turn import Priority, Turn, current_turn
from scopix_server.jobs.new_jobs import JobRows, NewJob
from scopix_server.jobs.serialization import SERIALIZER
from scopix_server.logs import current_context

__all__ = [
    "APPLICATION_VERSION",
    "ASK",
    "BUCKET_QUEUE",
    "DESCRIBE",
    "FORMER_QUEUE",
    "QUEUE",
    "RENDER",
    "TILE",
    "DbosQueue",
    "JobUnderWay",
    "engine_queue",
    "migrate_jobs",
    "turn_from",
]

QUEUE = "describe-files"
BUCKET_QUEUE = "describe-files-in-buckets"
"""Files in buckets of tenants'. Apart, for a bucket may hang, and then the jobs about it do nothing but wait."""
FORMER_QUEUE = "describe"
"""Where jobs of releases before tenants had turns may still wait; nothing is put there any more."""
DESCRIBE = "describe_file"
ASK = "ask_engine"
RENDER = "render_variants"
TILE = "make_tiles"
APPLICATION_VERSION = "1"
"""Workers take jobs of this version only. DBOS would make it a hash of the code, and strand jobs at each release."""

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_PAGE = 1000


def engine_queue(engine: str) -> str:
    """Return the name of an engine's own queue: what waits for one engine holds up nobody else."""
    return f"engine:{engine}"


@dataclass(frozen=True, slots=True)
class JobUnderWay:
    """A job that the worker of this name has begun."""

    id: str
    queue: str | None
    worker_id: str


def migrate_jobs(url: str) -> None:
    """Create or update the engine's own tables in the database at `url`.

    Raises:
        DatabaseUnusable: it does not let us.
    """
    try:
        DBOS.migrate(url)
    except sa.exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())[:300]
        raise DatabaseUnusable(f"The tables of the job queue cannot be made in the database: {reason}") from error


class DbosQueue:
    """The `JobQueue` port. The job tables live in the same database as the files."""

    def __init__(self, url: str) -> None:
        # An unreachable database is told at once: whoever asks has a request to answer.
        self._client = DBOSClient(
            system_database_url=url, lazy=True, retry_connection_errors=False, serializer=SERIALIZER
        )
        self._rows = JobRows(self._enqueue_one)

    def enqueue_new(self, transaction: Transaction, files: Sequence[File], priority: Priority) -> None:
        described = [file for file in files if file.description_status is DescriptionStatus.QUEUED]
        rendered = [
            file
            for file in files
            if file.description_status is not DescriptionStatus.QUEUED and file.variant_status is VariantStatus.PENDING
        ]
        self._add(transaction, DESCRIBE, [self._describing(file, priority) for file in described])
        self._add(transaction, RENDER, [self._rendering(file) for file in rendered])

    def enqueue_description(self, transaction: Transaction, file: File, revision: int, priority: Priority) -> None:
        self._add(transaction, DESCRIBE, [self._describing(file, priority, revision)])

    def enqueue_engine(self, transaction: Transaction, engine: str, file: File, revision: int) -> None:
        # As urgent as the job that looked at the image.
        queue, turn = engine_queue(engine), Turn(file.tenant_id, current_turn().priority)
        line = line_of(turn.tenant_id, turn.priority)
        place = turn_of(cast(SqlTransaction, transaction).connection, queue, line, turn.priority)
        arguments = (engine, file.id, revision, _origin(turn))
        self._add(transaction, ASK, [NewJob(f"ask:{file.id}:{revision}", queue, line, place, arguments)])

    def enqueue_variants(self, transaction: Transaction, file: File) -> None:
        self._add(transaction, RENDER, [self._rendering(file)])

    def enqueue_variants_again(self, transaction: Transaction, file: File) -> str:
        # A job of this name has run before, and would not be run twice.
        job = f"render:{file.id}:{uuid.uuid4()}"
        self._add(transaction, RENDER, [self._rendering(file, job)])
        return job

    def enqueue_tiles(self, transaction: Transaction, file: File) -> None:
        # Asked for with the variants, again with those that are made again; there is one job that does it.
        self._add(transaction, TILE, [_about(file, f"tiles:{file.id}:{uuid.uuid4()}", Priority.VARIANTS)])

    def check(self) -> None:
        try:
            self._client.check_connection()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise ServiceUnavailable("The job queue does not answer.") from error

    def all(self) -> Iterator[Job]:
        offset = 0
        while page := self._client.list_workflows(limit=_PAGE, offset=offset, load_input=False, load_output=False):
            for job in page:
                holder = (job.executor_id or "") if job.status == "PENDING" else None
                yield Job(job.workflow_id, job.workflow_id.split(":")[1], holder)
            offset += len(page)

    def ended(self, before: datetime, *, limit: int) -> Sequence[str]:
        found = self._client.list_workflows(
            status=_ENDED, completed_before=before.isoformat(), limit=limit, load_input=False, load_output=False
        )
        return [workflow.workflow_id for workflow in found]

    def delete(self, job_ids: Sequence[str]) -> None:
        self._client.delete_workflows(list(job_ids))

    def under_way(self) -> Sequence[JobUnderWay]:
        """Return the jobs that a worker has begun and not ended, whether the worker is still there or not."""
        found = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return [JobUnderWay(job.workflow_id, job.queue_name, job.executor_id or "") for job in found]

    def resume(self, job: JobUnderWay) -> None:
        """Put a job back into its queue, for whoever is free; what it has done already is not done again."""
        self._client.resume_workflow(job.id, queue_name=job.queue)

    def close(self) -> None:
        """Close the queue's own connections."""
        self._client.destroy()

    def _describing(self, file: File, priority: Priority, revision: int | None = None) -> NewJob:
        revision = file.description_revision if revision is None else revision
        # Its id is the idempotency key: the same revision is described once, however often it is asked for.
        return _about(file, f"describe:{file.id}:{revision}", priority, revision)

    def _rendering(self, file: File, job: str | None = None) -> NewJob:
        # Somebody may be waiting for a description; thumbnails alone can wait until no description does.
        return _about(file, job or f"render:{file.id}", Priority.VARIANTS)

    def _add(self, transaction: Transaction, workflow: str, jobs: Sequence[NewJob]) -> None:
        self._rows.add(cast(SqlTransaction, transaction), workflow, jobs)

    def _enqueue_one(self, connection: Any, workflow: str) -> None:
        """Ask the engine for a job, of which the rows of all others are made."""
        options: EnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": QUEUE,
            "queue_partition_key": "",
            "app_version": APPLICATION_VERSION,
        }
        self._client.enqueue_in_transaction(connection, options)


def _about(file: File, job: str, priority: Priority, *revision: int) -> NewJob:
    """Return a job that looks at the file. Its tenant's own jobs are taken by their priority."""
    queue = QUEUE if file.storage_id is None else BUCKET_QUEUE
    # Last, what the job goes on with: whose turn it is, the request that asked for it, and its trace.
    arguments = (file.id, *revision, _origin(Turn(file.tenant_id, priority)))
    return NewJob(job, queue, file.tenant_id, priority.value, arguments)


def _origin(turn: Turn) -> dict[str, str]:
    request_id = current_context().get("request_id")
    known = {"tenant_id": turn.tenant_id, "priority": turn.priority.name}
    inject(known)  # the trace, as W3C headers; nothing without one
    return {**known, **({"request_id": request_id} if request_id else {})}


def turn_from(origin: dict[str, str]) -> Turn:
    """Return whose turn a job is, by what it goes on with."""
    # A job of an earlier release does not tell.
    return Turn(origin.get("tenant_id", ""), Priority[origin.get("priority", Priority.BATCH.name)])
