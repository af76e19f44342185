"""From what an S3 server answers to what a person can do about it. The one table."""

import re
from collections.abc import Mapping

from scopix_server.domain.errors import BucketRefused, BucketUnavailable, DomainError
from scopix_server.domain.storage import BUCKET_FOLDER, BucketAddress

__all__ = ["code_of", "is_missing_object", "refusal"]

_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>")
_REGION = re.compile(r"[a-z0-9-]{1,64}")

RIGHTS = {
    "PUT": ("write", "s3:PutObject"),
    "GET": ("read", "s3:GetObject"),
    "DELETE": ("delete", "s3:DeleteObject"),
    "LIST": ("list", "s3:ListBucket"),
}
"""What each of our requests needs: our word for it, and Amazon's."""

_REASONS = {
    "NoSuchBucket": "missing_bucket",
    "InvalidBucketName": "missing_bucket",
    "InvalidAccessKeyId": "invalid_access_key",
    "Unauthorized": "invalid_access_key",
    "SignatureDoesNotMatch": "invalid_secret_key",
    "AccessDenied": "access_denied",
    "AllAccessDisabled": "access_denied",
    "AccountProblem": "access_denied",
    "PermanentRedirect": "wrong_region",
    "TemporaryRedirect": "wrong_region",
    "AuthorizationHeaderMalformed": "wrong_region",
    "AuthorizationQueryParametersError": "wrong_region",
    "IllegalLocationConstraintException": "wrong_region",
    "IncorrectEndpoint": "wrong_region",
    "RequestTimeTooSkewed": "clock",
    "QuotaExceeded": "bucket_full",
    "XMinioStorageFull": "bucket_full",
    "XMinioAdminBucketQuotaExceeded": "bucket_full",
}
_LATER = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "Throttling"}
)


def code_of(body: bytes) -> str | None:
    """Return the error code in the body of an answer. Nothing else of a body is ever repeated."""
    found = _CODE.search(body)
    return found[1].decode() if found else None


def is_missing_object(method: str, status: int, code: str | None) -> bool:
    """Whether the answer says that there is no such object, in a bucket that is there."""
    return status == 404 and method in {"GET", "DELETE"} and code in {"NoSuchKey", "NoSuchVersion", None}


def refusal(
    address: BucketAddress, method: str, status: int, code: str | None, headers: Mapping[str, str]
) -> DomainError:
    """Return the error that an answer outside 2xx stands for."""
    if code in _LATER or status == 429 or (status >= 500 and code not in _REASONS):
        return BucketUnavailable(
            f"The bucket '{address.bucket_name}' cannot serve this right now (HTTP {status}). Try again in a moment.",
            bucket_name=address.bucket_name,
        )
    reason = _REASONS.get(code or "") or _reason_of_status(status)
    right, action = RIGHTS[method]
    message = {
        "missing_bucket": f"There is no bucket '{address.bucket_name}'.",
        "invalid_access_key": "The storage does not know the access key.",
        "invalid_secret_key": "The secret access key does not belong to the access key.",
        "access_denied": f"The access key may not {right} ({action}) below '{BUCKET_FOLDER}/' in the bucket "
        f"'{address.bucket_name}'.",
        "wrong_region": _wrong_region(address, headers),
        "clock": "The storage finds the request's time wrong: the clocks of the two servers differ.",
        "bucket_full": f"The bucket '{address.bucket_name}' is full.",
    }.get(reason, f"The storage refused ({code or 'no reason given'}, HTTP {status}); is this an S3 endpoint?")
    details = {"right": right} if reason == "access_denied" else {}
    return BucketRefused(message, reason=reason, bucket_name=address.bucket_name, **details)


def _reason_of_status(status: int) -> str:
    if 300 <= status < 400:
        return "wrong_region"
    return {401: "invalid_access_key", 403: "access_denied"}.get(status, "refused")


def _wrong_region(address: BucketAddress, headers: Mapping[str, str]) -> str:
    found = headers.get("x-amz-bucket-region", "")
    if _REGION.fullmatch(found) and found != address.region:
        return f"The bucket '{address.bucket_name}' is in the region '{found}', not in '{address.region}'."
    return f"The bucket '{address.bucket_name}' is not to be found in the region '{address.region}' at this endpoint."
