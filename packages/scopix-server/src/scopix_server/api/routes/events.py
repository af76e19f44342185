"""The live event stream of an upload session (Server-Sent Events, HTML Living Standard, section 9.2)."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from scopix.types.sessions import SessionEvent, SessionFileEvent, SessionProgressEvent
from scopix_server.api import session_shapes
from scopix_server.api.auth import Reader
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_session
from scopix_server.api.services import Services, services_of
from scopix_server.domain.ports import Transaction

__all__ = ["router"]

router = APIRouter(prefix="/files/upload/sessions", tags=["sessions"])

_PAGE = 500
_SHORTEST_NAP, _LONGEST_NAP = 0.1, 0.5  # seconds between two looks
_PING_SECONDS = 15.0
_RECOUNT_SECONDS = 5.0  # a session may also end without an event: by its age
_END = ".end"
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`file`, `progress` and at last `end` events, each with a JSON object as its data.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The session is over, and the client has seen its end."},
}
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=rf"^[0-9]{{1,15}}(\{_END})?$",
        description="The id of the last event seen; the stream goes on after it. Without it, it begins at the start.",
    ),
]


@router.get(
    "/{session_id}/events",
    response_class=StreamingResponse,
    response_model=None,
    responses={**responses(401, 403, 404, 422), **_STREAM},
)
async def stream_session_events(
    request: Request, caller: Reader, session_id: str, last_event_id: LastEventId = None
) -> Response:
    """Follow a session live: what happens to each file, the counts and the expected end, until the session is over.

    Every `file` event has an id; a client that was cut off continues after the last one it saw.
    """
    services = services_of(request)
    number = int((last_event_id or "0").removesuffix(_END))
    watch = _Watch(services, caller.tenant_id, session_id, number)
    first = await watch.look()
    # Answered so, a browser's EventSource does not come again.
    if (last_event_id or "").endswith(_END) and not first.events and first.progress and first.progress.is_terminal:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(watch.follow(first), media_type="text/event-stream", headers=headers)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one look found: events not yet told, and the counts after the last of them if there may be news."""

    events: Sequence[SessionFileEvent]
    progress: SessionProgressEvent | None


class _Watch:
    """Follows one session for one client, by looking at the database; the worker is another process."""

    def __init__(self, services: Services, tenant_id: str, session_id: str, number: int) -> None:
        self._services = services
        self._tenant_id = tenant_id
        self._session_id = session_id
        self._number = number
        self._counted_at = float("-inf")

    async def look(self) -> _Sight:
        """Read what is new."""
        return await run_in_threadpool(self._services.database.read, self._read)

    async def follow(self, sight: _Sight) -> AsyncIterator[bytes]:
        """Yield what the client is sent, until the session is over or the server stops."""
        with self._services.metrics.streaming():
            async for piece in self._pieces(sight):
                yield piece

    async def _pieces(self, sight: _Sight) -> AsyncIterator[bytes]:
        told: SessionProgressEvent | None = None
        nap, sent_at = _SHORTEST_NAP, time.monotonic()
        while True:
            pieces = [_formatted(event.type, event, event.id) for event in sight.events]
            progress = sight.progress
            if progress is not None and progress.is_terminal:
                yield b"".join([*pieces, _formatted("end", progress, f"{self._number}{_END}")])
                return
            if progress is not None and not _same(progress, told):
                pieces.append(_formatted("progress", progress, None))
                told = progress
            if not pieces and time.monotonic() - sent_at > _PING_SECONDS:
                pieces.append(KEEPALIVE_COMMENT)
            if pieces:
                yield b"".join(pieces)
                sent_at = time.monotonic()
            if self._services.stopping.is_set():
                return
            nap = _SHORTEST_NAP if sight.events else min(nap * 1.3, _LONGEST_NAP)
            await asyncio.sleep(0 if len(sight.events) == _PAGE else nap)
            sight = await self.look()

    def _read(self, transaction: Transaction) -> _Sight:
        session = find_session(transaction, self._tenant_id, self._session_id)
        found = transaction.sessions.events(session.id, self._number, limit=_PAGE)
        if found:
            self._number = found[-1].number
        events = [session_shapes.file_event(session.id, event) for event in found]
        now = time.monotonic()
        if len(found) == _PAGE or (not found and now - self._counted_at < _RECOUNT_SECONDS):
            return _Sight(events, None)
        self._counted_at = now
        counts = transaction.sessions.counts([session])[session.id]
        latest = transaction.sessions.latest(session.id, failed=False, limit=1)
        return _Sight(events, session_shapes.progress_event(session, counts, latest, datetime.now(UTC)))


def _same(progress: SessionProgressEvent, told: SessionProgressEvent | None) -> bool:
    # The expected end moves with the clock; alone it is no news.
    changing = {"estimated_completion_time"}
    return told is not None and progress.model_dump(exclude=changing) == told.model_dump(exclude=changing)


def _formatted(kind: str, event: SessionEvent, event_id: str | None) -> bytes:
    data = event.model_dump_json(exclude={"type", "id"})
    return format_sse_event(event=kind, data_str=data, id=event_id)
