"""Every way a request can be refused, with a stable code.

    DomainError
    ├── ValidationFailed            a parameter or a file is not acceptable
    │   ├── MalformedRequest        the request itself cannot be read
    │   ├── EmptyFile
    │   ├── CorruptImage            the signature fits, the rest does not
    │   ├── CorruptDocument
    │   ├── TooManyPixels           refused on its header, before any pixel is decoded
    │   └── AddressRefused          an address the server does not call for others
    ├── UnsupportedContentType      the body of the request is in no form that is read here
    ├── UnsupportedFileType
    ├── WrongMediaType
    ├── StorageNotConfigured
    ├── BucketRefused               the tenant's own bucket will not have it so; asking again will not help
    ├── FileTooLarge
    ├── BatchTooLarge
    ├── PayloadTooLarge
    ├── UrlTooLong, HeadersTooLarge
    ├── RequestTimedOut
    ├── MissingApiKey, InvalidApiKey, ExpiredApiKey, DeactivatedApiKey
    ├── Forbidden
    ├── UsageLimitExceeded          the month's share is used up
    ├── NotFound
    ├── Conflict
    ├── Gone                        it was there, and its time has run out
    ├── RateLimited                 too many requests in a minute
    ├── ConcurrentUploads           too many uploads at once
    ├── TooManyBytes                too much of them at once
    ├── OutOfSpace
    └── ServiceUnavailable
        ├── BucketUnavailable       the tenant's own bucket does not answer
        ├── RecordsMissing          the database lost what was acknowledged once
        └── OutcomeUnknown          it may have been done; asking again under the same key tells

    DescribeError                   a description did not come about; says whether trying again can help
    DatabaseUnusable                a process cannot start

A class's docstring is its default message. Transport statuses are none of this room's business: `api/problems.py` has
the one table.

A message may quote what others wrote, so each is redacted as it is made; and that of a `DescribeError`, which is kept
in the database, holds nothing that no database takes (zero bytes, halves of characters).
"""

from typing import Any, ClassVar

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.printable import printable
from scopix_server.domain.redaction import redact

__all__ = [
    "AddressRefused",
    "BatchTooLarge",
    "BucketRefused",
    "BucketUnavailable",
    "ConcurrentUploads",
    "Conflict",
    "CorruptDocument",
    "CorruptImage",
    "DatabaseUnusable",
    "DeactivatedApiKey",
    "DescribeError",
    "DomainError",
    "EmptyFile",
    "ExpiredApiKey",
    "FileTooLarge",
    "Forbidden",
    "Gone",
    "HeadersTooLarge",
    "InvalidApiKey",
    "MalformedRequest",
    "MissingApiKey",
    "NotFound",
    "OutOfSpace",
    "OutcomeUnknown",
    "PayloadTooLarge",
    "RateLimited",
    "RecordsMissing",
    "RequestTimedOut",
    "ServiceUnavailable",
    "StorageNotConfigured",
    "TooManyBytes",
    "TooManyPixels",
    "UnsupportedContentType",
    "UnsupportedFileType",
    "UrlTooLong",
    "UsageLimitExceeded",
    "ValidationFailed",
    "WrongMediaType",
    "trace_of",
]


class DomainError(Exception):
    """The request could not be carried out."""

    code: ClassVar[str] = "SERVER_ERROR"

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = redact(message) if message else (type(self).__doc__ or "").strip()
        self.details = details
        super().__init__(self.message)


class ValidationFailed(DomainError):
    """The request is well formed, but a value in it is not acceptable."""

    code = "VALIDATION_ERROR"


class MalformedRequest(ValidationFailed):
    """The request could not be read."""


class EmptyFile(ValidationFailed):
    """The file is empty (0 bytes). Check that it was written completely, then upload it again."""


class CorruptImage(ValidationFailed):
    """The image is damaged or incomplete. Open it in a viewer and save it again, then upload it."""


class CorruptDocument(ValidationFailed):
    """The document is damaged or incomplete. Open it and save it again, then upload it."""


class TooManyPixels(ValidationFailed):
    """The image has more pixels than this server decodes. Resize it, then upload it again."""


class AddressRefused(ValidationFailed):
    """The server does not call this address."""


class UnsupportedContentType(DomainError):
    """The body of the request is in a form that is not read here. Send it with the Content-Type that is named."""

    code = "UNSUPPORTED_CONTENT_TYPE"


class UnsupportedFileType(DomainError):
    """The type is not supported. `GET /tenant/limits` lists the types that are; SVG drawings are none of them."""

    code = "UNSUPPORTED_FILE_TYPE"


class WrongMediaType(DomainError):
    """This operation does not exist for files of this media type."""

    code = "WRONG_MEDIA_TYPE"


class StorageNotConfigured(DomainError):
    """No custom storage is configured for this tenant."""

    code = "STORAGE_NOT_CONFIGURED"


class BucketRefused(DomainError):
    """The configured bucket cannot be used. Validate the storage settings; they say what is wrong."""

    code = "STORAGE_REFUSED"


class FileTooLarge(DomainError):
    """The file is larger than the limit. Compress or resize it, then upload it again."""

    code = "FILE_TOO_LARGE"


class PayloadTooLarge(DomainError):
    """The request body is larger than the limit."""

    code = "PAYLOAD_TOO_LARGE"


class BatchTooLarge(DomainError):
    """The request has more files than are allowed in one. Send them in several requests."""

    code = "BATCH_TOO_LARGE"


class UrlTooLong(DomainError):
    """The address of the request is longer than the limit. Ask for less at once."""

    code = "URL_TOO_LONG"


class HeadersTooLarge(DomainError):
    """The headers of the request are larger, or more, than the limit."""

    code = "HEADERS_TOO_LARGE"


class RequestTimedOut(DomainError):
    """The body of the request stopped arriving."""

    code = "TIMEOUT"


class MissingApiKey(DomainError):
    """No API key was sent. Send it as 'Authorization: Bearer scopix_...'."""

    code = "MISSING_API_KEY"


class InvalidApiKey(DomainError):
    """The API key is not known to this server."""

    code = "INVALID_API_KEY"


class ExpiredApiKey(DomainError):
    """The API key has expired."""

    code = "EXPIRED_API_KEY"


class DeactivatedApiKey(DomainError):
    """The API key was deactivated."""

    code = "DEACTIVATED_API_KEY"


class Forbidden(DomainError):
    """The API key lacks the scope this operation needs."""

    code = "AUTHZ_ERROR"


class UsageLimitExceeded(DomainError):
    """The plan's share of this month is used up."""

    code = "USAGE_LIMIT_EXCEEDED"


class NotFound(DomainError):
    """There is no such thing here."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The request contradicts what is already there."""

    code = "CONFLICT"


class Gone(DomainError):
    """What was asked for has expired. Start anew."""

    code = "EXPIRED"


class RateLimited(DomainError):
    """Too many requests in a minute. Try again when the minute is over."""

    code = "RATE_LIMIT_ERROR"


class ConcurrentUploads(DomainError):
    """Too many uploads at once. Wait until one has ended."""

    code = "CONCURRENT_UPLOAD_LIMIT"


class TooManyBytes(DomainError):
    """Too many bytes are being uploaded at once. Wait until one of the uploads has ended."""

    code = "MEMORY_LIMIT_EXCEEDED"


class OutOfSpace(DomainError):
    """The server's storage is full. Nothing was stored; ask its operator to make room."""

    code = "STORAGE_FULL"


class ServiceUnavailable(DomainError):
    """The server cannot do this right now. Try again in a moment."""

    code = "SERVICE_UNAVAILABLE"


class BucketUnavailable(ServiceUnavailable):
    """The configured bucket does not answer right now. Try again in a moment."""

    code = "STORAGE_UNAVAILABLE"


class RecordsMissing(ServiceUnavailable):
    """The database lacks what it once had. Nothing is removed from storage until its operator has looked at that."""

    code = "RECORDS_MISSING"

    @classmethod
    def because(cls, reason: str) -> "RecordsMissing":
        """Return the error with what is known about it."""
        return cls(f"{(cls.__doc__ or '').strip()} {reason} See `scopix-server records`.")


class OutcomeUnknown(ServiceUnavailable):
    """The database went away before it said whether this was done. Send it again with the same Idempotency-Key."""


class DescribeError(Exception):
    """A description did not come about.

    Attributes:
        error_type: the class of the failure, as the contract's table 5.2 names it.
        retryable: whether trying again may succeed. Permanent failures are told once and never retried.
    """

    def __init__(self, message: str, error_type: DescriptionErrorType, *, retryable: bool) -> None:
        self.message = printable(redact(message))
        # All three go to the base class, so that the error survives the trip between processes (pickle).
        super().__init__(self.message, error_type, retryable)
        self.error_type = error_type
        self.retryable = retryable

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_describe_error, (self.message, self.error_type, self.retryable)

    def __str__(self) -> str:
        return self.message

    @property
    def data(self) -> dict[str, Any]:
        """What is to be known of it besides its message, where it is kept as JSON."""
        return {"error_type": self.error_type.value, "retryable": self.retryable}


class DatabaseUnusable(Exception):
    """The database that the settings name cannot be used; the message says why, for people, and holds no password."""

    def __init__(self, message: str) -> None:
        super().__init__(redact(message))


def trace_of(error: Exception) -> Exception | None:
    """Return an error that is to be logged with its traceback; None for one whose message says it all.

    A description that failed for a reason with a name (a damaged image, an engine, a limit) is no fault of the code.
    """
    if isinstance(error, DescribeError):
        return error if error.error_type is DescriptionErrorType.UNKNOWN else None
    return None if isinstance(error, DomainError) else error


def _rebuild_describe_error(message: str, error_type: DescriptionErrorType, retryable: bool) -> DescribeError:
    return DescribeError(message, error_type, retryable=retryable)
