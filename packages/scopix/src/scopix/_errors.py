"""Every error this package raises.

    ScopixError
    ├── AuthenticationError        401: the key is missing, wrong, expired or revoked
    ├── ScopixPermissionError      403: the key may not do this
    ├── ResourceNotFoundError      404: no such thing, or not yours
    ├── ConflictError              409: not in its present state, or the name, key or position is taken
    ├── ValidationError            400, 413, 422, and whatever the client refuses before sending
    ├── QuotaExceededError         a quota is used up, whatever the status
    ├── PaymentRequiredError       402
    ├── RateLimitError             429
    ├── ScopixTimeoutError         the client waited long enough
    ├── ServerError                5xx, and answers that are not Scopix's
    ├── ScopixConnectionError      no answer: refused, unreachable, cut off
    ├── CircuitBreakerError        not sent: the last calls to this endpoint all failed
    ├── UploadError                a file could not be sent
    └── DescriptionError           a description failed and the caller asked to raise

Anything else that the server refuses (405, say) is a plain `ScopixError` with the server's code. `code` is the class's
own; the code that the server answered is in `details["server_code"]`. `status_code` and `request_id` belong to the
response that the error came with, and are None where there was none.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopix.types.results import UploadResult

__all__ = [
    "AuthenticationError",
    "CircuitBreakerError",
    "ConflictError",
    "DescriptionError",
    "PaymentRequiredError",
    "QuotaExceededError",
    "RateLimitError",
    "ResourceNotFoundError",
    "ScopixConnectionError",
    "ScopixError",
    "ScopixPermissionError",
    "ScopixTimeoutError",
    "ServerError",
    "UploadError",
    "ValidationError",
]

# The server's codes for a quota that is used up. They decide whatever status they come with: 403, 413 or 429.
QUOTA_CODES = frozenset({"USAGE_LIMIT_EXCEEDED", "QUOTA_EXCEEDED", "STORAGE_QUOTA_EXCEEDED"})


class ScopixError(Exception):
    """Base of all errors of this package.

    `code` is stable, for programs; `message` is for people; `details` holds what belongs to this case alone.
    """

    def __init__(self, code: str, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.details: dict[str, Any] = dict(details or {})

    @property
    def status_code(self) -> int | None:
        """The response's HTTP status; None when there was no response."""
        status = self.details.get("http_status")
        return status if isinstance(status, int) else None

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs tell of the request; None when there was no response, or none in it."""
        request_id = self.details.get("request_id")
        return request_id if isinstance(request_id, str) else None

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors differ from class to class, so an error that crosses a process is rebuilt from its state.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[ScopixError], args: tuple[Any, ...], state: dict[str, Any]) -> ScopixError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class AuthenticationError(ScopixError):
    """The key is missing, wrong, expired or revoked."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("AUTH_ERROR", message, details=details)


class ScopixPermissionError(ScopixError):
    """The key is good, but may not do this."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("PERMISSION_DENIED", message, details=details)


class ResourceNotFoundError(ScopixError):
    """No such thing, or not yours; `details` has `resource_type` and `resource_id`."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("NOT_FOUND", message, details=details)


class ConflictError(ScopixError):
    """Not possible in the present state: a description is under way, or a key, an index or a prefix is taken."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("CONFLICT", message, details=details)


class ValidationError(ScopixError):
    """The input is not acceptable; sending it again will not help."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("VALIDATION_ERROR", message, details=details)


class QuotaExceededError(ScopixError):
    """A quota is used up; `details` has `available` and `limit`, `partial_results` what was done before."""

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        partial_results: "Sequence[UploadResult] | None" = None,
    ) -> None:
        super().__init__("QUOTA_EXCEEDED", message, details=details)
        self.partial_results = partial_results


class PaymentRequiredError(ScopixError):
    """The account is past due."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("PAYMENT_REQUIRED", message, details=details)


class RateLimitError(ScopixError):
    """Too many requests.

    `retry_after` is in seconds; `limit` and `remaining` count requests of the current window, which ends at `reset`
    (Unix time). Each is None when the server did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        limit: int | None = None,
        remaining: int | None = None,
        reset: int | None = None,
    ) -> None:
        super().__init__("RATE_LIMIT", message, details=details)
        self.retry_after = retry_after
        self.limit = limit
        self.remaining = remaining
        self.reset = reset


class ScopixTimeoutError(ScopixError):
    """The client waited long enough; `last_result` is the latest that it saw, or None."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None, last_result: Any = None) -> None:
        super().__init__("TIMEOUT", message, details=details)
        self.last_result = last_result


class ServerError(ScopixError):
    """The server failed, or something that is not a Scopix server answered."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("SERVER_ERROR", message, details=details)


class ScopixConnectionError(ScopixError):
    """No answer: the server is not there, or the connection was cut."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("CONNECTION_ERROR", message, details=details)


class CircuitBreakerError(ScopixError):
    """Not sent: the last calls to `endpoint` all failed. Try again in `retry_after` seconds."""

    def __init__(
        self, message: str, *, details: Mapping[str, Any] | None = None, endpoint: str, retry_after: float
    ) -> None:
        super().__init__("CIRCUIT_OPEN", message, details=details)
        self.endpoint = endpoint
        self.retry_after = retry_after


class UploadError(ScopixError):
    """A file could not be sent; `details` has `filename` and `stage`."""

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        session_id: str | None = None,
        partial_results: "Sequence[UploadResult] | None" = None,
    ) -> None:
        super().__init__("UPLOAD_ERROR", message, details=details)
        self.session_id = session_id
        self.partial_results = partial_results


class DescriptionError(ScopixError):
    """A description failed; `details` has `image_id` and `status`."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__("DESCRIPTION_ERROR", message, details=details)
