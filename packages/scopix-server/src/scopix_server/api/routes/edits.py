"""Changing files: titles and tags, deletion and its undoing, descriptions made again, and the check for duplicates."""

from fastapi import APIRouter
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
from scopix_server.api.dependencies import CatalogueDep, EditorDep, EnginesDep, FilesDep, RedescriberDep, ThreadsDep
from scopix_server.api.problems import responses
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import check_tags, check_title
from scopix_server.domain.listing import FileFilter
from scopix_server.library.edit import Changes

__all__ = ["router"]

router = APIRouter(tags=["files"], route_class=JsonRoute)


@router.patch("/files/{file_id}", response_model=UpdateFileResult, responses=responses(400, 401, 403, 404, 409, 422))
async def update_file(caller: Writer, editor: EditorDep, file_id: str, changes: UpdateFileRequest) -> UpdateFileResult:
    """Change a file's title, its tags, its description, or the tags found by that. What is left out stays.

    A changed description is a version written by a person, which no engine replaces.
    """
    edit = Changes(
        named=frozenset(changes.model_fields_set & {"title", "tags"}),
        title=check_title(changes.title),
        tags=check_tags(changes.tags or []),
        description=changes.description,
        ai_tags=changes.ai_tags,
    )
    if not edit.named and not edit.rewrites:
        raise ValidationFailed("Nothing is to be changed: give a title, tags, a description or ai_tags.", field="title")
    saved, version = await run_in_threadpool(editor.update, caller.tenant_id, file_id, edit)
    return UpdateFileResult(
        id=saved.id,
        title=saved.title,
        tags=list(saved.user_tags),
        description=version.description.text if version else None,
        ai_tags=list(version.description.tags) if version else None,
        updated_at=saved.updated_at,
    )


@router.post("/files/{file_id}/restore", response_model=RestoreFileResult, responses=responses(401, 403, 404, 409))
async def restore_file(caller: Writer, editor: EditorDep, file_id: str) -> RestoreFileResult:
    """Undo a deletion. What the file missed meanwhile, its description or its thumbnails, is asked for.

    The id may be shortened to its first 8 characters.
    """
    restored = await run_in_threadpool(editor.restore, caller.tenant_id, file_id)
    return RestoreFileResult(id=restored, message="The file is back.")


@router.post("/files/batch-delete", response_model=BatchDeleteFilesResponse, responses=responses(400, 401, 403, 422))
async def delete_files(
    caller: Writer, editor: EditorDep, threads: ThreadsDep, body: BatchDeleteFilesRequest
) -> BatchDeleteFilesResponse:
    """Delete up to 100 files. Those still being processed are skipped; ids that are unknown are told."""
    ids = [file_id.lower() for file_id in body.file_ids]
    if len(set(ids)) != len(ids):
        raise ValidationFailed("An id is there twice.", field="file_ids")
    done = await threads.in_bulk(caller.tenant_id, lambda: editor.delete_all(caller.tenant_id, ids))
    outcomes = [
        BatchDeletedFile(id=each.file_id, status=each.status, message=each.message, deleted_at=each.deleted_at)
        for each in done
    ]
    by_status = {status: [o for o in outcomes if o.status == status] for status in ("deleted", "skipped", "failed")}
    counts = {status: len(found) for status, found in by_status.items()}
    return BatchDeleteFilesResponse(**by_status, summary=BatchDeleteSummary(total=len(ids), **counts))


@router.post(
    "/files/{file_id}/describe",
    status_code=202,
    response_model=DescribeResponse,
    responses=responses(400, 401, 403, 404, 409, 422),
)
async def describe_file(
    caller: Writer,
    files: FilesDep,
    redescriber: RedescriberDep,
    known: CatalogueDep,
    engines: EnginesDep,
    file_id: str,
    body: DescribeRequest | None = None,
) -> DescribeResponse:
    """Describe an image again, under another category or by another engine if they are named.

    Earlier descriptions are kept. One that a person wrote goes on being the current one.
    """
    category = body.content_category if body else None
    checked = None if category is None else known.check(category)
    file = await run_in_threadpool(files.find, caller.tenant_id, file_id)
    engine = engines.check(body.engine) if body and body.engine else None
    await run_in_threadpool(redescriber.one, caller.tenant_id, file.id, checked, engine)
    return DescribeResponse(image_id=file.id, description_status=DescriptionStatus.QUEUED)


@router.post(
    "/files/describe", status_code=202, response_model=DescribeMatchingResponse, responses=responses(400, 401, 403, 422)
)
async def describe_matching(
    caller: Writer,
    redescriber: RedescriberDep,
    known: CatalogueDep,
    engines: EnginesDep,
    threads: ThreadsDep,
    body: DescribeMatchingRequest,
) -> DescribeMatchingResponse:
    """Describe again all images that meet every condition given; at least one is needed."""
    checked = None if body.content_category is None else known.check(body.content_category)
    categories = tuple(known.check(category, "current_categories") for category in body.current_categories or ())
    engine = engines.check(body.engine) if body.engine else None
    conditions = body.model_dump(exclude={"content_category", "engine"}, exclude_none=True)
    if not any(value != [] for value in conditions.values()):
        raise ValidationFailed("Name at least one condition; otherwise every image would be described again.")
    found = FileFilter(
        search=body.search,
        tags=tuple(body.tags or ()),
        has_description=body.has_description,
        ids=tuple(file_id.lower() for file_id in body.ids or ()),
        error_types=tuple(kind.value for kind in body.error_types or ()),
        categories=categories,
    )
    done = await threads.in_bulk(
        caller.tenant_id, lambda: redescriber.matching(caller.tenant_id, found, checked, engine)
    )
    return DescribeMatchingResponse(matched=done.matched, queued=done.queued, skipped=done.matched - done.queued)


@router.post("/files/check-duplicates", response_model=DuplicateCheckResponse, responses=responses(400, 401, 403, 422))
async def check_duplicates(caller: Reader, files: FilesDep, body: DuplicateCheckRequest) -> DuplicateCheckResponse:
    """Tell which contents are stored already, by their SHA-256."""
    hashes = list(dict.fromkeys(digest.lower() for digest in body.hashes))
    known = await run_in_threadpool(files.known_hashes, caller.tenant_id, hashes)
    return DuplicateCheckResponse(
        duplicates=[digest for digest in hashes if digest in known],
        unique=[digest for digest in hashes if digest not in known],
    )
