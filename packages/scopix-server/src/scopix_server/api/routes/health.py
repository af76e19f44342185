"""GET /health and GET /ready, without a key and outside /api/v2."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from scopix_server.api.services import Services, services_of

__all__ = ["router"]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    version: str


class Readiness(BaseModel):
    """Whether each part can work. `problems` says what is wrong with those that cannot."""

    status: Literal["ready", "not_ready"]
    database: bool
    storage: bool
    queue: bool
    describer: bool
    problems: dict[str, str]


@router.get("/health")
async def health(request: Request) -> Health:
    """Tell that the process is alive."""
    return Health(version=request.app.version)


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(request: Request, response: Response) -> Readiness:
    """Tell whether database, storage, queue and describer can work; 503 when one cannot."""
    readiness = await run_in_threadpool(_examine, services_of(request))
    response.status_code = 200 if readiness.status == "ready" else 503
    return readiness


def _examine(services: Services) -> Readiness:
    checks: dict[str, Callable[[], object]] = {
        "database": services.database.check,
        "storage": services.store.free_bytes,
        "queue": services.jobs.check,
        "describer": lambda: _check_worker(services),
    }
    problems: dict[str, str] = {}
    for part, check in checks.items():
        try:
            check()
        except Exception as error:  # whatever a part raises, the answer is that it does not work
            problems[part] = str(error) or type(error).__name__
    return Readiness(
        status="not_ready" if problems else "ready",
        problems=problems,
        **{part: part not in problems for part in checks},
    )


def _check_worker(services: Services) -> None:
    beat = services.database.read(lambda transaction: transaction.workers.last_beat())
    if beat is None:
        raise RuntimeError("No worker has reported yet; it needs a few seconds to load its models.")
    silence = datetime.now(UTC) - beat
    if silence > services.limits.worker_silence:
        raise RuntimeError(f"No worker has reported for {silence.total_seconds():.0f} seconds.")
