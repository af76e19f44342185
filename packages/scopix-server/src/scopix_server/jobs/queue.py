"""Asking for work: a job is a row written in the caller's own transaction."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions

from scopix_server.db.connection import SqlTransaction
from scopix_server.domain.errors import DatabaseUnusable, ServiceUnavailable
from scopix_server.domain.ports import Job, Transaction
from scopix_server.logs import current_context
from scopix_server.tracing import carrier

__all__ = [
    "APPLICATION_VERSION",
    "ASK",
    "DESCRIBE",
    "QUEUE",
    "RENDER",
    "DbosQueue",
    "JobUnderWay",
    "engine_queue",
    "migrate_jobs",
]

QUEUE = "describe"
DESCRIBE = "describe_file"
ASK = "ask_engine"
RENDER = "render_variants"
APPLICATION_VERSION = "1"
"""Workers take jobs of this version only. DBOS would make it a hash of the code, and strand jobs at each release."""

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_PAGE = 1000
_NOW, _LATER = 1, 2  # smaller numbers first


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
        said = " ".join(str(error.orig).split())[:300]
        raise DatabaseUnusable(f"The tables of the job queue cannot be made in the database: {said}") from error


class DbosQueue:
    """The `JobQueue` port. The job tables live in the same database as the files."""

    def __init__(self, url: str) -> None:
        # An unreachable database is told at once: whoever asks has a request to answer.
        self._client = DBOSClient(system_database_url=url, lazy=True, retry_connection_errors=False)

    def enqueue_description(self, transaction: Transaction, file_id: str, revision: int) -> None:
        # The workflow id is the idempotency key: the same revision is described once, however often it is asked for.
        self._enqueue(transaction, DESCRIBE, f"describe:{file_id}:{revision}", file_id, revision)

    def enqueue_engine(self, transaction: Transaction, engine: str, file_id: str, revision: int) -> None:
        workflow_id = f"ask:{file_id}:{revision}"
        self._enqueue(transaction, ASK, workflow_id, engine, file_id, revision, queue=engine_queue(engine))

    def enqueue_variants(self, transaction: Transaction, file_id: str) -> None:
        # Somebody may be waiting for a description; thumbnails alone can wait until no description does.
        self._enqueue(transaction, RENDER, f"render:{file_id}", file_id, priority=_LATER)

    def enqueue_variants_again(self, transaction: Transaction, file_id: str) -> str:
        # A job of this name has run before, and would not be run twice.
        job = f"render:{file_id}:{uuid.uuid4()}"
        self._enqueue(transaction, RENDER, job, file_id, priority=_LATER)
        return job

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

    def forget(self, job_ids: Sequence[str]) -> None:
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

    def _enqueue(
        self,
        transaction: Transaction,
        workflow: str,
        workflow_id: str,
        *arguments: str | int,
        priority: int = _NOW,
        queue: str = QUEUE,
    ) -> None:
        options: EnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": queue,
            "workflow_id": workflow_id,
            "app_version": APPLICATION_VERSION,
            "priority": priority,
        }
        connection = cast(SqlTransaction, transaction).connection
        # Last, what the job goes on with: the request that asked for it, and its trace.
        self._client.enqueue_in_transaction(connection, options, *arguments, _origin())


def _origin() -> dict[str, str]:
    request_id = current_context().get("request_id")
    return {**carrier(), **({"request_id": request_id} if request_id else {})}
