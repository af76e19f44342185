"""Builds the parts that the settings ask for. The only file that knows them all.

Parts are imported where they are built: a child process that looks at images needs no web framework, and the web
process no models.
"""

import functools
import json
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scopix_server.categories import Catalogue, catalogue_with
from scopix_server.config import Settings, worker_environment
from scopix_server.domain.plans import PlanTable, plans_with
from scopix_server.wiring_engines import Gates, engine_choice
from scopix_server.wiring_keys import create_key, first_start, keep_credentials, link_secret
from scopix_server.wiring_storage import Storage
from scopix_server.wiring_upkeep import chores_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from scopix_server.api.admission import Admission
    from scopix_server.api.metrics import MetricsAccess
    from scopix_server.api.services import ApiLimits, Services
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.jobs.isolation import IsolatedEngines
    from scopix_server.jobs.messenger import Messenger
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.jobs.supervisor import WorkerSupervisor
    from scopix_server.jobs.worker import Worker
    from scopix_server.pipeline.incoming import FileLimits
    from scopix_server.pipeline.perceive import BuiltInWorkshop

__all__ = [
    "VERSION",
    "WORKER_SILENCE",
    "build_app",
    "build_supervisor",
    "build_workshop",
    "create_key",
    "first_start",
    "keep_credentials",
    "metrics_access",
    "open_database",
    "plan_table",
    "running_worker",
]

VERSION = "2.0.0"
WORKER_SILENCE = timedelta(seconds=20)
"""A worker that did not report for so long is not counted on."""
_WITHOUT_SECRETS: dict[str, object] = {
    "database_url": None,
    "link_secret": None,
    "metrics_token": None,
    "s3_access_key_id": None,
    "s3_secret_access_key": None,
    "engine_key": None,
    "engine_headers": {},
}


# For every process ----------------------------------------------------------------------------------------------------


def open_database(settings: Settings) -> "SqlDatabase":
    """Bring the database to the current schema and open it."""
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.db.engine import create_engine
    from scopix_server.db.migrate import migrate
    from scopix_server.jobs.queue import migrate_jobs

    _private_folder(settings.data_dir)
    engine = create_engine(settings.database_address, connections=settings.database_connections)
    migrate(engine)
    migrate_jobs(engine.url.render_as_string(hide_password=False))
    return SqlDatabase(engine)


def _private_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)


def plan_table(settings: Settings) -> PlanTable:
    """Return the plans with the changes that the settings name.

    Raises:
        ValueError: the changes cannot be read, or are none.
    """
    text = (settings.plans or "{}").strip()
    if not text.startswith("{"):
        try:
            text = Path(text).expanduser().read_text()
        except OSError as error:
            raise ValueError(f"the file '{text}' cannot be read: {error.strerror}") from None
    # A JSONDecodeError is a ValueError, and says where the text is wrong.
    return PlanTable(plans_with(json.loads(text)), settings.default_plan)


# The web process ------------------------------------------------------------------------------------------------------


def build_supervisor(settings: Settings) -> "WorkerSupervisor":
    """Build what keeps a worker process alive; `build_app` starts it."""
    from scopix_server.jobs.supervisor import WorkerSupervisor

    return WorkerSupervisor(
        _worker_arguments(settings), worker_environment(), stop_seconds=settings.worker_stop_seconds + 5
    )


def build_app(
    settings: Settings,
    database: "SqlDatabase",
    storage: Storage,
    *,
    supervisor: "WorkerSupervisor | None",
    stopping: threading.Event,
) -> "ASGIApp":
    """Build the API; with a worker process beside it, if there is a supervisor. Whoever stops it sets `stopping`."""
    from fastapi import FastAPI

    from scopix_server.api.app import create_app, surround
    from scopix_server.jobs.queue import DbosQueue

    jobs = DbosQueue(settings.database_address)
    services = _build_services(settings, database, storage, jobs, stopping)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if supervisor is not None:
            await supervisor.start()
        try:
            yield
        finally:
            if supervisor is not None:
                await supervisor.stop()
            services.uses.flush()
            services.uploads.shutdown()
            services.bucket_threads.shutdown()
            jobs.close()

    return surround(create_app(services, version=VERSION, lifespan=lifespan), services)


def _build_services(
    settings: Settings, database: "SqlDatabase", storage: Storage, jobs: "DbosQueue", stopping: threading.Event
) -> "Services":
    from concurrent.futures import ThreadPoolExecutor

    from scopix_server.api.limits import RateLimits, UploadSlots
    from scopix_server.api.links import LinkSigner, PartSigner
    from scopix_server.api.metrics import Metrics
    from scopix_server.api.services import Services
    from scopix_server.api.usage import UseCounter
    from scopix_server.pipeline.batch import BatchReceiver
    from scopix_server.pipeline.direct import DirectReceiver, expire_direct_uploads
    from scopix_server.pipeline.incoming import FileLimits
    from scopix_server.pipeline.quota import Quotas
    from scopix_server.pipeline.receive import Receiver
    from scopix_server.pipeline.redescribe import Redescriber

    storage.sweep()
    stores = storage.stores(database)
    limits = FileLimits(settings.max_file_bytes, settings.max_document_bytes, settings.max_image_pixels)
    plans = plan_table(settings)
    quotas = Quotas(plans)
    receiver = Receiver(stores, database, jobs, limits, quotas)
    direct = DirectReceiver(receiver, database, _direct_limits(settings, limits), storage.receiving)
    expire_direct_uploads(database, storage.own, datetime.now(UTC))
    admission = _admission(settings, storage)
    return Services(
        database=database,
        jobs=jobs,
        stores=stores,
        bucket_settings=storage.bucket_settings(database, stores),
        serving=storage.local,
        linking=storage.bucket,
        receiver=receiver,
        batches=BatchReceiver(receiver, database),
        redescriber=Redescriber(database, jobs, quotas),
        direct=direct,
        engines=engine_choice(settings, with_keys=False),
        links=LinkSigner(link_secret(settings)),
        part_links=PartSigner(link_secret(settings)),
        plans=plans,
        categories=catalogue_with(settings.own_categories),
        uses=UseCounter(database),
        rates=RateLimits(settings.failed_requests_per_minute, settings.sensitive_requests_per_minute),
        vault=storage.vault,
        addresses=storage.guard,
        slots=UploadSlots(),
        admission=admission,
        limits=_api_limits(settings),
        uploads=ThreadPoolExecutor(max_workers=16, thread_name_prefix="upload"),
        # Apart, so that a tenant's bucket that answers slowly keeps nobody else waiting.
        bucket_threads=ThreadPoolExecutor(max_workers=16, thread_name_prefix="bucket"),
        metrics=Metrics(database, storage.own, admission, version=VERSION, silence=WORKER_SILENCE),
        metrics_access=metrics_access(settings),
        public_url=settings.public_url,
        stopping=stopping,
    )


def _api_limits(settings: Settings) -> "ApiLimits":
    from scopix_server.api.services import ApiLimits

    return ApiLimits(
        max_file_bytes=settings.max_file_bytes,
        max_document_bytes=settings.max_document_bytes,
        max_batch_files=settings.max_batch_files,
        max_batch_bytes=settings.max_batch_bytes,
        body_idle_seconds=settings.body_idle_seconds,
        worker_silence=WORKER_SILENCE,
    )


def _admission(settings: Settings, storage: Storage) -> "Admission":
    from scopix_server.api.admission import Admission, AdmissionLimits

    limits = AdmissionLimits(
        uploads=settings.max_uploads_at_once,
        tenant_uploads=settings.max_tenant_uploads_at_once,
        bytes=settings.max_upload_bytes_at_once,
        tenant_bytes=settings.max_tenant_upload_bytes_at_once,
        reserved_disk_bytes=settings.reserved_disk_bytes,
    )
    return Admission(limits, storage.own.free_bytes)


def metrics_access(settings: Settings) -> "MetricsAccess | None":
    """Return who may read the metrics; None: nobody.

    Raises:
        ValueError: a token is wanted, and none is set.
    """
    from scopix_server.api.metrics import MetricsAccess

    if settings.metrics == "off":
        return None
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    if settings.metrics == "token" and not token:
        raise ValueError("SCOPIX_METRICS is token, and SCOPIX_METRICS_TOKEN is not set")
    return MetricsAccess(settings.metrics, token)


def _direct_limits(settings: Settings, usual: "FileLimits") -> "FileLimits":
    most = settings.max_direct_upload_bytes
    return usual if most is None else replace(usual, max_image_bytes=most, max_document_bytes=most)


def _worker_arguments(settings: Settings) -> list[str]:
    # Everything else the worker needs reaches it through the environment, which it inherits.
    return ["--data-dir", str(settings.data_dir), "--processes", str(settings.worker_processes)]


# The worker process ---------------------------------------------------------------------------------------------------


@contextmanager
def running_worker(settings: Settings) -> Iterator["Worker"]:
    """Run a worker for as long as the context lasts."""
    from scopix_server.jobs.asking import Asking
    from scopix_server.jobs.housekeeper import Housekeeper
    from scopix_server.jobs.messenger import Messenger
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.jobs.recovery import Recovery
    from scopix_server.jobs.worker import Worker
    from scopix_server.pipeline.ask import AskEngine
    from scopix_server.pipeline.describe import DescribeFile

    # The only worker of a database keeps its name over restarts; of several, each needs one of its own.
    worker_id = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}" if settings.is_shared else "embedded"
    database = open_database(settings)
    storage = Storage(settings, "worker")
    storage.sweep()
    jobs = DbosQueue(settings.database_address)
    gates = Gates(settings, database)
    # Read once: a file that is changed later counts after the next start, for all processes alike.
    catalogue = catalogue_with(settings.own_categories)
    engines = _isolated_engines(settings, catalogue)
    engines.warm_up()
    stores, quick = storage.stores(database), settings.first_answer == "fast"
    ask = AskEngine(database, stores, engines, engines, catalogue, language=settings.description_language)
    worker = Worker(
        settings.database_address,
        database,
        DescribeFile(database, stores, engines, engines, jobs, gates.choice, quick_answer=quick),
        worker_id=worker_id,
        # For each process an image that is looked at, the next one, and one that was looked at and waits its turn to be
        # described: no process waits for the queue, which is looked into every so often only.
        concurrency=3 * settings.worker_processes,
        ready=lambda: engines.ready,
        asking=Asking(ask, gates.choice, gates.by_name, gates.stopping),
        engines=gates.places,
        stopping=gates.stopping,
        connections=settings.database_connections if settings.is_shared else None,
    )
    housekeeper = Housekeeper(database, worker_id, chores_of(settings, database, storage, jobs))
    messenger = _messenger(settings, database, storage)
    companions: list[Housekeeper | Messenger | Recovery] = [housekeeper, messenger]
    if settings.is_shared:
        companions.append(Recovery(database, jobs, worker_id, tell=worker.share))
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


def _isolated_engines(settings: Settings, catalogue: Catalogue) -> "IsolatedEngines":
    from scopix_server.jobs.isolation import IsolatedEngines

    # Children look at what strangers sent; they have no use for a key.
    return IsolatedEngines(
        functools.partial(build_workshop, settings.model_copy(update=_WITHOUT_SECRETS), catalogue),
        processes=settings.worker_processes,
        jobs_per_process=settings.worker_jobs_per_process,
        seconds_per_job=settings.worker_job_seconds,
        memory_bytes=settings.worker_memory_bytes,
    )


def _messenger(settings: Settings, database: "SqlDatabase", storage: Storage) -> "Messenger":
    from scopix_server.jobs.messenger import Messenger
    from scopix_server.outgoing.http import OutgoingHttp
    from scopix_server.outgoing.webhooks import WebhookSender

    http = OutgoingHttp(storage.guard, silence_seconds=15.0, total_seconds=30.0)
    delays = tuple(timedelta(seconds=int(text)) for text in settings.webhook_retry_seconds.split(","))
    return Messenger(database, storage.vault, WebhookSender(http, agent=f"scopix-server/{VERSION}"), delays=delays)


# The child processes of a worker --------------------------------------------------------------------------------------


def build_workshop(settings: Settings, catalogue: Catalogue) -> "BuiltInWorkshop":
    """Build what looks at images. Runs in a child process of the worker."""
    from scopix_server.logs import configure_logs

    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    from scopix_server.engines.grounded.composer import GroundedComposer
    from scopix_server.engines.perceiver import BuiltInPerceiver
    from scopix_server.engines.text_models import TextModels
    from scopix_server.pipeline.categorise import CategoryDescriber
    from scopix_server.pipeline.perceive import BuiltInWorkshop, PixelLimits

    return BuiltInWorkshop(
        BuiltInPerceiver(
            model_dir=settings.data_dir / "models",
            ocr_side=settings.ocr_side,
            text_models=TextModels(settings.ocr_detector_file, settings.ocr_recogniser_file, settings.ocr_symbols_file),
        ),
        CategoryDescriber(GroundedComposer(), catalogue),
        PixelLimits(settings.max_image_pixels, settings.work_pixels),
        engine_choice(settings, with_keys=False).copies,
    )
