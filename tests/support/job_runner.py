"""Jobs done in threads of the tests' process.

A process can have one DBOS worker, and servers of tests are many. So this takes from the same tables what was enqueued
there, and does it by the same steps, with the same idea of what a failure means (`jobs/worker.py`). What it leaves out,
taking up what a dead worker left, is tested with real workers.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sqlalchemy as sa

from scopix_server.analysis.ask import AskEngine
from scopix_server.analysis.describe import DescribeFile
from scopix_server.analysis.lend import WakeBorrowers
from scopix_server.categories import catalogue_with
from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Perception
from scopix_server.domain.errors import DescribeError
from scopix_server.jobs import worker
from scopix_server.jobs.asking import Asking
from scopix_server.jobs.engine_gate import WorkerStops
from scopix_server.jobs.lending import LendingWatch
from scopix_server.jobs.queue import BUCKET_QUEUE, QUEUE, DbosQueue
from scopix_server.library.rule_runner import RuleRunner
from scopix_server.wiring.analysis import Parts, analyzer_and_describer, look_and_compose
from scopix_server.wiring.engines import Gates
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.worker import messenger

__all__ = ["JobRunner"]

_LOOK_SECONDS, _BEAT_SECONDS = 0.02, 5.0
_NAME = "in-process"


class JobRunner:
    """Describes, renders, asks engines and sends messages to webhooks, until `stop`."""

    def __init__(self, settings: Settings, database: SqlDatabase) -> None:
        self._database = database
        storage = Storage(settings, "worker")
        stores = storage.stores(database)
        self._jobs = DbosQueue(settings.database_address)
        self._gates = Gates(settings, database)
        catalogue = catalogue_with(settings.own_categories)
        analyzer, describer = analyzer_and_describer(
            settings, catalogue, self._gates.choice.copies, _parts(settings.analyzer)
        )
        quick = settings.first_answer == "fast"
        self._describe = DescribeFile(
            database,
            stores,
            analyzer,
            describer,
            self._jobs,
            self._gates.choice,
            quick_answer=quick,
            rules=RuleRunner(self._jobs),
            keywords_as_tags=settings.keywords_as_tags,
            documents=analyzer,
            max_ocr_pages=settings.max_ocr_pages,
            tile_pixels=settings.tile_pixels,
        )
        ask = AskEngine(
            database,
            stores,
            analyzer,
            describer,
            catalogue,
            language=settings.description_language,
            rules=RuleRunner(self._jobs),
            keywords_as_tags=settings.keywords_as_tags,
        )
        self._asking = Asking(ask, self._gates.choice, self._gates.by_name, self._gates.stopping)
        self._messenger = messenger(settings, database, storage)
        self._lending = LendingWatch(WakeBorrowers(database, self._jobs))
        self._table = "dbos.workflow_status" if settings.is_shared else "workflow_status"
        self._threads = dict.fromkeys((QUEUE, BUCKET_QUEUE), ThreadPoolExecutor(3, thread_name_prefix="job"))
        self._threads |= {
            f"engine:{name}": ThreadPoolExecutor(places, thread_name_prefix=name)
            for name, places in self._gates.places.items()
        }
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier one may have left."""
        self._beat()
        self._execute(f"UPDATE {self._table} SET status = 'ENQUEUED' WHERE status = 'PENDING'")
        self._messenger.start()
        self._lending.start()
        self._thread.start()

    def stop(self) -> None:
        """Take no new jobs, and wait for those under way."""
        self._gates.stopping.set()
        self._thread.join()
        self._messenger.stop()
        self._lending.stop()
        for threads in self._threads.values():
            threads.shutdown(cancel_futures=True)
        self._gates.close()
        self._jobs.close()

    def _run(self) -> None:
        beaten = time.monotonic()
        while not self._gates.stopping.wait(_LOOK_SECONDS):
            for job_id, queue in self._claimed():
                self._threads[queue].submit(self._do, job_id, queue)
            if time.monotonic() - beaten > _BEAT_SECONDS:
                beaten = time.monotonic()
                self._beat()

    def _claimed(self) -> list[tuple[str, str]]:
        query = f"SELECT workflow_uuid, queue_name FROM {self._table} WHERE status = 'ENQUEUED'"
        query += " ORDER BY priority, created_at"
        found = self._database.read(lambda t: t.connection.execute(sa.text(query)).fetchall())
        known = [(row[0], row[1]) for row in found if row[1] in self._threads]
        for job_id, _ in known:
            self._set_status(job_id, "PENDING")
        return known

    def _do(self, job_id: str, queue: str) -> None:
        kind, file_id, *rest = job_id.split(":")
        status = "SUCCESS"
        try:
            if kind == "describe":
                self._describe_file(file_id, int(rest[0]))
            elif kind == "ask":
                self._ask_engine(queue.removeprefix("engine:"), file_id, int(rest[0]))
            elif kind == "tiles":
                self._tile(file_id)
            else:
                self._render(file_id)
        except WorkerStops:
            status = "PENDING"
        finally:
            self._set_status(job_id, status)

    def _describe_file(self, file_id: str, revision: int) -> None:
        def retried(step: Callable[[str, int], bool]) -> bool:
            note = self._describe.postpone
            return _retried(lambda: step(file_id, revision), lambda failure: note(file_id, revision, failure))

        try:
            if retried(self._describe.analyze):
                retried(self._describe.describe)
        except Exception as error:
            self._describe.fail(file_id, revision, worker._final(error))

    def _ask_engine(self, engine: str, file_id: str, revision: int) -> None:
        try:
            self._asking.run(engine, file_id, revision)
        except Exception as error:
            self._describe.fail(file_id, revision, worker._final(error))

    def _render(self, file_id: str) -> None:
        try:
            _retried(lambda: self._describe.make_variants(file_id), lambda _: None)
        except Exception as error:
            self._describe.fail_variants(file_id, worker._final(error))

    def _tile(self, file_id: str) -> None:
        try:
            _retried(lambda: self._describe.tiles.run(file_id), lambda _: None)
        except Exception as error:
            logging.getLogger(__name__).warning("no tiles are made of a file: %s", worker._final(error).message)

    def _set_status(self, job_id: str, status: str) -> None:
        values = {"status": status, "name": _NAME, "id": job_id, "at": int(time.time() * 1000)}
        change = "status = :status, executor_id = :name, updated_at = :at"
        self._execute(f"UPDATE {self._table} SET {change} WHERE workflow_uuid = :id", values)

    def _execute(self, statement: str, values: dict[str, Any] | None = None) -> None:
        self._database.write(lambda t: t.connection.execute(sa.text(statement), values or {}))

    def _beat(self) -> None:
        self._database.write(lambda t: t.workers.beat(_NAME, datetime.now(UTC), ready=True))


def _retried(step: Callable[[], bool], note: Callable[[DescribeError], None]) -> bool:
    """Run a step as often as a worker would, without its pauses."""
    for left in reversed(range(worker.MAX_ATTEMPTS)):
        try:
            return step()
        except Exception as error:
            if not worker._is_transient(error):
                raise
            note(worker._as_describe_error(error))
            if not left:
                raise
    raise AssertionError("unreachable")


class _Remembering:
    """Looks at equal pixels once: the built-in networks take seconds, and always see the same."""

    def __init__(self, look: Callable[[Any], Perception]) -> None:
        self._look = look
        self._seen: dict[bytes, Perception] = {}

    def look(self, image: Any) -> Perception:
        key = hashlib.blake2b(repr(image.shape).encode() + image.tobytes()).digest()
        if key not in self._seen:
            self._seen[key] = self._look(image)
        return self._seen[key]


@cache
def _parts(kind: str) -> Parts:
    """Models are loaded once in this process, and the network that is written for them is written once."""
    parts = look_and_compose(Settings(data_dir=Path(mkdtemp(prefix="scopix-models-")), analyzer=kind))
    return parts._replace(look=_Remembering(parts.look).look)
