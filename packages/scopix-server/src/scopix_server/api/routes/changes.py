"""GET /files/changes: tells a page live that its list has changed, whoever changed it."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool

from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import FilesDep, HeldDep, MetricsDep, StoppingDep
from scopix_server.api.problems import responses
from scopix_server.domain.listing import ListState
from scopix_server.domain.tenant import Caller
from scopix_server.library.files import Files

__all__ = ["router"]

router = APIRouter(tags=["files"])

_LOOK_SECONDS = 0.7
"""Between two looks: a person takes this for at once. A look at 100,000 files takes a few milliseconds."""
_PING_SECONDS = 15.0
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`state` events, the first at once, each with a JSON object as its data.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
}


@router.get(
    "/files/changes",
    response_class=StreamingResponse,
    response_model=None,
    responses={**responses(401, 403, 429), **_STREAM},
)
async def stream_changes(
    caller: Reader, files: FilesDep, held: HeldDep, metrics: MetricsDep, stopping: StoppingDep
) -> Response:
    """Follow the tenant's files live: a `state` event at once, and another whenever files came, went or were described.

    `total_count` counts all files, `unfinished` those still to be described, and `changed` names up to 100 files that
    began or ended being so since the event before.
    """
    held.require(caller.tenant_id)

    async def pieces() -> AsyncIterator[bytes]:
        with metrics.streaming(), held.held(caller.tenant_id):
            async for piece in _follow(files, caller, stopping):
                yield piece

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(pieces(), media_type="text/event-stream", headers=headers)


async def _follow(files: Files, caller: Caller, stopping: threading.Event) -> AsyncIterator[bytes]:
    sent: ListState | None = None
    sent_at = time.monotonic()
    # Cut off with its key, the client comes again and hears by a 401 why.
    while (state := await run_in_threadpool(files.state, caller.tenant_id, caller.key_id)) is not None:
        if state != sent:
            yield _event(state, sent)
            sent, sent_at = state, time.monotonic()
        elif time.monotonic() - sent_at > _PING_SECONDS:
            yield KEEPALIVE_COMMENT
            sent_at = time.monotonic()
        if stopping.is_set():
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _event(state: ListState, before: ListState | None) -> bytes:
    changed = sorted(state.unfinished_ids ^ before.unfinished_ids)[:100] if before else []
    data = {"total_count": state.total_count, "unfinished": state.unfinished, "changed": changed}
    return format_sse_event(event="state", data_str=json.dumps(data))
