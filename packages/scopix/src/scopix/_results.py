"""From the server's answers to the result of an upload."""

import dataclasses

from scopix._errors import DescriptionError
from scopix.types.files import FileDetails, UploadResponse
from scopix.types.results import UploadResult
from scopix.types.sessions import SessionResult
from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus

__all__ = [
    "as_skipped_duplicate",
    "raise_if_failed",
    "rejected_result",
    "result_from_details",
    "result_from_session",
    "result_from_upload",
    "with_direct_facts",
    "with_request_id",
]

# The words of a session's results that settle a file whatever its description says.
_SETTLED = {"failed": DescriptionStatus.FAILED, "skipped": DescriptionStatus.SKIPPED}

# The server says these on every path, but a streaming upload's result leaves them None.
_DIRECT_UPLOAD_FIELDS = {"deduplicated", "media_type", "status", "object_key"}


def result_from_upload(response: UploadResponse, *, filename: str) -> UploadResult:
    """What is known when the file has been accepted. `filename` stands in when the server gives none back."""
    data = response.model_dump(mode="json", exclude=_DIRECT_UPLOAD_FIELDS)
    result = UploadResult.from_api_response(data)
    return result if result.filename else dataclasses.replace(result, filename=filename)


def with_direct_facts(result: UploadResult, response: UploadResponse) -> UploadResult:
    """The result of a direct upload: with what it says beyond that of a streaming one."""
    parsed = UploadResult.from_api_response(response.model_dump(mode="json"))
    facts = {name: getattr(parsed, name) for name in _DIRECT_UPLOAD_FIELDS}
    # The upload's status, of two words: an existing file that was found is complete.
    facts["status"] = "processing" if parsed.status == "processing" else "completed"
    return dataclasses.replace(result, **facts)


def with_request_id(result: UploadResult, request_id: str | None) -> UploadResult:
    """Note under which id the server's logs tell of the upload; give the result back."""
    # Beside the fields, which are the contract's, and out of comparisons. A frozen dataclass is filled this way.
    object.__setattr__(result, "_request_id", request_id)
    return result


def result_from_details(details: FileDetails) -> UploadResult:
    """What is known of a file, as an upload would have told it."""
    return UploadResult.from_api_response(details.model_dump(mode="json", exclude=_DIRECT_UPLOAD_FIELDS))


def result_from_session(item: SessionResult, *, filename: str) -> UploadResult:
    """What a session knows of one of its files. `filename` stands in when the server gives none back."""
    data = item.model_dump(mode="json", exclude=_DIRECT_UPLOAD_FIELDS)
    refused = item.status == "failed" and not item.image_id
    status = item.description_status or (DescriptionStatus.COMPLETED if item.status == "completed" else None)
    data |= {
        "image_id": item.image_id or item.skipped_existing_image_id,
        "filename": item.filename or filename,
        "description_status": _SETTLED.get(item.status, status),
        "description_error": item.error_message,
        "description_error_type": DescriptionErrorType.VALIDATION_ERROR if refused else item.error_type,
        "description_is_retryable": bool(item.retryable) if refused else item.retryable,
    }
    return UploadResult.from_api_response(data)


def rejected_result(filename: str, reason: str, *, retryable: bool = False) -> UploadResult:
    """The result of a file of a batch that was not stored."""
    return UploadResult(
        image_id="",
        filename=filename,
        description_status=DescriptionStatus.FAILED,
        description_error=reason,
        description_error_type=DescriptionErrorType.VALIDATION_ERROR.value,
        description_is_retryable=retryable,
    )


def as_skipped_duplicate(existing: UploadResult, *, filename: str) -> UploadResult:
    """The result of an upload that found its content stored already: the existing file's, marked as skipped."""
    return dataclasses.replace(
        existing,
        filename=filename,
        description_status=DescriptionStatus.SKIPPED,
        description_error=None,
        description_error_type=None,
        description_is_retryable=None,
    )


def raise_if_failed(result: UploadResult) -> None:
    """Raise `DescriptionError` when the description failed."""
    if result.is_failed:
        raise DescriptionError(
            f"the description of {result.filename or result.image_id} failed: {result.description_error}",
            details={
                "image_id": result.image_id,
                "status": result.description_status.value,
                "error_type": result.description_error_type,
                "is_retryable": result.description_is_retryable,
            },
        )
