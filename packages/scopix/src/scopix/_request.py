"""One request to the API, its response, and what can be said of both without sending anything."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from scopix._config import ClientConfig
from scopix._context import current_correlation_id
from scopix._errors import ServerError, ValidationError
from scopix._version import __version__
from scopix.types._wire import WireModel

__all__ = [
    "Body",
    "OpenedBody",
    "Request",
    "Response",
    "build_headers",
    "file_path",
    "json_body",
    "key_path",
    "parse_response",
    "query_pairs",
    "session_path",
    "time_text",
    "webhook_path",
]

USER_AGENT = f"scopix-python/{__version__}"

_HARMLESS_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "DELETE"})

Model = TypeVar("Model", bound=WireModel)


class OpenedBody(Protocol):
    """One sending of a body: `read` gives the next chunk until `finished`. Closed in any case."""

    finished: bool

    def read(self) -> bytes: ...
    def close(self) -> None: ...


class Body(Protocol):
    """What a request carries: of known length in bytes, read from disk as it is sent, and again for a retry."""

    @property
    def content_type(self) -> str: ...
    @property
    def length(self) -> int: ...
    def open(self) -> OpenedBody: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `endpoint` names the route without ids: the circuit breaker and traces count by it.

    `content` is a JSON body, `body` a form or a piece of a file.

    `url` is absolute; without `with_key` it is a signed address elsewhere, which must not see the key. The server may
    take `extra_seconds` longer than the configured timeout, since it was asked to wait. A stream of events goes on
    after `last_event_id`.
    """

    method: str
    url: str
    endpoint: str
    params: Sequence[tuple[str, str]] = ()
    body: Body | None = None
    # Nothing prints it: it may hold credentials.
    content: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = None
    with_key: bool = True
    extra_seconds: float = 0.0
    accept: str = "application/json"
    last_event_id: str | None = None

    @property
    def repeatable(self) -> bool:
        """True when sending it twice does no harm."""
        return self.method in _HARMLESS_TO_REPEAT or self.idempotency_key is not None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. `headers` looks names up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs tell of the request."""
        return self.headers.get("x-request-id")


def build_headers(request: Request, config: ClientConfig, *, default_correlation_id: str) -> dict[str, str]:
    """The headers of one call; the same for all its attempts, so that the server can see that they belong together."""
    headers = {"User-Agent": USER_AGENT}
    if request.body is not None:
        headers["Content-Type"] = request.body.content_type
        headers["Content-Length"] = str(request.body.length)
    if request.content is not None:
        headers["Content-Type"] = "application/json"
    if not request.with_key:
        return headers
    headers["Accept"] = request.accept
    if request.last_event_id is not None:
        headers["Last-Event-ID"] = request.last_event_id
    headers["Authorization"] = f"Bearer {config.api_key}"
    if config.tenant_id:
        headers["X-Tenant-ID"] = config.tenant_id
    if config.send_request_id:
        headers["X-Request-ID"] = str(uuid.uuid4())
    if config.send_correlation_id:
        headers["X-Correlation-ID"] = current_correlation_id() or default_correlation_id
    if request.idempotency_key is not None:
        headers["Idempotency-Key"] = request.idempotency_key
    return headers


def json_body(value: Mapping[str, Any]) -> bytes:
    """The value as a JSON body. Raises `ValidationError` when it holds something that JSON does not know."""
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError(f"this cannot be sent as JSON: {error}", details={"field": "body"}) from error


def file_path(file_id: str, suffix: str = "") -> str:
    """The path of one file. Raises `ValidationError` for an empty id, which would ask for another route."""
    return f"/files/{_segment(file_id, 'file')}{suffix}"


def session_path(session_id: str, suffix: str = "") -> str:
    """The path of one upload session. Raises `ValidationError` for an empty id."""
    return f"/files/upload/sessions/{_segment(session_id, 'session')}{suffix}"


def key_path(key_id: str) -> str:
    """The path of one API key. Raises `ValidationError` for an empty id."""
    return f"/api-keys/{_segment(key_id, 'key')}"


def webhook_path(given: str, *, delivery: bool = False) -> str:
    """The path of one webhook, or of a message to one. Raises `ValidationError` for an empty id."""
    kind, folder = ("delivery", "deliveries/") if delivery else ("webhook", "")
    return f"/webhooks/{folder}{_segment(given, kind)}"


def query_pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters: None left out, a list as a repeated name, a time as ISO 8601 with its zone."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        items = value if isinstance(value, list | tuple | set | frozenset) else [value]
        pairs.extend((name, _query_text(item)) for item in items)
    return pairs


def time_text(moment: datetime | str | None) -> str | None:
    """The time as ISO 8601 with its zone; one without a zone is UTC. Text is left as it is."""
    if not isinstance(moment, datetime):
        return moment
    return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def parse_response(model: type[Model], response: Response) -> Model:
    """Read a 2xx body. Raises `ServerError` when it is not what a Scopix server answers."""
    try:
        parsed = model.model_validate(json.loads(response.content))
    except (ValueError, RecursionError) as error:
        # pydantic's own error is a ValueError too.
        kind = response.headers.get("content-type", "no content type")
        raise ServerError(
            f"HTTP {response.status} without the expected body ({kind}); does base_url name a Scopix server's API?",
            details={"http_status": response.status},
        ) from error
    return parsed.with_request_id(response.request_id)


def _segment(value: str, kind: str) -> str:
    field = f"{kind}_id"
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(f"the {kind} id is empty", details={"field": field})
    # "." and ".." would be resolved away on the road.
    if value in (".", ".."):
        raise ValidationError(f"{value!r} is no {kind} id", details={"field": field})
    return quote(value, safe="")


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return str(time_text(value))
    return str(value)
