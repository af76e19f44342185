"""The web process: the API over its parts, and the worker beside it.

Parts are imported where they are built: the process loads no model, and what only starts it loads no web framework.
"""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scopix_server.categories import catalogue_with
from scopix_server.config import Settings
from scopix_server.environment import worker_environment
from scopix_server.wiring.engines import engine_choice
from scopix_server.wiring.keys import link_secret
from scopix_server.wiring.limits import WORKER_SILENCE, admission, api_limits, direct_limits, file_limits
from scopix_server.wiring.shared import VERSION, plan_table
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from scopix_server.api.endings import Endings
    from scopix_server.api.limits import HeldResponses
    from scopix_server.api.metrics import MetricsAccess
    from scopix_server.api.one_time import OneTimeLinks
    from scopix_server.api.parts import Curation, Fetch, Finding, Parts, Reception
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.intake.direct import DirectUploads
    from scopix_server.intake.quota import Quotas
    from scopix_server.intake.stores import Stores
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.jobs.supervisor import WorkerSupervisor
    from scopix_server.library.kept_vectors import KeptVectors
    from scopix_server.upkeep.readiness import Readiness
    from scopix_server.vlm.reply_writer import EngineReplyWriter

__all__ = ["build_app", "build_supervisor", "metrics_access"]

_log = logging.getLogger(__name__)


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
    one_time: "OneTimeLinks",
) -> "ASGIApp":
    """Build the API; with a worker process beside it, if there is a supervisor. Whoever stops it sets `stopping`."""
    from fastapi import FastAPI

    from scopix_server.agents.endpoint import install
    from scopix_server.api.app import create_app, surround
    from scopix_server.intake.direct import expire_direct_uploads
    from scopix_server.jobs.queue import DbosQueue

    _compare_with_store(database, storage)
    storage.sweep()
    expire_direct_uploads(database, storage.own, datetime.now(UTC))
    jobs = DbosQueue(settings.database_address)
    parts = _build_parts(settings, database, storage, jobs, stopping, one_time)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if supervisor is not None:
            await supervisor.start()
        try:
            yield
        finally:
            await agents.close()
            if supervisor is not None:
                await supervisor.stop()
            parts.authenticator.uses.flush()
            parts.reception.threads.shutdown()
            jobs.close()

    app = create_app(parts, version=VERSION, lifespan=lifespan)
    agents = install(app, parts, storage.guard)
    return surround(app, parts)


def _build_parts(
    settings: Settings,
    database: "SqlDatabase",
    storage: Storage,
    jobs: "DbosQueue",
    stopping: threading.Event,
    one_time: "OneTimeLinks",
) -> "Parts":
    from scopix_server.api.authenticator import Authenticator
    from scopix_server.api.endings import Endings
    from scopix_server.api.known_keys import KnownKeys
    from scopix_server.api.limits import HeldResponses, RateLimits, UploadSlots
    from scopix_server.api.links import PartSigner
    from scopix_server.api.parts import Parts
    from scopix_server.api.usage import UseCounter
    from scopix_server.intake.quota import Quotas
    from scopix_server.library.documents import Documents
    from scopix_server.library.edit import Editor
    from scopix_server.library.keys import ApiKeys
    from scopix_server.library.redescribe import Redescriber
    from scopix_server.library.sessions import Sessions
    from scopix_server.library.tiles import Tiles
    from scopix_server.library.usage import Usages
    from scopix_server.library.webhooks import Webhooks

    stores, plans = storage.stores(database), plan_table(settings)
    quotas, known_keys = Quotas(plans), KnownKeys(database)
    rates = RateLimits(settings.failed_requests_per_minute, settings.sensitive_requests_per_minute)
    held, endings = HeldResponses(settings.max_connections), Endings(database)
    reception = _build_reception(settings, database, storage, jobs, quotas, stores, (held, endings))
    return Parts(
        authenticator=Authenticator(known_keys, plans, UseCounter(database), rates),
        reception=reception,
        direct=_build_direct(settings, database, storage, reception),
        part_links=PartSigner(link_secret(settings)),
        editor=Editor(database, jobs),
        redescriber=Redescriber(database, jobs, quotas),
        sessions=Sessions(database, jobs),
        tiles=Tiles(storage.own),
        documents=Documents(database),
        keys=ApiKeys(database, ended=known_keys.clear),
        webhooks=Webhooks(database, storage.vault, storage.guard.check_url),
        curation=_build_curation(database),
        finding=_build_finding(settings, database, reception.files.vectors),
        usages=Usages(database),
        bucket_settings=storage.bucket_settings(database, stores),
        stores=stores,
        engines=engine_choice(settings, with_keys=False),
        readiness=_build_readiness(database, storage, jobs),
        rates=rates,
        slots=UploadSlots(),
        held=held,
        endings=endings,
        fetch=_fetcher(settings, storage),
        origins=settings.origins,
        metrics_access=metrics_access(settings),
        serving=storage.local,
        stopping=stopping,
        one_time=one_time,
    )


def _build_readiness(database: "SqlDatabase", storage: Storage, jobs: "DbosQueue") -> "Readiness":
    from scopix_server.upkeep.readiness import Readiness

    return Readiness(database, storage.own, jobs, silence=WORKER_SILENCE)


def _build_curation(database: "SqlDatabase") -> "Curation":
    from scopix_server.api.parts import Curation
    from scopix_server.library.reviews import Reviews
    from scopix_server.library.rules import Rules
    from scopix_server.library.tag_vocabularies import TagVocabularies

    return Curation(TagVocabularies(database), Rules(database), Reviews(database))


def _fetcher(settings: Settings, storage: Storage) -> "Fetch | None":
    from scopix_server.outgoing.fetching import Fetcher

    return Fetcher(storage.guard, agent=f"scopix-server/{VERSION}") if settings.fetch_urls else None


def _build_reception(
    settings: Settings,
    database: "SqlDatabase",
    storage: Storage,
    jobs: "DbosQueue",
    quotas: "Quotas",
    stores: "Stores",
    held: "tuple[HeldResponses, Endings]",
) -> "Reception":
    from scopix_server.api.file_links import LinkFactory
    from scopix_server.api.links import LinkSigner
    from scopix_server.api.metrics import Metrics
    from scopix_server.api.parts import Reception
    from scopix_server.api.threads import Threads
    from scopix_server.api.waiting import Waiting
    from scopix_server.intake.accept import Intake
    from scopix_server.library.files import Files
    from scopix_server.library.kept_vectors import KeptVectors
    from scopix_server.library.rule_runner import RuleRunner

    room, files = admission(settings, storage), Files(database, KeptVectors(settings.vector_memory_mib << 20))
    return Reception(
        intake=Intake(
            storage.own, stores.destination, database, jobs, file_limits(settings), quotas, rules=RuleRunner(jobs)
        ),
        files=files,
        categories=catalogue_with(settings.own_categories),
        admission=room,
        threads=Threads(),
        limits=api_limits(settings),
        metrics=Metrics(database, storage.own, room, version=VERSION, silence=WORKER_SILENCE),
        links=LinkFactory(LinkSigner(link_secret(settings)), settings.public_url, storage.bucket),
        waiting=Waiting(files, *held),
    )


def _build_direct(
    settings: Settings, database: "SqlDatabase", storage: Storage, reception: "Reception"
) -> "DirectUploads":
    from scopix_server.intake.direct import DirectUploads

    limits = direct_limits(settings, file_limits(settings))
    return DirectUploads(reception.intake, database, limits, storage.receiving)


def _build_finding(settings: Settings, database: "SqlDatabase", vectors: "KeptVectors") -> "Finding":
    from scopix_server.api.parts import Finding
    from scopix_server.embedding.sentence_encoder import SentenceEncoder
    from scopix_server.library.ask import AskLibrary
    from scopix_server.library.search import Searches

    searches = Searches(database, SentenceEncoder() if settings.search_by_meaning else None, vectors)
    return Finding(searches, AskLibrary(database, searches, _reply_writer(settings)))


def _reply_writer(settings: Settings) -> "EngineReplyWriter | None":
    """Return what words replies to questions: the first engine that is reached by an address, if there is one."""
    from scopix_server.vlm.reply_writer import EngineReplyWriter

    try:
        specs = [spec for spec in engine_choice(settings).remote if spec.url]
    except ValueError as error:
        # A key that only the workers have.
        _log.warning("questions are replied to without an engine: %s", error)
        return None
    return EngineReplyWriter(specs[0]) if specs else None


def _compare_with_store(database: "SqlDatabase", storage: Storage) -> None:
    from scopix_server.domain.errors import DomainError
    from scopix_server.upkeep.integrity import Records

    try:
        Records(database, storage.own).check()
    except DomainError as error:
        # The server goes on: what it has is in order, and `/ready` tells the rest.
        _log.error("%s", error.message)


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


def _worker_arguments(settings: Settings) -> list[str]:
    # Everything else the worker needs reaches it through the environment, which it inherits.
    return ["--data-dir", str(settings.data_dir), "--processes", str(settings.worker_processes)]
