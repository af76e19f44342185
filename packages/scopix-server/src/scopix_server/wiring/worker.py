"""The worker process, and the children that look at images.

Parts are imported where they are built: a child needs no web framework.
"""

import functools
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from scopix_server.categories import Catalogue, catalogue_with
from scopix_server.config import Settings
from scopix_server.environment import keep_only_harmless
from scopix_server.wiring.engines import Gates, engine_choice
from scopix_server.wiring.shared import VERSION, open_database
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.upkeep import count_task, inspection_task, maintenance_tasks, mark_task

if TYPE_CHECKING:
    from scopix_server.analysis.describe import DescribeFile
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.domain.engines import EngineCopy
    from scopix_server.jobs.embedding import EmbeddingKeeper
    from scopix_server.jobs.isolation import Isolated
    from scopix_server.jobs.lending import LendingWatch
    from scopix_server.jobs.maintenance import MaintenanceRunner
    from scopix_server.jobs.messenger import Messenger
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.jobs.recovery import Recovery
    from scopix_server.jobs.worker import Worker
    from scopix_server.library.rule_runner import RuleRunner

    Companion = MaintenanceRunner | Messenger | EmbeddingKeeper | Recovery | LendingWatch

__all__ = ["embedding_keeper", "messenger", "running_worker"]


@contextmanager
def running_worker(settings: Settings) -> Iterator["Worker"]:
    """Run a worker for as long as the context lasts."""
    # Read once: a file that is changed later counts after the next start, for all processes alike.
    catalogue = catalogue_with(settings.own_categories)
    engines = _isolated_engines(settings, catalogue, engine_choice(settings).copies)
    # Before anything else is imported or opened: a child loads its models meanwhile, which takes the longest.
    engines.warm_up()

    from scopix_server.analysis.ask import AskEngine
    from scopix_server.db.engine import create_job_engine
    from scopix_server.jobs.asking import Asking
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.jobs.storage_gate import GatedDatabase, GatedStore, StorageGate
    from scopix_server.jobs.worker import Worker
    from scopix_server.library.rule_runner import RuleRunner

    # The only worker of a database keeps its name over restarts; of several, each needs one of its own.
    worker_id = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}" if settings.is_shared else "embedded"
    database = open_database(settings)
    storage = Storage(settings, "worker")
    storage.sweep()
    jobs = DbosQueue(settings.database_address)
    gates = Gates(settings, database)
    # Jobs wait for a disk that is full; what beats and sweeps beside them does not.
    gate = StorageGate(gates.stopping)
    gated = GatedDatabase(database, gate)
    stores = storage.stores(gated, GatedStore(storage.own, gate))
    rules = RuleRunner(jobs)
    tagging = functools.partial(AskEngine, keywords_as_tags=settings.keywords_as_tags, rules=rules)
    ask = tagging(gated, stores, engines, engines, catalogue, language=settings.description_language)
    own = _describing(settings, engines, rules)
    worker = Worker(
        settings.database_address,
        database,
        own(gated, stores, engines, engines, jobs, gates.choice),
        worker_id=worker_id,
        # For each process an image that is looked at, the next one, and one that was looked at and waits its turn to be
        # described: no process waits for the queue, which is looked into every so often only.
        concurrency=3 * settings.worker_processes,
        ready=lambda: engines.ready,
        asking=Asking(ask, gates.choice, gates.by_name, gates.stopping),
        engines=gates.places,
        stopping=gates.stopping,
        engine=create_job_engine(settings.database_address, connections=settings.database_connections),
    )
    companions = _companions(settings, database, storage, jobs, worker, worker_id)
    worker.start()
    for companion in companions:
        companion.start()
    yield worker
    for companion in reversed(companions):
        companion.stop()
    worker.stop(seconds=settings.worker_stop_seconds)
    engines.close()
    worker.leave(jobs)
    gates.close()
    jobs.close()
    database.close()


def _describing(settings: Settings, engines: "Isolated", rules: "RuleRunner") -> Callable[..., "DescribeFile"]:
    from scopix_server.analysis.describe import DescribeFile

    return functools.partial(
        DescribeFile,
        documents=engines,
        rules=rules,
        keywords_as_tags=settings.keywords_as_tags,
        max_ocr_pages=settings.max_ocr_pages,
        tile_pixels=settings.tile_pixels,
        quick_answer=settings.first_answer == "fast",
    )


def _companions(
    settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue", worker: "Worker", worker_id: str
) -> "list[Companion]":
    from scopix_server.analysis.lend import WakeBorrowers
    from scopix_server.jobs.lending import LendingWatch
    from scopix_server.jobs.maintenance import MaintenanceRunner
    from scopix_server.jobs.recovery import Recovery

    tasks = [mark_task(database, storage), count_task(database)]
    tasks += maintenance_tasks(settings, database, storage, jobs)
    upkeep = MaintenanceRunner(database, worker_id, tasks)
    # Apart, since it takes minutes, and the others are due every minute.
    inspection = MaintenanceRunner(database, worker_id, [inspection_task(settings, database, storage, jobs)])
    companions: list[Companion] = [
        upkeep,
        inspection,
        messenger(settings, database, storage),
        LendingWatch(WakeBorrowers(database, jobs)),
    ]
    if settings.search_by_meaning:
        companions.append(embedding_keeper(database, worker_id))
    if settings.is_shared:
        companions.append(Recovery(database, jobs, worker_id, tell=worker.share))
    return companions


def _isolated_engines(settings: Settings, catalogue: Catalogue, copies: "tuple[EngineCopy, ...]") -> "Isolated":
    from scopix_server.jobs.isolation import Isolated
    from scopix_server.wiring.analysis import build_in_child

    # Children look at what strangers sent; they have no use for a key, in what they are given or in the environment.
    keep_only_harmless()
    return Isolated(
        functools.partial(build_in_child, settings.without_secrets(), catalogue, copies),
        processes=settings.worker_processes,
        jobs_per_process=settings.worker_jobs_per_process,
        seconds_per_job=settings.worker_job_seconds,
        memory_bytes=settings.worker_memory_bytes,
    )


def embedding_keeper(database: "SqlDatabase", worker_id: str) -> "EmbeddingKeeper":
    """Build what embeds the texts of described files, in a thread of a worker. The model is loaded with the first."""
    from scopix_server.analysis.embed import EmbedTexts
    from scopix_server.embedding.sentence_encoder import SentenceEncoder
    from scopix_server.jobs.embedding import EmbeddingKeeper

    return EmbeddingKeeper(database, EmbedTexts(database, SentenceEncoder()), worker_id)


def messenger(settings: Settings, database: "SqlDatabase", storage: Storage) -> "Messenger":
    """Build what sends messages to webhooks, in threads of a worker."""
    from scopix_server.jobs.messenger import Messenger
    from scopix_server.outgoing.http import OutgoingHttp
    from scopix_server.outgoing.webhooks import WebhookSender

    http = OutgoingHttp(storage.guard, silence_seconds=15.0, total_seconds=30.0)
    delays = tuple(timedelta(seconds=int(text)) for text in settings.webhook_retry_seconds.split(","))
    return Messenger(database, storage.vault, WebhookSender(http, agent=f"scopix-server/{VERSION}"), delays=delays)
