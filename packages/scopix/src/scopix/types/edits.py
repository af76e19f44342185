"""Bodies of the routes that change files: edits, deletions in numbers, descriptions made again, duplicate checks."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool

from scopix.types._wire import OpenDescriptionStatus, RestCategory, WireModel
from scopix.types.vocabulary import DescriptionErrorType

__all__ = [
    "BatchDeleteFilesRequest",
    "BatchDeleteFilesResponse",
    "BatchDeleteSummary",
    "BatchDeletedFile",
    "DescribeMatchingRequest",
    "DescribeMatchingResponse",
    "DescribeRequest",
    "DescribeResponse",
    "DuplicateCheckRequest",
    "DuplicateCheckResponse",
    "RestoreFileResult",
    "UpdateFileRequest",
]

Hash = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class UpdateFileRequest(WireModel):
    """What to change; what is left out stays. An empty title or list takes away what was there.

    `description` and `ai_tags` correct what an engine said: they make a version of their own, which no engine replaces.
    """

    # A title or tags may be null, which takes away what was there; a correction may not. That one must be there is told
    # in the simplest way: generators make nothing good of alternatives.
    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    title: str | None = Field(None, max_length=255)
    tags: list[Annotated[str, Field(max_length=50)]] | None = Field(None, max_length=40)
    description: str | None = Field(None, max_length=20_000)
    ai_tags: list[Annotated[str, Field(max_length=50)]] | None = Field(None, max_length=40)


class RestoreFileResult(WireModel):
    """200 body of `POST /files/{id}/restore`."""

    id: str
    message: str = ""


class BatchDeleteFilesRequest(WireModel):
    """Up to 100 ids."""

    file_ids: list[str] = Field(min_length=1, max_length=100, json_schema_extra={"uniqueItems": True})


class BatchDeletedFile(WireModel):
    """What became of one id: deleted, skipped (it is still being processed) or failed."""

    id: str
    status: str
    message: str = ""
    deleted_at: datetime | None = None


class BatchDeleteSummary(WireModel):
    """How many ids ended how."""

    total: int
    deleted: int
    skipped: int
    failed: int


class BatchDeleteFilesResponse(WireModel):
    """200 body of `POST /files/batch-delete`."""

    deleted: list[BatchDeletedFile] = Field(default_factory=list)
    skipped: list[BatchDeletedFile] = Field(default_factory=list)
    failed: list[BatchDeletedFile] = Field(default_factory=list)
    summary: BatchDeleteSummary


class DescribeRequest(WireModel):
    """Under which category to describe again, and by which engine; None keeps the file's and lets the server choose."""

    content_category: RestCategory | None = None
    engine: str | None = Field(None, max_length=64)


class DescribeResponse(WireModel):
    """202 body of `POST /files/{id}/describe`."""

    image_id: str
    description_status: OpenDescriptionStatus


class DescribeMatchingRequest(WireModel):
    """Which files to describe again, under which category and by which engine.

    All conditions must be met; at least one is needed.

    `error_types` are those of failed descriptions; `current_categories` those the files have now.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    ids: list[str] | None = Field(None, max_length=500)
    search: Annotated[str, Field(max_length=1000, pattern=r"\S")] | None = None
    tags: list[str] | None = Field(None, max_length=50)
    has_description: StrictBool | None = None
    error_types: list[DescriptionErrorType] | None = Field(None, max_length=20)
    current_categories: list[RestCategory] | None = Field(None, max_length=50)
    content_category: RestCategory | None = None
    engine: str | None = Field(None, max_length=64)


class DescribeMatchingResponse(WireModel):
    """202 body of `POST /files/describe`: of `matched` files `queued` will be described; the others are under way."""

    matched: int
    queued: int
    skipped: int


class DuplicateCheckRequest(WireModel):
    """Up to 250 SHA-256 hashes in hex."""

    hashes: list[Hash] = Field(min_length=1, max_length=250)


class DuplicateCheckResponse(WireModel):
    """Which of the hashes a file of yours has, and which none has."""

    duplicates: list[str]
    unique: list[str]
