"""GET /health and GET /ready, without a key and outside /api/v2."""

import asyncio
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from scopix_server.api.dependencies import EnginesDep, ReadinessDep, RecentChecksDep
from scopix_server.api.problems import responses
from scopix_server.api.recent import RecentChecks
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.upkeep.readiness import Readiness

__all__ = ["router"]

router = APIRouter(tags=["health"])

_WRITING = frozenset({"database", "storage"})


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


class Ready(BaseModel):
    """Every part can work. When one cannot, the answer is an error whose `details` hold these fields and the reason.

    An engine that is unavailable is no reason: uploads are taken, and what waits for it is described later.
    """

    status: Literal["ready"] = "ready"
    database: bool
    storage: bool
    queue: bool
    records: bool
    describer: bool
    engines: list[EngineHealth] = Field(default_factory=list)


@router.get("/health")
async def health(request: Request) -> Health:
    """Tell that the process is alive."""
    return Health(version=request.app.version)


@router.get("/ready", responses=responses(503))
async def ready(request: Request, readiness: ReadinessDep, recent: RecentChecksDep, engines: EnginesDep) -> Ready:
    """Tell whether database, storage, queue and describer can work, and nothing is missing; 503 when it is not so.

    Something is written to database and storage, at most once a second.
    """
    # Anybody may ask, and a part that hangs holds a thread: whoever asks meanwhile gets the answer under way.
    under_way: asyncio.Task[Ready] | None = getattr(request.app.state, "examination", None)
    if under_way is None or under_way.done():
        under_way = asyncio.create_task(run_in_threadpool(_examine, readiness, recent, engines))
        request.app.state.examination = under_way
    return await asyncio.shield(under_way)


def _examine(readiness: Readiness, recent: RecentChecks, engines: EngineChoice) -> Ready:
    problems: dict[str, str] = {}
    checks = readiness.checks()
    for part, check in checks.items():
        try:
            # These two write; the others only look.
            recent.check(part, check) if part in _WRITING else check()
        except Exception as error:  # whatever a part raises, the answer is that it does not work
            problems[part] = str(error) or type(error).__name__
    working = {part: part not in problems for part in checks}
    if problems:
        message = "; ".join(f"{part}: {problem}" for part, problem in problems.items())
        raise ServiceUnavailable(f"Not ready. {message}", **working, problems=problems)
    known = readiness.engine_states()
    health = [
        EngineHealth.model_validate(known[spec.name], from_attributes=True)
        if spec.name in known
        else EngineHealth(name=spec.name, kind=spec.kind, model=spec.model, available=False, reason="Not asked yet.")
        for spec in engines.remote
    ]
    return Ready.model_validate(working | {"engines": health})
