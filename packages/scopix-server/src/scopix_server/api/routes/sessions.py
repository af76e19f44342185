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
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_session, links_of
from scopix_server.api.services import services_of
from scopix_server.domain.errors import MalformedRequest
from scopix_server.domain.ports import Transaction
from scopix_server.domain.session import OPEN, SessionStatus, status_of

__all__ = ["first_generation", "router"]

router = APIRouter(prefix="/files/upload/sessions", tags=["sessions"])
first_generation = APIRouter(prefix="/uploads/sessions", tags=["sessions"], include_in_schema=False)

_RECENT = 10
_SHORTEST_NAP, _LONGEST_NAP = 0.1, 0.5  # seconds between two looks of a waiting request

Wait = Annotated[float, Query(ge=0, le=25, description="Seconds to wait for the session to end.")]


@router.get("", response_model=SessionList, responses=responses(401, 403, 422))
@first_generation.get("", response_model=SessionList)
async def list_sessions(
    request: Request,
    caller: Reader,
    status: SessionStatus | None = None,
    upload_method: Literal["presigned", "streaming"] | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> SessionList:
    """List the tenant's upload sessions, newest first."""
    now = datetime.now(UTC)

    def read(transaction: Transaction) -> SessionList:
        sessions = [s for s in transaction.sessions.list(caller.tenant_id) if upload_method in (None, s.upload_method)]
        if status is not None:
            counts = transaction.sessions.counts(sessions)
            sessions = [session for session in sessions if status_of(session, counts[session.id], now) is status]
        page = sessions[offset : offset + limit]
        counts = transaction.sessions.counts(page)
        return session_shapes.session_list(page, counts, len(sessions), limit, offset, now)

    return await run_in_threadpool(services_of(request).database.read, read)


@router.get("/{session_id}", response_model=UploadSessionStatus, responses=responses(401, 403, 404, 422))
@first_generation.get("/{session_id}/status", response_model=UploadSessionStatus)
async def get_session(request: Request, caller: Reader, session_id: str, wait: Wait = 0) -> UploadSessionStatus:
    """Return where a session is. With `wait` the answer comes when it has ended, or the time is over."""
    deadline, nap = time.monotonic() + wait, _SHORTEST_NAP
    while not await _over(request, caller.tenant_id, session_id) and time.monotonic() < deadline:
        if await request.is_disconnected():
            break
        await asyncio.sleep(min(nap, max(0.0, deadline - time.monotonic())))
        nap = min(nap * 1.3, _LONGEST_NAP)
    return await _status(request, caller.tenant_id, session_id)


@router.get("/{session_id}/results", response_model=UploadSessionResults, responses=responses(401, 403, 404, 422))
@first_generation.get("/{session_id}/results", response_model=UploadSessionResults)
async def get_session_results(
    request: Request,
    caller: Reader,
    session_id: str,
    include_failed: bool = True,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> UploadSessionResults:
    """Return one page of a session's files, in their order, with what was said about each."""
    links = links_of(request)

    def read(transaction: Transaction) -> UploadSessionResults:
        session = find_session(transaction, caller.tenant_id, session_id)
        page, total = transaction.sessions.page(session.id, include_failed=include_failed, limit=limit, offset=offset)
        ids = [entry.file_id for entry, _ in page if entry.file_id]
        details = (
            transaction.variants.of(ids),
            transaction.descriptions.current(ids),
            transaction.descriptions.perceptions(ids),
        )
        counts = transaction.sessions.counts([session])[session.id]
        return session_shapes.session_results(session, counts, page, details, total, limit, offset, links)

    return await run_in_threadpool(services_of(request).database.read, read)


@router.post("/{session_id}/cancel", response_model=UploadSessionStatus, responses=responses(400, 401, 403, 404))
@first_generation.post("/{session_id}/cancel", response_model=UploadSessionStatus)
async def cancel_session(request: Request, caller: Writer, session_id: str) -> UploadSessionStatus:
    """Give up what has not ended yet. Finished results stay; files that wait are skipped, their bytes stay stored."""
    now, jobs = datetime.now(UTC), services_of(request).jobs

    def cancel(transaction: Transaction) -> None:
        session = find_session(transaction, caller.tenant_id, session_id)
        status = status_of(session, transaction.sessions.counts([session])[session.id], now)
        if status not in OPEN:
            raise MalformedRequest(f"The session is {status.value}; there is nothing to cancel.", status=status.value)
        for file_id in transaction.sessions.cancel(session.id, now):
            # They stay stored, so they get their thumbnails.
            jobs.enqueue_variants(transaction, file_id)

    await run_in_threadpool(services_of(request).database.write, cancel)
    return await _status(request, caller.tenant_id, session_id)


async def _over(request: Request, tenant_id: str, session_id: str) -> bool:
    def read(transaction: Transaction) -> bool:
        session = find_session(transaction, tenant_id, session_id)
        counts = transaction.sessions.counts([session])[session.id]
        return status_of(session, counts, datetime.now(UTC)) not in OPEN

    return await run_in_threadpool(services_of(request).database.read, read)


async def _status(request: Request, tenant_id: str, session_id: str) -> UploadSessionStatus:
    def read(transaction: Transaction) -> UploadSessionStatus:
        session = find_session(transaction, tenant_id, session_id)
        counts = transaction.sessions.counts([session])[session.id]
        completions = transaction.sessions.latest(session.id, failed=False, limit=_RECENT)
        errors = transaction.sessions.latest(session.id, failed=True, limit=_RECENT)
        described = transaction.descriptions.current([entry.file_id for entry, _ in completions if entry.file_id])
        return session_shapes.session_status(session, counts, completions, errors, described, datetime.now(UTC))

    return await run_in_threadpool(services_of(request).database.read, read)
