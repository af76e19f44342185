"""Bodies of the file routes. The server answers with these models; the SDK parses its answers with them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from scopix.types._paging import Page
from scopix.types._wire import (
    OpenContentCategory,
    OpenDescriptionErrorType,
    OpenDescriptionStatus,
    OpenMediaType,
    OpenStorageTarget,
    OpenUnifiedStatus,
    OpenUploadStatus,
    OpenVariantStatus,
    WireModel,
)
from scopix.types.categories import CategoryEvidence
from scopix.types.documents import DocumentInfo
from scopix.types.perception import FilePerception, SeenObject, SeenScene, WrittenMetadata
from scopix.types.places import BoundingBox, TextRegion, WordHit
from scopix.types.vocabulary import (
    ContentCategory,
    DescriptionStatus,
    MediaType,
    StorageTarget,
    UploadStatus,
    VariantStatus,
)

__all__ = [
    "BoundingBox",
    "ComponentStatuses",
    "DeleteFileResult",
    "Dimensions",
    "FileDetails",
    "FileDetailsList",
    "FileLayout",
    "FileList",
    "FilePerception",
    "FileSummary",
    "FullDescription",
    "ImageAnalysis",
    "ProcessingHistory",
    "ProcessingStatus",
    "SeenObject",
    "SeenScene",
    "StuckFiles",
    "TextRegion",
    "UpdateFileResult",
    "UploadResponse",
    "VariantGeneration",
    "WrittenMetadata",
]

TERMINAL_DESCRIPTION_STATUSES = frozenset(
    {DescriptionStatus.COMPLETED, DescriptionStatus.FAILED, DescriptionStatus.SKIPPED}
)


class Dimensions(WireModel):
    """Size of an image in pixels, after the EXIF turn."""

    width: int
    height: int


class FileSummary(WireModel):
    """One entry of a file list: light, so without the description and the visible text.

    `hits` tell where the words of a search are, if that was asked for.
    """

    id: str
    title: str | None = None
    filename: str = ""
    thumbnail_url: str | None = None
    medium_url: str | None = None
    full_url: str | None = None
    tags: list[str] = Field(default_factory=list)
    size_bytes: int | None = None
    created_at: datetime | None = None
    content_created_at: datetime | None = None
    has_full_description: bool = False
    dimensions: Dimensions | None = None
    format: str | None = None
    variant_status: OpenVariantStatus = VariantStatus.PENDING
    variant_count: int = 0
    variant_error: str | None = None
    blur_hash: str | None = None
    description_status: OpenDescriptionStatus = DescriptionStatus.PENDING
    description_error: str | None = None
    content_type: str | None = None
    media_type: OpenMediaType = MediaType.IMAGE
    path: str | None = None
    hits: list[WordHit] | None = None


class FileList(Page[FileSummary]):
    """One page of files, and how many there are in all. `next_cursor` leads to the next page, if there is one.

    `total_is_minimum`: there are more than `total_count`. Files that a filter finds are counted up to 10,000 unless
    `exact_total` asks for all; all files, and those of a status, always have their number.

    `search_notes` are sentences about what of a search was no condition though it looked like one, and so was searched
    as words.
    """

    items: list[FileSummary]
    total_count: int
    has_more: bool
    limit: int | None = None
    offset: int | None = None
    next_cursor: str | None = None
    total_is_minimum: bool = False
    search_notes: list[str] = Field(default_factory=list)


class FileLayout(WireModel):
    """200 body of `GET /files/layout`: width by height of each file, in hundredths; 0 is unknown."""

    ratios: list[int]


class FullDescription(WireModel):
    """One version of a file's description. `confidence_score` is always null for descriptions.

    `version` numbers the file's versions, `is_current` marks the one that counts. `engine` is "builtin", "human" for
    what a person wrote, or the name of a vision-language engine, whose answer `prompt_hash`, `engine_seconds`,
    `input_tokens`, `output_tokens` and `cost` (in the operator's currency) belong to. `lent_from` is the file with the
    same bytes that was looked at instead of this one (see `describe_once`).
    """

    id: str
    version: int | None = None
    is_current: bool | None = None
    description: str | None = None
    visible_text: str | None = None
    tags: list[str] | None = None
    category_data: dict[str, Any] | None = None
    confidence_score: float | None = None
    processing_time_ms: int | None = None
    created_at: datetime | None = None
    engine: str | None = None
    model: str | None = None
    content_category: OpenContentCategory | None = None
    language: str | None = None
    prompt_hash: str | None = None
    engine_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    lent_from: str | None = None


class ProcessingHistory(WireModel):
    """One run of a processing step over a file."""

    id: str
    status: str
    created_at: datetime | None = None
    completed_at: datetime | None = None
    error_message: str | None = None


class FileDetails(WireModel):
    """Everything known about one file.

    `tags` lists the caller's tags and then the description's, without repeats; `ai_tags` lists the description's
    alone. The three `description_error*` fields are set only while `description_status` is failed. `full_url` is the
    1024-pixel variant, null until made; `original_url` is always there. `tiles_url` leads to the descriptor (DZI) of
    the deep-zoom tiles of a large picture, null where there are none. `perception` holds the things seen on it,
    `document` what is known of a document as a whole; then `text_regions` are those of its first page.
    `category_data` holds the fields of the `content_category`, and `category_evidence` what each of its values rests
    on.
    """

    id: str
    title: str | None = None
    original_filename: str = ""
    tags: list[str] = Field(default_factory=list)
    ai_tags: list[str] | None = None
    object_key: str | None = None
    size_bytes: int | None = None
    content_type: str | None = None
    media_type: OpenMediaType = MediaType.IMAGE
    format: str | None = None
    dimensions: Dimensions | None = None
    hash: str | None = None
    blur_hash: str | None = None
    upload_method: str | None = None
    storage_target: OpenStorageTarget = StorageTarget.DEFAULT
    folder_id: str | None = None
    original_url: str | None = None
    thumbnail_url: str | None = None
    medium_url: str | None = None
    full_url: str | None = None
    tiles_url: str | None = None
    variant_status: OpenVariantStatus = VariantStatus.PENDING
    variant_count: int = 0
    upload_description: str | None = None
    visible_text: str | None = None
    text_regions: list[TextRegion] | None = None
    perception: FilePerception | None = None
    document: DocumentInfo | None = None
    content_category: OpenContentCategory = ContentCategory.GENERAL
    category_data: dict[str, Any] | None = None
    category_evidence: list[CategoryEvidence] | None = None
    description_status: OpenDescriptionStatus = DescriptionStatus.PENDING
    description_error: str | None = None
    description_error_type: OpenDescriptionErrorType | None = None
    description_is_retryable: bool | None = None
    description_generated_at: datetime | None = None
    full_descriptions: list[FullDescription] = Field(default_factory=list)
    processing_history: list[ProcessingHistory] = Field(default_factory=list)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    content_created_at: datetime | None = None
    path: str | None = None
    hits: list[WordHit] | None = None


class UploadResponse(WireModel):
    """201 body of `POST /files/upload`.

    `hash` is the SHA-256 of the content in hex; `content_type` is the type detected from it. With `skipped` true
    nothing was stored, and `image_id` equals `skipped_existing_image_id`. `details`, all that is known of the file, is
    there when the request waited; `warnings` tells of fields of the form that were ignored since they are not known.
    """

    image_id: str
    filename: str = ""
    object_key: str | None = None
    upload_method: str = "STREAMING"
    status: OpenUploadStatus = UploadStatus.PROCESSING
    processing_time_ms: int | None = None
    s3_upload_completed: bool = True
    variants_queued: bool = False
    description_queued: bool = False
    skipped: bool = False
    skipped_existing_image_id: str | None = None
    storage_target: OpenStorageTarget = StorageTarget.DEFAULT
    media_type: OpenMediaType | None = None
    document_type: str | None = None
    text_extraction_status: str | None = None
    content_type: str | None = None
    size_bytes: int | None = None
    hash: str | None = None
    created_at: datetime | None = None
    description_status: OpenDescriptionStatus = DescriptionStatus.PENDING
    content_category: OpenContentCategory = ContentCategory.GENERAL
    thumbnail_url: str | None = None
    deduplicated: bool | None = None
    session_id: str | None = None
    path: str | None = None
    details: FileDetails | None = None
    warnings: list[str] | None = None


class ImageAnalysis(FileDetails):
    """200 and 202 body of `POST /images/analyze`: a file's details, with `image_id` and `description` as an upload has.

    With 202 the description has not ended yet: `description_status` tells how far it is.
    """

    image_id: str
    description: str | None = None
    warnings: list[str] | None = None


class FileDetailsList(Page[FileDetails]):
    """A `FileList` of which each entry is everything known about the file."""

    items: list[FileDetails]
    total_count: int
    has_more: bool
    limit: int | None = None
    offset: int | None = None
    next_cursor: str | None = None
    total_is_minimum: bool = False
    search_notes: list[str] = Field(default_factory=list)


class UpdateFileResult(WireModel):
    """200 body of `PATCH /files/{id}`. `description` and `ai_tags` are there when they were changed."""

    id: str
    title: str | None = None
    tags: list[str] = Field(default_factory=list)
    description: str | None = None
    ai_tags: list[str] | None = None
    updated_at: datetime | None = None


class DeleteFileResult(WireModel):
    """200 body of `DELETE /files/{id}`: the file can be recovered for 30 days."""

    id: str
    deleted_at: datetime | None = None
    message: str = ""


class ComponentStatuses(WireModel):
    """The states that a file's unified status is made of."""

    variant_status: OpenVariantStatus | None = None
    description_status: OpenDescriptionStatus | None = None
    upload_intent_status: str | None = None
    task_intent_status: str | None = None


class ProcessingStatus(WireModel):
    """200 body of `GET /files/{id}/processing-status`.

    Of a document `pages_read` of its `page_count` pages are there already, with `chunk_count` pieces for retrieval.
    """

    image_id: str
    tenant_id: str | None = None
    batch_id: str | None = None
    unified_status: OpenUnifiedStatus
    component_statuses: ComponentStatuses = ComponentStatuses()
    task_intent_ids: list[str] = Field(default_factory=list)
    error_message: str | None = None
    last_error_at: datetime | None = None
    created_at: datetime | None = None
    last_updated_at: datetime | None = None
    completed_at: datetime | None = None
    retry_count: int = 0
    processing_duration_seconds: float | None = None
    is_stuck: bool = False
    is_terminal: bool = False
    text_extraction_status: str | None = None
    page_count: int | None = None
    chunk_count: int | None = None
    pages_read: int | None = None
    description_error: str | None = None
    description_error_type: OpenDescriptionErrorType | None = None
    description_is_retryable: bool | None = None

    @property
    def description_is_terminal(self) -> bool:
        """True when the description will not change by itself any more, even if thumbnails are still being made."""
        return self.is_terminal or self.component_statuses.description_status in TERMINAL_DESCRIPTION_STATUSES


class VariantGeneration(WireModel):
    """200 body of `POST /files/{id}/variants`. With `skipped_duplicate` they were waited for already."""

    success: bool = True
    message: str = ""
    task_id: str | None = None
    current_status: OpenVariantStatus
    image_id: str
    skipped_duplicate: bool = False


class StuckFiles(WireModel):
    """200 body of `GET /files/stuck`: how many there are, and the first of them, the oldest first."""

    stuck_count: int
    images: list[ProcessingStatus]
