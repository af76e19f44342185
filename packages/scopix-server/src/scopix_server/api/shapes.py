"""From the domain to the wire: the only mapping there is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from scopix.types import files as wire
from scopix.types.categories import CategoryEvidence
from scopix.types.similar import SimilarFile, SimilarFiles
from scopix.types.vocabulary import (
    DescriptionStatus,
    MediaType,
    StorageTarget,
    UnifiedStatus,
    UploadStatus,
    VariantStatus,
    VariantType,
)
from scopix_server.api.links import Grant, LinkSigner, link_in
from scopix_server.domain import similar
from scopix_server.domain.description import Description, Perception, TextRegion
from scopix_server.domain.file import File, Variant
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.storage_ports import LinkedStore
from scopix_server.pipeline.receive import Receipt

__all__ = [
    "Links",
    "PageFacts",
    "file_details",
    "file_details_list",
    "file_list",
    "full_description",
    "original_grant",
    "processing_status",
    "similar_files",
    "text_region",
    "upload_response",
]

_STUCK_AFTER = timedelta(minutes=30)
_TERMINAL_UNIFIED = frozenset({UnifiedStatus.COMPLETED, UnifiedStatus.FAILED, UnifiedStatus.PARTIALLY_COMPLETED})
_TERMINAL_VARIANTS = frozenset({VariantStatus.COMPLETED, VariantStatus.FAILED})


class Links:
    """Absolute URLs of a file's bytes, for one answer: on this server, or in its store itself where that has links.

    An original in a tenant's bucket is reached by way of this server, which looks for it there when it is asked.
    """

    def __init__(self, signer: LinkSigner, base_url: str, store: LinkedStore | None = None) -> None:
        self._signer = signer
        self._base_url = base_url.rstrip("/")
        self._store = store

    def original(self, file: File) -> str:
        return self.to(original_grant(file))

    def variant(self, file: File, variant: Variant) -> str:
        name = f"{file.filename.rpartition('.')[0] or file.filename}-{variant.name}.jpg"
        return self.to(Grant(variant.object_key, variant.content_type, name, "inline"))

    def of(self, file: File, variants: Sequence[Variant], name: VariantType) -> str | None:
        found = next((variant for variant in variants if variant.name == name.value), None)
        return None if found is None else self.variant(file, found)

    def to(self, grant: Grant) -> str:
        """Return the URL that a grant is for."""
        if self._store is not None and grant.bucket is None:
            return link_in(self._store, grant)
        return f"{self._base_url}/api/v2/content/{self._signer.sign(grant)}"


def original_grant(file: File) -> Grant:
    """Return what a link to a file's original gives."""
    bucket = None if file.storage_id is None else (file.tenant_id, file.storage_id)
    return Grant(file.object_key, file.content_type, file.filename, "attachment", bucket)


def upload_response(receipt: Receipt, variants: Sequence[Variant], links: Links) -> wire.UploadResponse:
    """Answer an upload."""
    file, duplicate = receipt.file, receipt.duplicate
    queued = not duplicate and file.description_status not in TERMINAL
    status = UploadStatus.SKIPPED if duplicate else UploadStatus.PROCESSING if queued else UploadStatus.COMPLETED
    return wire.UploadResponse(
        image_id=file.id,
        filename=file.filename,
        object_key=file.object_key,
        upload_method=file.upload_method,
        status=status,
        processing_time_ms=receipt.processing_time_ms,
        s3_upload_completed=file.storage_target is StorageTarget.CUSTOM,
        variants_queued=not duplicate and file.variant_status is not VariantStatus.COMPLETED,
        description_queued=queued,
        skipped=duplicate,
        skipped_existing_image_id=file.id if duplicate else None,
        storage_target=file.storage_target,
        media_type=file.media_type,
        document_type=document_type(file.media_type, file.object_key),
        text_extraction_status=_text_extraction(file),
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        hash=file.sha256,
        created_at=file.created_at,
        description_status=DescriptionStatus.SKIPPED if duplicate else file.description_status,
        content_category=file.content_category,
        thumbnail_url=links.of(file, variants, VariantType.SMALL_256),
        deduplicated=duplicate,
    )


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page of a list says beside its files."""

    total_count: int
    has_more: bool
    next_cursor: str | None
    limit: int
    offset: int


def file_list(
    files: Sequence[File], variants: Mapping[str, tuple[Variant, ...]], about: PageFacts, links: Links
) -> wire.FileList:
    """Answer with one page of files."""
    items = [_summary(file, variants.get(file.id, ()), links) for file in files]
    return wire.FileList(items=items, **asdict(about))


def file_details_list(
    files: Sequence[File],
    variants: Mapping[str, tuple[Variant, ...]],
    versions: Mapping[str, Sequence[DescriptionRecord]],
    perceptions: Mapping[str, Perception],
    about: PageFacts,
    links: Links,
) -> wire.FileDetailsList:
    """Answer with one page of files and all that is known of them."""
    items = [
        file_details(file, variants.get(file.id, ()), versions.get(file.id, ()), perceptions.get(file.id), links)
        for file in files
    ]
    return wire.FileDetailsList(items=items, **asdict(about))


def similar_files(
    file: File,
    found: Sequence[similar.SimilarFile],
    variants: Mapping[str, tuple[Variant, ...]],
    links: Links,
    *,
    min_score: float,
    limit: int,
) -> SimilarFiles:
    """Answer with the images that are like a file."""
    items = [
        SimilarFile(
            file=_summary(each.file, variants.get(each.file.id, ()), links),
            score=round(each.score, 4),
            is_near_duplicate=each.is_near_duplicate,
        )
        for each in found
    ]
    return SimilarFiles(image_id=file.id, items=items, min_score=min_score, limit=limit)


def _summary(file: File, variants: Sequence[Variant], links: Links) -> wire.FileSummary:
    return wire.FileSummary(
        id=file.id,
        title=file.title,
        filename=file.filename,
        thumbnail_url=links.of(file, variants, VariantType.SMALL_256),
        medium_url=links.of(file, variants, VariantType.MEDIUM_750),
        full_url=links.of(file, variants, VariantType.LARGE_1024),
        tags=list(file.user_tags),
        size_bytes=file.size_bytes,
        created_at=file.created_at,
        content_created_at=file.content_created_at,
        has_full_description=file.description_status is DescriptionStatus.COMPLETED,
        dimensions=_dimensions(file),
        format=_format(file),
        variant_status=file.variant_status,
        variant_count=len(variants),
        variant_error=file.variant_error,
        description_status=file.description_status,
        description_error=file.description_error if file.description_status is DescriptionStatus.FAILED else None,
        content_type=file.content_type,
        media_type=file.media_type,
    )


def file_details(
    file: File,
    variants: Sequence[Variant],
    versions: Sequence[DescriptionRecord],
    perception: Perception | None,
    links: Links,
) -> wire.FileDetails:
    """Answer with all that is known of a file."""
    current = next((version for version in versions if version.is_current), None)
    said = current.description if current else None
    failed = file.description_status is DescriptionStatus.FAILED
    ai_tags = list(said.tags) if said else None
    return wire.FileDetails(
        id=file.id,
        title=file.title,
        original_filename=file.filename,
        tags=list(dict.fromkeys([*file.user_tags, *(ai_tags or [])])),
        ai_tags=ai_tags,
        object_key=file.object_key,
        size_bytes=file.size_bytes,
        content_type=file.content_type,
        media_type=file.media_type,
        format=_format(file),
        dimensions=_dimensions(file),
        hash=file.sha256,
        upload_method=file.upload_method,
        storage_target=file.storage_target,
        folder_id=file.folder_id,
        original_url=links.original(file),
        thumbnail_url=links.of(file, variants, VariantType.SMALL_256),
        medium_url=links.of(file, variants, VariantType.MEDIUM_750),
        full_url=links.of(file, variants, VariantType.LARGE_1024),
        variant_status=file.variant_status,
        variant_count=len(variants),
        upload_description=said.text if said else None,
        visible_text=said.visible_text if said else None,
        text_regions=[text_region(region) for region in perception.text] if said and perception else None,
        content_category=file.content_category,
        category_data=(said.category_data or None) if said else None,
        category_evidence=_category_evidence(said) if said else None,
        description_status=file.description_status,
        description_error=file.description_error if failed else None,
        description_error_type=file.description_error_type if failed else None,
        description_is_retryable=file.description_is_retryable if failed else None,
        description_generated_at=current.created_at if current else None,
        full_descriptions=[full_description(version) for version in versions],
        processing_history=_history(file),
        created_at=file.created_at,
        updated_at=file.updated_at,
        content_created_at=file.content_created_at,
    )


def _category_evidence(said: Description) -> list[CategoryEvidence] | None:
    found = [CategoryEvidence.model_validate(entry) for entry in said.evidence if "field" in entry]
    return found or None


def processing_status(file: File, *, is_stuck: bool | None = None) -> wire.ProcessingStatus:
    """Answer how far a file is; `is_stuck` says so by another measure than half an hour."""
    unified = _unified(file)
    failed = file.description_status is DescriptionStatus.FAILED
    terminal = unified in _TERMINAL_UNIFIED
    spent = None
    if file.description_started_at and file.description_finished_at:
        spent = (file.description_finished_at - file.description_started_at).total_seconds()
    return wire.ProcessingStatus(
        image_id=file.id,
        tenant_id=file.tenant_id,
        unified_status=unified,
        component_statuses=wire.ComponentStatuses(
            variant_status=file.variant_status,
            description_status=file.description_status,
            upload_intent_status=UploadStatus.COMPLETED.value,
            task_intent_status=file.description_status.value,
        ),
        # While a failed attempt waits for its next try, the reason is worth knowing too.
        error_message=file.description_error or file.variant_error or _why_skipped(file),
        text_extraction_status=_text_extraction(file),
        last_error_at=file.updated_at if file.description_error else None,
        created_at=file.created_at,
        last_updated_at=file.updated_at,
        completed_at=file.description_finished_at if terminal else None,
        retry_count=max(0, file.description_attempts - 1),
        processing_duration_seconds=spent,
        is_stuck=_is_stuck(file, terminal) if is_stuck is None else is_stuck,
        is_terminal=terminal,
        description_error=file.description_error if failed else None,
        description_error_type=file.description_error_type if failed else None,
        description_is_retryable=file.description_is_retryable if failed else None,
    )


def _is_stuck(file: File, terminal: bool) -> bool:
    return not terminal and datetime.now(UTC) - file.updated_at > _STUCK_AFTER


def document_type(media_type: MediaType, object_key: str) -> str | None:
    """Return what sort of document a file is: pdf, docx, txt or md; None for an image."""
    return object_key.rpartition(".")[2] if media_type is MediaType.DOCUMENT else None


def _text_extraction(file: File) -> str | None:
    return "skipped" if file.media_type is MediaType.DOCUMENT else None


def _why_skipped(file: File) -> str | None:
    if file.media_type is MediaType.DOCUMENT:
        return "Documents are stored without a description: only images are described."
    return None


def _unified(file: File) -> UnifiedStatus:
    described, rendered = file.description_status, file.variant_status
    if described is DescriptionStatus.FAILED:
        return UnifiedStatus.PARTIALLY_COMPLETED if rendered is VariantStatus.COMPLETED else UnifiedStatus.FAILED
    if described is DescriptionStatus.SKIPPED and rendered not in _TERMINAL_VARIANTS:
        return UnifiedStatus.QUEUED
    if described in {DescriptionStatus.PENDING, DescriptionStatus.QUEUED}:
        return UnifiedStatus.QUEUED
    return UnifiedStatus.PROCESSING if described is DescriptionStatus.PROCESSING else UnifiedStatus.COMPLETED


def _dimensions(file: File) -> wire.Dimensions | None:
    if file.width is None or file.height is None:
        return None
    return wire.Dimensions(width=file.width, height=file.height)


def _format(file: File) -> str:
    return file.content_type.partition("/")[2]


def text_region(region: TextRegion) -> wire.TextRegion:
    """Return a region of text as the wire has it."""
    box = region.box
    bbox = wire.BoundingBox(x=box.x, y=box.y, width=box.width, height=box.height)
    return wire.TextRegion(text=region.text, bbox=bbox, confidence=region.confidence)


def full_description(record: DescriptionRecord) -> wire.FullDescription:
    """Return a version as the wire has it."""
    said, made = record.description, record.description.provenance
    return wire.FullDescription(
        id=record.id,
        version=record.revision,
        is_current=record.is_current,
        description=said.text,
        visible_text=said.visible_text,
        tags=list(said.tags),
        category_data=said.category_data or None,
        processing_time_ms=record.processing_time_ms,
        created_at=record.created_at,
        engine=said.engine,
        model=said.model or None,
        content_category=record.category,
        language=made.language,
        prompt_hash=made.prompt_hash,
        engine_seconds=made.seconds,
        input_tokens=made.input_tokens,
        output_tokens=made.output_tokens,
        cost=made.cost,
    )


def _history(file: File) -> list[wire.ProcessingHistory]:
    if file.description_started_at is None:
        return []
    return [
        wire.ProcessingHistory(
            id=f"{file.id}:{file.description_revision}",
            status=file.description_status.value,
            created_at=file.description_started_at,
            completed_at=file.description_finished_at,
            error_message=file.description_error,
        )
    ]
