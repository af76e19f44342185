"""Responses as they came: status and headers beside what a call gives."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

from scopix._request import Response

__all__ = ["RawResponse", "record_response", "with_raw_async", "with_raw_sync"]

P = ParamSpec("P")
T = TypeVar("T")

_recorded: ContextVar[list[Response] | None] = ContextVar("scopix_recorded_responses", default=None)


class RawResponse(Generic[T]):
    """What a call of `with_raw_response` gives. Status, headers and content are those of the last response to it.

    `http_responses` holds all of them in order: an upload that waits for its description has several.
    """

    def __init__(self, result: T, responses: list[Response]) -> None:
        self._result = result
        self.http_responses = tuple(responses)

    def parse(self) -> T:
        """What the call gives without `with_raw_response`."""
        return self._result

    @property
    def status_code(self) -> int:
        """The HTTP status; below 400, as others raise."""
        return self.http_responses[-1].status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, looked up in any case."""
        return self.http_responses[-1].headers

    @property
    def content(self) -> bytes:
        """The body, as it came."""
        return self.http_responses[-1].content

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs tell of the request."""
        return self.http_responses[-1].request_id

    def __repr__(self) -> str:
        return f"<RawResponse [{self.status_code}] {self.request_id}>"


def record_response(response: Response) -> None:
    """Note a response, if somebody wants to see it."""
    responses = _recorded.get()
    if responses is not None:
        responses.append(response)


def with_raw_async(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    """Let an async call give its responses, too."""

    @wraps(method)
    async def recorded(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _recording() as responses:
            return RawResponse(await method(*args, **kwargs), responses)

    return recorded


def with_raw_sync(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    """Let a call give its responses, too."""

    @wraps(method)
    def recorded(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _recording() as responses:
            return RawResponse(method(*args, **kwargs), responses)

    return recorded


@contextmanager
def _recording() -> Iterator[list[Response]]:
    responses: list[Response] = []
    token = _recorded.set(responses)
    try:
        yield responses
    finally:
        _recorded.reset(token)
