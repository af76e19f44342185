"""Following an upload session by its event stream."""

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pydantic

from scopix._async.transport import AsyncTransport, ServerEvent
from scopix._concurrency import async_sleep
from scopix._config import ClientConfig
from scopix._errors import RateLimitError, ScopixConnectionError, ScopixError, ScopixTimeoutError, ServerError
from scopix._request import Request, session_path
from scopix._retry import Outcome, RetryPolicy
from scopix.types.sessions import SessionEvent, SessionFileEvent, SessionProgressEvent

__all__ = ["follow_session"]

_WORTH_ANOTHER_TRY = (ScopixConnectionError, ScopixTimeoutError, ServerError, RateLimitError)


async def follow_session(
    transport: AsyncTransport, config: ClientConfig, session_id: str, last_event_id: str | None
) -> AsyncGenerator[SessionEvent]:
    """Yield a session's events until its end; where the connection breaks, go on after the last event seen.

    Raises what the last attempt raised when the server cannot be reached again within the client's `max_retries`.
    """
    reader = AsyncEventReader(transport, config, session_id, last_event_id)
    while not reader.over:
        failure: ScopixError = ScopixConnectionError("the server ended the stream before the session was over")
        try:
            async with aclosing(reader.read()) as events:
                async for event in events:
                    yield event
        except _WORTH_ANOTHER_TRY as error:
            failure = error
        if not reader.over:
            await reader.pause(failure)


class AsyncEventReader:
    """Reads one stream over as many connections as it takes. `over` is true when there is nothing left to read."""

    def __init__(
        self, transport: AsyncTransport, config: ClientConfig, session_id: str, last_event_id: str | None
    ) -> None:
        self.over = False
        self._transport = transport
        self._policy = RetryPolicy(config.max_retries, config.retry_delay)
        self._request = Request(
            method="GET",
            url=config.url + session_path(session_id, "/events"),
            endpoint="GET /files/upload/sessions/{id}/events",
            accept="text/event-stream",
            last_event_id=last_event_id,
        )
        self._failures = 0

    async def read(self) -> AsyncGenerator[SessionEvent]:
        """Yield what one connection tells."""
        async with aclosing(self._transport.stream_events(self._request)) as events:
            async for event in events:
                progress = _read(event)
                self._failures = 0
                self._request = replace(self._request, last_event_id=event.id or self._request.last_event_id)
                self.over = event.event in ("end", "closed")
                if progress is not None:
                    yield progress

    async def pause(self, failure: ScopixError) -> None:
        """Wait before the next connection. Raises the failure when there were too many in a row."""
        self._failures += 1
        wait = self._policy.wait_before_next(
            self._failures,
            _outcome(failure),
            repeatable=True,
            chance=random.random(),  # noqa: S311 -- spreads clients, guards nothing
        )
        if wait is None:
            raise failure
        await async_sleep(wait)


def _read(event: ServerEvent) -> SessionEvent | None:
    """Return the event, or None for a kind that a newer server may know."""
    models: dict[str, type[SessionFileEvent] | type[SessionProgressEvent]] = {
        "file": SessionFileEvent,
        "progress": SessionProgressEvent,
        "end": SessionProgressEvent,
    }
    model = models.get(event.event)
    if model is None:
        return None
    try:
        return model.model_validate_json(event.data).model_copy(update={"type": event.event, "id": event.id})
    except pydantic.ValidationError as error:
        raise ServerError(f"the stream holds an unreadable {event.event!r} event", details={}) from error


def _outcome(failure: ScopixError) -> Outcome:
    status = failure.details.get("http_status")
    retry_after = failure.retry_after if isinstance(failure, RateLimitError) else None
    return Outcome(status, code=failure.details.get("server_code"), retry_after=retry_after)
