"""Requests that wait for a description: on a look at a file's state, an upload, an analysis."""

import time
from typing import Annotated

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from scopix_server.api.endings import Endings
from scopix_server.api.limits import HeldResponses
from scopix_server.domain.file import File
from scopix_server.domain.states import TERMINAL
from scopix_server.library.files import Files

__all__ = ["WaitSeconds", "Waiting", "is_settled"]

_MAX_PAUSE = 1.0
"""Seconds after which a waiting request looks whether its client is still there."""

WaitSeconds = Annotated[float, Query(ge=0, le=25, description="Seconds to wait for the description to end.")]
"""How long a request waits, at most."""


def is_settled(file: File) -> bool:
    """Whether its description has ended, one way or another."""
    return file.description_status in TERMINAL


class Waiting:
    """Holds answers back until a description has ended. For the event loop alone."""

    def __init__(self, files: Files, held: HeldResponses, endings: Endings) -> None:
        self._files = files
        self._held = held
        self._endings = endings

    async def until_described(self, request: Request, file: File, seconds: float) -> File:
        """Return the file as it is when its description has ended, or after so many seconds.

        It is returned at once when the tenant has many answers held open, and soon after the client hung up. Raises
        NotFound when it is deleted meanwhile.
        """
        if is_settled(file) or not self._held.has_room(file.tenant_id):
            return file
        with self._held.held(file.tenant_id):
            deadline = time.monotonic() + seconds
            while not is_settled(file) and (left := deadline - time.monotonic()) > 0:
                if await request.is_disconnected():
                    break
                await self._endings.files.wait(file.id, min(left, _MAX_PAUSE))
                file = await run_in_threadpool(self._files.find, file.tenant_id, file.id)
        return file
