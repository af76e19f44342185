"""Doing the work: takes jobs off the queue, runs the pipeline's steps, decides what a failure means.

Three classes of failure. Permanent (bad input): told once, never retried. Transient: retried with growing pauses, each
attempt counted. An engine that is unavailable, or a disk that is full: the jobs wait (see `asking.py` and
`storage_gate.py`). A dead process is none of these: DBOS starts its unfinished jobs again, finished steps excepted.
"""

import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.analysis.describe import DescribeFile
from scopix_server.domain.errors import DescribeError, DomainError, trace_of
from scopix_server.domain.metrics import Stage
from scopix_server.domain.ports import Database
from scopix_server.domain.turn import taking_turn
from scopix_server.jobs.asking import Asking
from scopix_server.jobs.engine_gate import WorkerStops
from scopix_server.jobs.queue import (
    APPLICATION_VERSION,
    ASK,
    BUCKET_QUEUE,
    DESCRIBE,
    FORMER_QUEUE,
    QUEUE,
    RENDER,
    TILE,
    DbosQueue,
    engine_queue,
    turn_from,
)
from scopix_server.jobs.serialization import SERIALIZER, kept_failure
from scopix_server.jobs.sparing_looks import spare_looks
from scopix_server.jobs.stopwatch import Stopwatch
from scopix_server.logs import bound
from scopix_server.tracing import tracer

__all__ = ["Worker"]

P = ParamSpec("P")
T = TypeVar("T")
Origin = dict[str, str]
"""What a job knows of the request that asked for it: its id, its trace as W3C headers, its tenant and priority."""

MAX_ATTEMPTS = 3
_POLL_SECONDS = 0.2
"""A look at what waits costs some 4 ms of the processor's time (into an empty queue a twentieth, see `sparing_looks`);
with the next images at hand already no process waits for it."""
_ENGINE_POLL_SECONDS = 0.1
"""A place of an engine is empty until somebody looks."""
_BUCKET_POLL_SECONDS, _FORMER_POLL_SECONDS = 0.5, 5.0
_TENANTS_AT_ONCE, _BUCKETS_AT_ONCE = 2, 8
"""So many tenants may each have as many jobs under way as keep the worker busy: beside one tenant's backlog there is
always room for another's job. A bucket that hangs keeps nothing busy: eight may, before others in buckets wait."""
_BEAT_SECONDS, _LOOK_SECONDS = 5.0, 0.2
_WITHOUT_REVISION = frozenset({"render", "tiles"})
"""Jobs, by how their ids begin, that no revision of a description is asked for by."""
_log = logging.getLogger(__name__)


class Worker:
    """Runs description jobs in threads of this process. There can be one in a process.

    Args:
        url: the database of the files and the jobs.
        worker_id: its name among all that share the database. If it is the only one, the name stays the same over
            restarts, so that it finds what it had begun; else see `recovery`.
        concurrency: how many jobs of one tenant are under way at once.
        ready: tells whether the engines can work; while it says no, the worker does not report for duty.
        engine: through what the job engine reaches its tables, which lie in the same database. The worker closes it.
        asking, engines: asks vision-language engines; the names of these, with how many jobs each takes at once over
            all workers.
    """

    def __init__(
        self,
        url: str,
        database: Database,
        describe: DescribeFile,
        *,
        worker_id: str,
        concurrency: int,
        ready: Callable[[], bool],
        asking: Asking,
        engines: Mapping[str, int],
        stopping: threading.Event,
        engine: Any,
    ) -> None:
        self._database = database
        self._describe = describe
        self._worker_id = worker_id
        self._concurrency = concurrency
        self._ready = ready
        self._stopwatch = Stopwatch()
        self._asking = asking
        self._engines = engines
        self._stopping = stopping
        self._engine = engine
        self._gone = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        config: DBOSConfig = {
            "name": "scopix",
            "system_database_url": url,
            "executor_id": worker_id,
            "application_version": APPLICATION_VERSION,
            "log_level": "WARNING",
            "serializer": SERIALIZER,
            "system_database_engine": engine,
        }
        self._dbos = DBOS(config=config)
        self._register()

    def start(self) -> None:
        """Take up unfinished jobs of an earlier run, then new ones."""
        # Heard from before anything is begun: whoever has begun something and is not heard from counts as dead.
        self._beat_once()
        DBOS.launch()
        spare_looks(self._dbos)
        self._register_queue(QUEUE, tenants=_TENANTS_AT_ONCE, poll_seconds=_POLL_SECONDS)
        self._register_queue(BUCKET_QUEUE, tenants=_BUCKETS_AT_ONCE, poll_seconds=_BUCKET_POLL_SECONDS)
        DBOS.register_queue(
            FORMER_QUEUE,
            worker_concurrency=self._concurrency,
            polling_interval_sec=_FORMER_POLL_SECONDS,
            on_conflict="always_update",
        )
        self.share(len(self._database.read(lambda t: t.workers.beats())))
        self._close_abandoned()
        self._heart.start()

    def _register_queue(self, name: str, *, tenants: int, poll_seconds: float) -> None:
        DBOS.register_queue(
            name,
            worker_concurrency=tenants * self._concurrency,
            partition_worker_concurrency=self._concurrency,
            polling_interval_sec=poll_seconds,
            on_conflict="always_update",
        )

    def share(self, workers: int) -> None:
        """Let each of so many workers hold its share of an engine's places; else who looks first would take them all.

        It counts for all workers: the job engine keeps it in the database.
        """
        for engine, places in self._engines.items():
            DBOS.register_queue(
                engine_queue(engine),
                global_concurrency=places,
                worker_concurrency=math.ceil(places / workers),
                polling_interval_sec=_ENGINE_POLL_SECONDS,
                on_conflict="always_update",
            )

    def stop(self, *, seconds: int) -> None:
        """Take no new jobs; wait for those under way, but not longer than `seconds`. What is left is resumed later."""
        self._stopping.set()
        try:
            self._beat_once()
        except Exception as error:  # it is seen soon enough that nobody answers
            _log.warning("it could not be noted that this worker leaves: %s", error, exc_info=trace_of(error))
        DBOS.destroy(workflow_completion_timeout_sec=seconds)
        try:
            self._stopwatch.flush(self._database)
        except DomainError as error:
            _log.warning("the last figures could not be written: %s", error.message)

    def leave(self, jobs: DbosQueue) -> None:
        """Once nothing can work any more: put back what is left, for others to take it up at once."""
        try:
            for job in jobs.under_way():
                if job.worker_id == self._worker_id:
                    kind, file_id, *revision = job.id.split(":")
                    if kind not in _WITHOUT_REVISION:
                        self._describe.release(file_id, int(revision[0]))
                    jobs.resume(job)
            self._gone.set()
            self._heart.join()
            self._database.write(lambda t: t.workers.leave(self._worker_id))
        except (WorkerStops, Exception) as error:
            # They stay under way, and are taken up as those of a worker that died.
            self._gone.set()
            _log.warning("what is left of the jobs could not be put back: %s", error)
        self._engine.dispose()

    def _register(self) -> None:
        step = _retried_step()

        @step(name="perceive")  # the name is kept with jobs under way; those of earlier versions have it
        def analyze(file_id: str, revision: int) -> bool:
            return self._attempt(Stage.PERCEIVE, self._describe.analyze, file_id, revision)

        @step(name="describe")
        def describe(file_id: str, revision: int) -> bool:
            return self._attempt(Stage.DESCRIBE, self._describe.describe, file_id, revision)

        @DBOS.workflow(name=DESCRIBE)
        def describe_file(file_id: str, revision: int, origin: Origin | None = None) -> None:
            with _job("describe file", file_id, origin):
                try:
                    if analyze(file_id, revision):
                        describe(file_id, revision)
                except Exception as error:
                    self._describe.fail(file_id, revision, _final(error))

        # The asking has its own way with failures, so the step is run once; a dead worker's is run again.
        @DBOS.step(name="ask")
        def ask(engine: str, file_id: str, revision: int) -> bool:
            return self._timed(Stage.ASK, lambda: self._asking.run(engine, file_id, revision))

        @DBOS.workflow(name=ASK)
        def ask_engine(engine: str, file_id: str, revision: int, origin: Origin | None = None) -> None:
            with _job("ask engine", file_id, origin):
                try:
                    ask(engine, file_id, revision)
                except Exception as error:
                    self._describe.fail(file_id, revision, _final(error))

        @step(name="render")
        def render(file_id: str) -> None:
            self._timed(Stage.RENDER, lambda: self._describe.make_variants(file_id))

        @DBOS.workflow(name=RENDER)
        def render_variants(file_id: str, origin: Origin | None = None) -> None:
            with _job("render file", file_id, origin):
                try:
                    render(file_id)
                except Exception as error:
                    self._describe.fail_variants(file_id, _final(error))

        @step(name="tile")
        def tile(file_id: str) -> None:
            self._timed(Stage.TILE, lambda: self._describe.tiles.run(file_id))

        @DBOS.workflow(name=TILE)
        def make_tiles(file_id: str, origin: Origin | None = None) -> None:
            with _job("tile file", file_id, origin):
                try:
                    tile(file_id)
                except Exception as error:
                    # All else is there of the file; its largest variant is shown.
                    _log.warning("no tiles are made of a file: %s", _final(error).message)

    def _attempt(self, stage: Stage, step: Callable[[str, int], bool], file_id: str, revision: int) -> bool:
        try:
            return self._timed(stage, lambda: step(file_id, revision))
        except Exception as error:
            failure = _as_describe_error(error)
            _log.warning("%s failed: %s", stage.value, error, exc_info=trace_of(error))
            if _is_transient(error):
                self._describe.postpone(file_id, revision, failure)
            raise

    def _timed(self, stage: Stage, work: Callable[[], bool]) -> bool:
        with tracer.start_as_current_span(stage.value, record_exception=False):
            return self._stopwatch.run(stage, work)

    def _close_abandoned(self) -> None:
        """Give up the files of jobs that the engine gave up, so that none waits for ever."""
        dead = DBOS.list_workflows(
            status=["MAX_RECOVERY_ATTEMPTS_EXCEEDED", "ERROR", "CANCELLED"], name=[DESCRIBE, ASK, RENDER]
        )
        message = "The description was given up: the worker died each time it was tried."
        failure = DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False)
        for workflow in dead:
            kind, file_id, *rest = workflow.workflow_id.split(":")
            if kind == "render":
                self._describe.fail_variants(file_id, failure)
            else:
                self._describe.fail(file_id, int(rest[0]), failure)

    def _beat(self) -> None:
        was_able, since = False, time.monotonic()
        # Until the engines are ready it is looked more often than told, so that they are known to be at once.
        while not self._gone.wait(_BEAT_SECONDS if was_able else _LOOK_SECONDS):
            if self._is_able() == was_able and time.monotonic() - since < _BEAT_SECONDS:
                continue
            was_able, since = self._is_able(), time.monotonic()
            try:
                self._beat_once()
                self._stopwatch.flush(self._database)
            except Exception as error:  # the next beat may succeed; the worker itself is told by its own jobs
                _log.warning("the heartbeat could not be written: %s", error, exc_info=trace_of(error))

    def _beat_once(self) -> None:
        able = self._is_able()
        self._database.write(lambda t: t.workers.beat(self._worker_id, datetime.now(UTC), ready=able))

    def _is_able(self) -> bool:
        return self._ready() and not self._stopping.is_set()


def _retried_step() -> Callable[..., Callable[[Callable[P, T]], Callable[P, T]]]:
    return functools.partial(
        DBOS.step,
        retries_allowed=True,
        max_attempts=MAX_ATTEMPTS,
        interval_seconds=1.0,
        backoff_rate=3.0,
        should_retry=_is_transient,
    )


@contextmanager
def _job(name: str, file_id: str, origin: Origin | None) -> Iterator[None]:
    """Let logs and traces of a job tell of its file and of the request that asked for it."""
    known = origin or {}
    with (
        bound(file_id=file_id, request_id=known.get("request_id")),
        taking_turn(turn_from(known)),
        tracer.start_as_current_span(
            name, extract(known), SpanKind.CONSUMER, {"scopix.file": file_id}, record_exception=False
        ),
    ):
        started = time.monotonic()
        yield
        _log.info("%s: %.2f s", name, time.monotonic() - started)


def _is_transient(error: BaseException) -> bool:
    return not isinstance(error, DescribeError) or error.retryable


def _as_describe_error(error: Exception) -> DescribeError:
    known = error if isinstance(error, DescribeError) else kept_failure(error)
    if known is not None:
        return known
    message = "The description failed inside the server; its log says more."
    return DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=True)


def _final(error: Exception) -> DescribeError:
    """Return the last failure behind the error that ended a job."""
    attempts = getattr(error, "errors", None)
    last = attempts[-1] if attempts else error
    failure = _as_describe_error(last)
    # Contract 5.2: what is not classified is not offered for another try.
    retryable = failure.retryable and failure.error_type is not DescriptionErrorType.UNKNOWN
    return DescribeError(failure.message, failure.error_type, retryable=retryable)
