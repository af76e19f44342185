"""From the server's answers to the result of an upload."""

import dataclasses

from scopix._errors import DescriptionError
from scopix.types.files import FileDetails, UploadResponse
from scopix.types.results import UploadResult
from scopix.types.vocabulary import DescriptionStatus

__all__ = ["as_skipped_duplicate", "raise_if_failed", "result_from_details", "result_from_upload"]

# The server says these on every path, but a streaming upload's result leaves them None.
_DIRECT_UPLOAD_FIELDS = {"deduplicated", "media_type", "status", "object_key"}


def result_from_upload(response: UploadResponse, *, filename: str) -> UploadResult:
    """What is known when the file has been accepted. `filename` stands in when the server gives none back."""
    data = response.model_dump(mode="json", exclude=_DIRECT_UPLOAD_FIELDS)
    result = UploadResult.from_api_response(data)
    return result if result.filename else dataclasses.replace(result, filename=filename)


def result_from_details(details: FileDetails) -> UploadResult:
    """What is known of a file, as an upload would have told it."""
    return UploadResult.from_api_response(details.model_dump(mode="json", exclude=_DIRECT_UPLOAD_FIELDS))


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
