"""GET /health and GET /ready, without a key and outside /api/v2."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from scopix_server.api.problems import responses
from scopix_server.api.services import Services, services_of
from scopix_server.domain.errors import ServiceUnavailable

__all__ = ["router"]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    version: str


class EngineHealth(BaseModel):
    """What a worker last knew of a vision-language engine. While it is unavailable, its images wait."""

    name: str
    kind: str
    model: str
    available: bool
    reason: str | None = None
    since: datetime | None = None
    checked_at: datetime | None = None


class Readiness(BaseModel):
    """Every part can work. When one cannot, the answer is an error whose `details` hold these fields and the reason.

    An engine that is unavailable is no reason: uploads are taken, and what waits for it is described later.
    """

    status: Literal["ready"] = "ready"
    database: bool
    storage: bool
    queue: bool
    describer: bool
    engines: list[EngineHealth] = Field(default_factory=list)


@router.get("/health")
async def health(request: Request) -> Health:
    """Tell that the process is alive."""
    return Health(version=request.app.version)


@router.get("/ready", responses=responses(503))
async def ready(request: Request) -> Readiness:
    """Tell whether database, storage, queue and describer can work; 503 when one cannot."""
    return await run_in_threadpool(_examine, services_of(request))


def _examine(services: Services) -> Readiness:
    checks: dict[str, Callable[[], object]] = {
        "database": services.database.check,
        "storage": services.stores.own.check,
        "queue": services.jobs.check,
        "describer": lambda: _check_worker(services),
    }
    problems: dict[str, str] = {}
    for part, check in checks.items():
        try:
            check()
        except Exception as error:  # whatever a part raises, the answer is that it does not work
            problems[part] = str(error) or type(error).__name__
    working = {part: part not in problems for part in checks}
    if problems:
        told = "; ".join(f"{part}: {problem}" for part, problem in problems.items())
        raise ServiceUnavailable(f"Not ready. {told}", **working, problems=problems)
    return Readiness.model_validate(working | {"engines": _engines(services)})


def _engines(services: Services) -> list[EngineHealth]:
    known = services.database.read(lambda transaction: transaction.engines.states())
    return [
        EngineHealth.model_validate(known[spec.name], from_attributes=True)
        if spec.name in known
        else EngineHealth(name=spec.name, kind=spec.kind, model=spec.model, available=False, reason="Not asked yet.")
        for spec in services.engines.remote
    ]


def _check_worker(services: Services) -> None:
    beat = services.database.read(lambda transaction: transaction.workers.last_beat())
    if beat is None:
        raise RuntimeError("No worker has reported yet; it needs a few seconds to load its models.")
    silence = datetime.now(UTC) - beat
    if silence > services.limits.worker_silence:
        raise RuntimeError(f"No worker has reported for {silence.total_seconds():.0f} seconds.")
