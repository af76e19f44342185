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
from scopix_server.api.document_shapes import document_info
from scopix_server.api.file_links import Links
from scopix_server.api.perception_shapes import file_perception, text_region
from scopix_server.domain import similar
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.document import DocumentProgress
from scopix_server.domain.engines import EngineState, waiting_for
from scopix_server.domain.file import File, Variant
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.tiles import TILES
from scopix_server.intake.receipts import Receipt

__all__ = [
    "PageFacts",
    "category_evidence",
    "file_details",
    "file_details_list",
    "file_list",
    "file_summary",
    "full_description",
    "processing_status",
    "similar_files",
    "upload_response",
]

_STUCK_AFTER = timedelta(minutes=30)
_TERMINAL_UNIFIED = frozenset({UnifiedStatus.COMPLETED, UnifiedStatus.FAILED, UnifiedStatus.PARTIALLY_COMPLETED})
_TERMINAL_VARIANTS = frozenset({VariantStatus.COMPLETED, VariantStatus.FAILED})


def upload_response(
    receipt: Receipt,
    variants: Sequence[Variant],
    links: Links,
    *,
    warnings: list[str] | None = None,
    details: wire.FileDetails | None = None,
) -> wire.UploadResponse:
    """Answer an upload; with all that is known of the file, where its client has waited for it."""
    file, duplicate = receipt.file, receipt.duplicate
    queued = not duplicate and file.description_status not in TERMINAL
    status = UploadStatus.SKIPPED if duplicate else UploadStatus.PROCESSING if queued else UploadStatus.COMPLETED
    return wire.UploadResponse(
        image_id=file.id,
        filename=file.filename,
        path=file.path,
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
        description_status=_status_after(receipt, details),
        content_category=file.content_category,
        thumbnail_url=details.thumbnail_url if details else links.of(file, variants, VariantType.SMALL_256),
        deduplicated=duplicate,
        warnings=warnings,
        details=details,
    )


def _status_after(receipt: Receipt, details: wire.FileDetails | None) -> DescriptionStatus | str:
    if receipt.duplicate:
        return DescriptionStatus.SKIPPED
    return details.description_status if details else receipt.file.description_status


def image_analysis(details: wire.FileDetails, warnings: list[str] | None) -> wire.ImageAnalysis:
    """Answer with a file's details under the names of an upload's result as well."""
    known = {name: getattr(details, name) for name in wire.FileDetails.model_fields}
    return wire.ImageAnalysis(**known, image_id=details.id, description=details.upload_description, warnings=warnings)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page of a list says beside its files."""

    total_count: int
    total_is_minimum: bool
    has_more: bool
    next_cursor: str | None
    limit: int
    offset: int
    search_notes: Sequence[str]


def file_list(
    files: Sequence[File], variants: Mapping[str, tuple[Variant, ...]], about: PageFacts, links: Links
) -> wire.FileList:
    """Answer with one page of files."""
    items = [file_summary(file, variants.get(file.id, ()), links) for file in files]
    return wire.FileList(items=items, **asdict(about))


def file_details_list(
    files: Sequence[File],
    variants: Mapping[str, tuple[Variant, ...]],
    versions: Mapping[str, Sequence[DescriptionRecord]],
    perceptions: Mapping[str, Perception],
    documents: Mapping[str, DocumentProgress],
    about: PageFacts,
    links: Links,
) -> wire.FileDetailsList:
    """Answer with one page of files and all that is known of them."""
    items = [
        file_details(
            file,
            variants.get(file.id, ()),
            versions.get(file.id, ()),
            perceptions.get(file.id),
            links,
            documents.get(file.id),
        )
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
            file=file_summary(each.file, variants.get(each.file.id, ()), links),
            score=round(each.score, 4),
            is_near_duplicate=each.is_near_duplicate,
            likeness=each.likeness,
        )
        for each in found
    ]
    return SimilarFiles(image_id=file.id, items=items, min_score=min_score, limit=limit)


def file_summary(file: File, variants: Sequence[Variant], links: Links) -> wire.FileSummary:
    return wire.FileSummary(
        id=file.id,
        title=file.title,
        filename=file.filename,
        path=file.path,
        thumbnail_url=links.of(file, variants, VariantType.SMALL_256),
        medium_url=links.of(file, variants, VariantType.MEDIUM_750),
        full_url=links.of(file, variants, VariantType.LARGE_1024),
        tags=list(file.user_tags),
        size_bytes=file.size_bytes,
        created_at=file.created_at,
        content_created_at=file.content_created_at,
        blur_hash=file.blur_hash,
        has_full_description=file.description_status is DescriptionStatus.COMPLETED,
        dimensions=_dimensions(file),
        format=_format(file),
        variant_status=file.variant_status,
        variant_count=sum(one.name != TILES for one in variants),
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
    document: DocumentProgress | None = None,
) -> wire.FileDetails:
    """Answer with all that is known of a file."""
    current = next((version for version in versions if version.is_current), None)
    description = current.description if current else None
    failed = file.description_status is DescriptionStatus.FAILED
    ai_tags = list(description.tags) if description else None
    return wire.FileDetails(
        id=file.id,
        title=file.title,
        original_filename=file.filename,
        path=file.path,
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
        tiles_url=links.tiles(file, variants),
        variant_status=file.variant_status,
        variant_count=sum(one.name != TILES for one in variants),
        upload_description=description.text if description else None,
        visible_text=description.visible_text if description else None,
        text_regions=[text_region(region) for region in perception.text] if description and perception else None,
        perception=file_perception(perception) if description and perception and not document else None,
        document=document_info(document) if document else None,
        content_category=file.content_category,
        category_data=(description.category_data or None) if description else None,
        category_evidence=category_evidence(description) if description else None,
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
        blur_hash=file.blur_hash,
    )


def category_evidence(description: Description) -> list[CategoryEvidence] | None:
    """Answer what the values of a description's fields rest on."""
    found = [CategoryEvidence.model_validate(entry) for entry in description.evidence if "field" in entry]
    return found or None


def processing_status(
    file: File,
    *,
    is_stuck: bool | None = None,
    engine: EngineState | None = None,
    document: DocumentProgress | None = None,
) -> wire.ProcessingStatus:
    """Answer how far a file is.

    Args:
        is_stuck: says so by another measure than half an hour.
        engine: what is known of the engine that is to describe it.
        document: how far it is read, if it is a document.
    """
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
        error_message=file.description_error or file.variant_error or _why_waiting(file, engine),
        text_extraction_status=_text_extraction(file),
        page_count=document.facts.page_count if document else None,
        pages_read=document.pages_read if document else None,
        chunk_count=document.chunk_count if document else None,
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


def _why_waiting(file: File, engine: EngineState | None) -> str | None:
    """Return why a file is queued that no worker has taken up, since its engine is not there for anybody."""
    if file.description_status is not DescriptionStatus.QUEUED or engine is None or engine.available:
        return None
    return waiting_for(engine.name, engine.reason)


def _is_stuck(file: File, terminal: bool) -> bool:
    return not terminal and datetime.now(UTC) - file.updated_at > _STUCK_AFTER


def document_type(media_type: MediaType, object_key: str) -> str | None:
    """Return what sort of document a file is: pdf, docx, tif, txt or md; None for an image."""
    return object_key.rpartition(".")[2] if media_type is MediaType.DOCUMENT else None


def _text_extraction(file: File) -> str | None:
    """Return how far the reading of a document is, in the words of descriptions; None for an image."""
    return file.description_status.value if file.media_type is MediaType.DOCUMENT else None


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


def full_description(record: DescriptionRecord) -> wire.FullDescription:
    """Return a version as the wire has it."""
    description, made = record.description, record.description.provenance
    return wire.FullDescription(
        id=record.id,
        version=record.revision,
        is_current=record.is_current,
        description=description.text,
        visible_text=description.visible_text,
        tags=list(description.tags),
        category_data=description.category_data or None,
        processing_time_ms=record.processing_time_ms,
        created_at=record.created_at,
        engine=description.engine,
        model=description.model or None,
        content_category=record.category,
        language=made.language,
        prompt_hash=made.prompt_hash,
        engine_seconds=made.seconds,
        input_tokens=made.input_tokens,
        output_tokens=made.output_tokens,
        cost=made.cost,
        lent_from=record.lent_from,
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
