"""The live event stream of an upload session (Server-Sent Events, HTML Living Standard, section 9.2)."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from scopix.types.sessions import SessionEvent, SessionProgressEvent
from scopix_server.api import session_shapes
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import HeldDep, MetricsDep, SessionsDep, StoppingDep
from scopix_server.api.problems import responses
from scopix_server.library.sessions import MAX_EVENTS, News, SessionWatch

__all__ = ["router"]

router = APIRouter(prefix="/files/upload/sessions", tags=["sessions"])

_MIN_NAP, _MAX_NAP = 0.1, 0.5  # seconds between two looks
_PING_SECONDS = 15.0
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
    caller: Reader,
    sessions: SessionsDep,
    held: HeldDep,
    metrics: MetricsDep,
    stopping: StoppingDep,
    session_id: str,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow a session live: what happens to each file, the counts and the expected end, until the session is over.

    Every `file` event has an id; a client that was cut off continues after the last one it saw.
    """
    number = int((last_event_id or "0").removesuffix(_END))
    watch = sessions.watch(caller.tenant_id, caller.key_id, session_id, number)
    first = await run_in_threadpool(watch.look)
    progress = _progress(first)
    # Answered so, a browser's EventSource does not come again.
    if (last_event_id or "").endswith(_END) and not first.events and progress and progress.is_terminal:
        return Response(status_code=204)
    held.require(caller.tenant_id)

    async def pieces() -> AsyncIterator[bytes]:
        with metrics.streaming(), held.held(caller.tenant_id):
            async for piece in _follow(watch, first, progress, stopping):
                yield piece

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(pieces(), media_type="text/event-stream", headers=headers)


async def _follow(
    watch: SessionWatch, news: News, progress: SessionProgressEvent | None, stopping: threading.Event
) -> AsyncIterator[bytes]:
    """Yield what the client is sent, until the session is over, the key is no longer good or the server stops."""
    sent: SessionProgressEvent | None = None
    nap, sent_at = _MIN_NAP, time.monotonic()
    # Cut off with its key, the client comes again and hears by a 401 why.
    while news.session is not None:
        events = [session_shapes.file_event(news.session.id, event) for event in news.events]
        pieces = [_formatted(event.type, event, event.id) for event in events]
        if progress is not None and progress.is_terminal:
            yield b"".join([*pieces, _formatted("end", progress, f"{watch.number}{_END}")])
            return
        if progress is not None and not _same(progress, sent):
            pieces.append(_formatted("progress", progress, None))
            sent = progress
        if not pieces and time.monotonic() - sent_at > _PING_SECONDS:
            pieces.append(KEEPALIVE_COMMENT)
        if pieces:
            yield b"".join(pieces)
            sent_at = time.monotonic()
        if stopping.is_set():
            return
        nap = _MIN_NAP if events else min(nap * 1.3, _MAX_NAP)
        await asyncio.sleep(0 if len(events) == MAX_EVENTS else nap)
        news = await run_in_threadpool(watch.look)
        progress = _progress(news)


def _progress(news: News) -> SessionProgressEvent | None:
    if news.session is None or news.counts is None:
        return None
    return session_shapes.progress_event(news.session, news.counts, news.latest, datetime.now(UTC))


def _same(progress: SessionProgressEvent, sent: SessionProgressEvent | None) -> bool:
    # The expected end moves with the clock; alone it is no news.
    changing = {"estimated_completion_time"}
    return sent is not None and progress.model_dump(exclude=changing) == sent.model_dump(exclude=changing)


def _formatted(kind: str, event: SessionEvent, event_id: str | None) -> bytes:
    data = event.model_dump_json(exclude={"type", "id"})
    return format_sse_event(event=kind, data_str=data, id=event_id)
