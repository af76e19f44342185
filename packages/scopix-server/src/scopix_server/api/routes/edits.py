"""Changing files: titles and tags, deletion and its undoing, descriptions made again, and the check for duplicates."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.edits import (
    BatchDeletedFile,
    BatchDeleteFilesRequest,
    BatchDeleteFilesResponse,
    BatchDeleteSummary,
    DescribeMatchingRequest,
    DescribeMatchingResponse,
    DescribeRequest,
    DescribeResponse,
    DuplicateCheckRequest,
    DuplicateCheckResponse,
    RestoreFileResult,
    UpdateFileRequest,
)
from scopix.types.files import UpdateFileResult
from scopix.types.vocabulary import DescriptionStatus
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_file, is_uuid
from scopix_server.api.services import services_of
from scopix_server.domain.description import Description
from scopix_server.domain.errors import NotFound, ValidationFailed
from scopix_server.domain.file import File, check_tags, check_title
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import Transaction
from scopix_server.domain.states import TERMINAL
from scopix_server.pipeline.revise import write_version

__all__ = ["router"]

router = APIRouter(tags=["files"], route_class=JsonRoute)


@router.patch("/files/{file_id}", response_model=UpdateFileResult, responses=responses(400, 401, 403, 404, 409, 422))
async def update_file(request: Request, caller: Writer, file_id: str, changes: UpdateFileRequest) -> UpdateFileResult:
    """Change a file's title, its tags, its description, or the tags found by that. What is left out stays.

    A changed description is a version written by a person, which no engine replaces.
    """
    given = changes.model_fields_set & {"title", "tags"}
    corrects = changes.description is not None or changes.ai_tags is not None
    if not given and not corrects:
        raise ValidationFailed("Nothing is to be changed: give a title, tags, a description or ai_tags.", field="title")
    title, tags = check_title(changes.title), check_tags(changes.tags or [])
    file = await find_file(request, caller.tenant_id, file_id)
    now = datetime.now(UTC)

    def save(transaction: Transaction) -> tuple[File, Description | None]:
        current = transaction.files.get(caller.tenant_id, file.id)
        if current is None:
            raise NotFound(f"There is no file '{file.id}'.", resource_type="file", resource_id=file.id)
        changed = replace(
            current,
            title=title if "title" in given else current.title,
            user_tags=tags if "tags" in given else current.user_tags,
            updated_at=now,
        )
        if given:
            transaction.files.update(changed)
        if not corrects:
            return changed, None
        return changed, write_version(transaction, changed, changes.description, changes.ai_tags, now).description

    saved, said = await run_in_threadpool(services_of(request).database.write, save)
    return UpdateFileResult(
        id=saved.id,
        title=saved.title,
        tags=list(saved.user_tags),
        description=said.text if said else None,
        ai_tags=list(said.tags) if said else None,
        updated_at=now,
    )


@router.post("/files/{file_id}/restore", response_model=RestoreFileResult, responses=responses(401, 403, 404))
async def restore_file(request: Request, caller: Writer, file_id: str) -> RestoreFileResult:
    """Undo a deletion."""
    wanted, now = file_id.lower(), datetime.now(UTC)
    restored = is_uuid(wanted) and await run_in_threadpool(
        services_of(request).database.write, lambda t: t.files.restore(caller.tenant_id, wanted, now)
    )
    if not restored:
        raise NotFound(f"There is no deleted file '{file_id[:64]}'.", resource_type="file", resource_id=file_id[:64])
    return RestoreFileResult(id=wanted, message="The file is back.")


@router.post("/files/batch-delete", response_model=BatchDeleteFilesResponse, responses=responses(400, 401, 403, 422))
async def delete_files(request: Request, caller: Writer, wanted: BatchDeleteFilesRequest) -> BatchDeleteFilesResponse:
    """Delete up to 100 files. Those still being processed are skipped; ids that are unknown are told."""
    ids = [file_id.lower() for file_id in wanted.file_ids]
    if len(set(ids)) != len(ids):
        raise ValidationFailed("An id is there twice.", field="file_ids")
    now = datetime.now(UTC)
    outcomes = await run_in_threadpool(
        services_of(request).database.write,
        lambda t: [_delete(t, caller.tenant_id, file_id, now) for file_id in ids],
    )
    by_status = {status: [o for o in outcomes if o.status == status] for status in ("deleted", "skipped", "failed")}
    counts = {status: len(found) for status, found in by_status.items()}
    return BatchDeleteFilesResponse(**by_status, summary=BatchDeleteSummary(total=len(ids), **counts))


def _delete(transaction: Transaction, tenant_id: str, file_id: str, now: datetime) -> BatchDeletedFile:
    file = transaction.files.get(tenant_id, file_id) if is_uuid(file_id) else None
    if file is None:
        return BatchDeletedFile(id=file_id, status="failed", message="There is no such file.")
    if file.description_status not in TERMINAL:
        return BatchDeletedFile(id=file_id, status="skipped", message="It is still being processed.")
    transaction.files.mark_deleted(tenant_id, file_id, now)
    return BatchDeletedFile(id=file_id, status="deleted", message=f"{file.filename} was deleted.", deleted_at=now)


@router.post(
    "/files/{file_id}/describe",
    status_code=202,
    response_model=DescribeResponse,
    responses=responses(400, 401, 403, 404, 409, 422),
)
async def describe_file(
    request: Request, caller: Writer, file_id: str, wanted: DescribeRequest | None = None
) -> DescribeResponse:
    """Describe an image again, under another category or by another engine if they are named.

    Earlier descriptions are kept. One that a person wrote goes on being the current one.
    """
    category = wanted.content_category if wanted else None
    checked = None if category is None else services_of(request).categories.check(category)
    file = await find_file(request, caller.tenant_id, file_id)
    engine = services_of(request).engines.check(wanted.engine) if wanted and wanted.engine else None
    await run_in_threadpool(services_of(request).redescriber.one, caller.tenant_id, file.id, checked, engine)
    return DescribeResponse(image_id=file.id, description_status=DescriptionStatus.QUEUED)


@router.post(
    "/files/describe", status_code=202, response_model=DescribeMatchingResponse, responses=responses(400, 401, 403, 422)
)
async def describe_matching(
    request: Request, caller: Writer, wanted: DescribeMatchingRequest
) -> DescribeMatchingResponse:
    """Describe again all images that meet every condition given; at least one is needed."""
    known = services_of(request).categories
    checked = None if wanted.content_category is None else known.check(wanted.content_category)
    categories = tuple(known.check(category, "current_categories") for category in wanted.current_categories or ())
    engine = services_of(request).engines.check(wanted.engine) if wanted.engine else None
    conditions = wanted.model_dump(exclude={"content_category", "engine"}, exclude_none=True)
    if not any(value != [] for value in conditions.values()):
        raise ValidationFailed("Name at least one condition; otherwise every image would be described again.")
    found = FileFilter(
        search=wanted.search,
        tags=tuple(wanted.tags or ()),
        has_description=wanted.has_description,
        ids=tuple(file_id.lower() for file_id in wanted.ids or ()),
        error_types=tuple(kind.value for kind in wanted.error_types or ()),
        categories=categories,
    )
    done = await run_in_threadpool(services_of(request).redescriber.matching, caller.tenant_id, found, checked, engine)
    return DescribeMatchingResponse(matched=done.matched, queued=done.queued, skipped=done.matched - done.queued)


@router.post("/files/check-duplicates", response_model=DuplicateCheckResponse, responses=responses(400, 401, 403, 422))
async def check_duplicates(request: Request, caller: Reader, wanted: DuplicateCheckRequest) -> DuplicateCheckResponse:
    """Tell which contents are stored already, by their SHA-256."""
    hashes = list(dict.fromkeys(digest.lower() for digest in wanted.hashes))
    known = await run_in_threadpool(
        services_of(request).database.read, lambda t: t.files.known_hashes(caller.tenant_id, hashes)
    )
    return DuplicateCheckResponse(
        duplicates=[digest for digest in hashes if digest in known],
        unique=[digest for digest in hashes if digest not in known],
    )
