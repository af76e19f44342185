"""Bodies of direct uploads: a file is announced, sent in parts by signed links, and completed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from scopix.types._wire import OpenStorageTarget, RestCategory, WireModel
from scopix.types.files import UploadResponse
from scopix.types.vocabulary import ContentCategory, StorageTarget

__all__ = [
    "CompleteDirectUploadRequest",
    "CompletedPart",
    "CreateDirectUploadRequest",
    "DirectUpload",
    "DirectUploadPart",
    "DirectUploadProgress",
    "DirectUploadResult",
    "PartLinks",
    "PartLinksRequest",
    "ReceivedPart",
]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$", description="SHA-256 of the whole file, in hex.")]
PartNumber = Annotated[int, Field(ge=1, le=10_000)]


class CreateDirectUploadRequest(WireModel):
    """What is going to be uploaded; the options are those of any upload.

    `content_type` is advice: the type is told from the bytes. With `resume`, an open upload of the same file and
    options goes on; that needs the checksum. `path`: where the file is at its client, relative.
    """

    filename: Annotated[str, Field(min_length=1, max_length=255)]
    path: str | None = Field(None, max_length=1024)
    # Nothing at all is refused in words of its own.
    size_bytes: Annotated[int, Field(ge=0, le=2**53, json_schema_extra={"minimum": 1})]
    content_type: Annotated[str, Field(max_length=255)] | None = None
    checksum_sha256: Sha256 | None = None
    idempotency_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")] | None = None
    resume: StrictBool = False
    title: str | None = Field(None, max_length=255)
    tags: list[Annotated[str, Field(max_length=50)]] | None = Field(None, max_length=40)
    auto_describe: StrictBool = True
    skip_duplicates: StrictBool = False
    describe_once: StrictBool = False
    storage_target: StorageTarget = StorageTarget.DEFAULT
    folder_id: UUID | None = None
    project_id: UUID | None = None
    content_category: RestCategory = ContentCategory.GENERAL.value
    custom_schema_id: UUID | None = None


class DirectUploadPart(WireModel):
    """Where one part goes: `upload_method` its bytes to `upload_url`, without the API key, before `expires_at`."""

    part_number: int
    size_bytes: int
    upload_url: str
    upload_method: str = "PUT"
    expires_at: datetime


class DirectUpload(WireModel):
    """201 body of `POST /files/direct-uploads`.

    A file of one part has its `upload_url` here; one of several has `parts`, of which the first 1,000 are listed (more
    links, and new ones, by `POST .../parts`). `expires_at` is that of the links; the upload itself lives for a day.
    `object_key` is known when the file is complete.
    """

    id: str
    image_id: str
    object_key: str | None = None
    upload_method: str = "PUT"
    upload_url: str | None = None
    upload_headers: dict[str, str] = Field(default_factory=dict)
    upload_fields: dict[str, str] | None = None
    expires_at: datetime
    max_size_bytes: int
    storage_target: OpenStorageTarget = StorageTarget.DEFAULT
    bucket_name: str | None = None
    part_size_bytes: int
    total_parts: int
    parts: list[DirectUploadPart] = Field(default_factory=list)
    concurrent_upload_limit: int = 5
    retry_attempts: int = 3


class ReceivedPart(WireModel):
    """A part that has arrived."""

    part_number: int
    size_bytes: int


class DirectUploadProgress(WireModel):
    """How far a direct upload is. `status` is open, completed, aborted, refused (see `reason`) or expired."""

    id: str
    image_id: str
    filename: str
    status: str
    size_bytes: int
    received_bytes: int
    part_size_bytes: int
    total_parts: int
    received_parts: list[ReceivedPart] = Field(default_factory=list)
    missing_parts: list[int] = Field(default_factory=list)
    created_at: datetime
    expires_at: datetime
    reason: str | None = None


class PartLinksRequest(WireModel):
    """For which parts new links are wanted."""

    part_numbers: Annotated[list[PartNumber], Field(min_length=1, max_length=1000)]


class PartLinks(WireModel):
    """New links, in the order asked for."""

    parts: list[DirectUploadPart]


class CompletedPart(WireModel):
    """A part that was sent, with the ETag of the answer."""

    part_number: PartNumber
    etag: Annotated[str, Field(max_length=100)]


class CompleteDirectUploadRequest(WireModel):
    """What was sent. All of it may be left out; what is given is checked against what has arrived."""

    size_bytes: Annotated[int, Field(ge=0, le=2**53)] | None = None
    checksum: Sha256 | None = None
    parts: Annotated[list[CompletedPart], Field(max_length=10_000)] | None = None


class DirectUploadResult(UploadResponse):
    """The file that a completed direct upload has become; `is_idempotent_retry`: it had been completed before."""

    is_idempotent_retry: bool = False
