"""Upload sessions: list, status, results, cancellation. The paths of the first generation lead here too."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.sessions import SessionList, UploadSessionResults, UploadSessionStatus
from scopix_server.api import session_shapes
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.dependencies import EndingsDep, HeldDep, LinksDep, SessionsDep, ThreadsDep
from scopix_server.api.problems import responses
from scopix_server.domain.session import SessionStatus
from scopix_server.library.sessions import Sessions

__all__ = ["first_generation", "router"]

router = APIRouter(prefix="/files/upload/sessions", tags=["sessions"])
first_generation = APIRouter(prefix="/uploads/sessions", tags=["sessions"], include_in_schema=False)

_MAX_PAUSE = 1.0
"""Seconds after which a waiting request looks for itself: is its client still there, has the session expired?"""
_UPLOADING_PAUSE = 0.5
"""Seconds between two looks at a session to which files are still to come, none of which waits."""

Wait = Annotated[float, Query(ge=0, le=25, description="Seconds to wait for the session to end.")]


@router.get("", response_model=SessionList, responses=responses(401, 403, 422))
@first_generation.get("", response_model=SessionList)
async def list_sessions(
    caller: Reader,
    sessions: SessionsDep,
    status: SessionStatus | None = None,
    upload_method: Literal["presigned", "streaming"] | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> SessionList:
    """List the tenant's upload sessions, newest first."""
    now = datetime.now(UTC)
    page = await run_in_threadpool(
        lambda: sessions.page(
            caller.tenant_id, now, status=status, upload_method=upload_method, limit=limit, offset=offset
        )
    )
    return session_shapes.session_list(page.sessions, page.counts, page.total, limit, offset, now)


@router.get("/{session_id}", response_model=UploadSessionStatus, responses=responses(401, 403, 404, 422))
@first_generation.get("/{session_id}/status", response_model=UploadSessionStatus)
async def get_session(
    request: Request,
    caller: Reader,
    sessions: SessionsDep,
    held: HeldDep,
    endings: EndingsDep,
    session_id: str,
    wait: Wait = 0,
) -> UploadSessionStatus:
    """Return where a session is. With `wait` the answer comes when it has ended, or the time is over.

    It comes at once, too, when the tenant has many such answers held open.
    """

    async def is_over() -> bool:
        return await run_in_threadpool(sessions.is_over, caller.tenant_id, session_id)

    if wait and held.has_room(caller.tenant_id):
        with held.held(caller.tenant_id):
            deadline = time.monotonic() + wait
            while not await is_over() and (left := deadline - time.monotonic()) > 0:
                if await request.is_disconnected():
                    break
                if await endings.sessions.wait(session_id, min(left, _MAX_PAUSE)) and not await is_over():
                    await asyncio.sleep(min(_UPLOADING_PAUSE, max(0.0, deadline - time.monotonic())))
    return await _status(sessions, caller.tenant_id, session_id)


@router.get("/{session_id}/results", response_model=UploadSessionResults, responses=responses(401, 403, 404, 422))
@first_generation.get("/{session_id}/results", response_model=UploadSessionResults)
async def get_session_results(
    caller: Reader,
    sessions: SessionsDep,
    links: LinksDep,
    session_id: str,
    include_failed: bool = True,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> UploadSessionResults:
    """Return one page of a session's files, in their order, with what was said about each."""

    def answer() -> UploadSessionResults:
        page = sessions.results(caller.tenant_id, session_id, include_failed=include_failed, limit=limit, offset=offset)
        return session_shapes.session_results(
            page.session, page.counts, page.entries, page.details, page.total, limit, offset, links
        )

    # Shaped in the thread as well: five hundred results take the loop long enough to be felt.
    return await run_in_threadpool(answer)


@router.post("/{session_id}/cancel", response_model=UploadSessionStatus, responses=responses(400, 401, 403, 404))
@first_generation.post("/{session_id}/cancel", response_model=UploadSessionStatus)
async def cancel_session(
    caller: Writer, sessions: SessionsDep, threads: ThreadsDep, session_id: str
) -> UploadSessionStatus:
    """Give up what has not ended yet. Finished results stay; files that wait are skipped, their bytes stay stored."""
    await threads.in_bulk(caller.tenant_id, lambda: sessions.cancel(caller.tenant_id, session_id))
    return await _status(sessions, caller.tenant_id, session_id)


async def _status(sessions: Sessions, tenant_id: str, session_id: str) -> UploadSessionStatus:
    view = await run_in_threadpool(sessions.view, tenant_id, session_id)
    return session_shapes.session_status(
        view.session, view.counts, view.completions, view.errors, view.described, datetime.now(UTC)
    )
