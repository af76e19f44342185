"""Files: list, details, state, deletion, and the way to their bytes."""

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from scopix.types.files import DeleteFileResult, FileDetails, FileDetailsList, FileList, FileSummary, ProcessingStatus
from scopix.types.vocabulary import MediaType, VariantStatus, VariantType
from scopix_server.api import shapes
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.cursors import read_cursor, write_cursor
from scopix_server.api.dependencies import CatalogueDep, EditorDep, FilesDep, LinksDep, ReceptionDep, StoreLinksDep
from scopix_server.api.filters import Filter, search_notes
from scopix_server.api.perception_shapes import word_hits
from scopix_server.api.problems import responses
from scopix_server.api.waiting import WaitSeconds, is_settled
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File, has_variants
from scopix_server.library.files import FilePage

__all__ = ["router"]

Item = TypeVar("Item", FileSummary, FileDetails)

router = APIRouter(tags=["files"])


@router.get("/files", response_model=FileList | FileDetailsList, responses=responses(401, 403, 422))
async def list_files(
    caller: Reader,
    criteria: Filter,
    files: FilesDep,
    links: LinksDep,
    known: CatalogueDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    cursor: Annotated[
        str | None, Query(max_length=4000, description="The `next_cursor` of the page before, in the same order.")
    ] = None,
    include: Annotated[
        Literal["details", "hits"] | None,
        Query(
            description="details: each entry with everything that is known about the file; hits: with where the words "
            "of the search are. Details have the hits as well."
        ),
    ] = None,
    exact_total: Annotated[
        bool, Query(description="Count all files found, though that may take seconds when there are very many.")
    ] = False,
) -> FileList | FileDetailsList:
    """List the tenant's files that meet all conditions, the latest pictures first unless told otherwise."""
    after = None if cursor is None else read_cursor(criteria, cursor)
    with_details = include == "details"
    notes = search_notes(criteria, known)

    def answer() -> FileList | FileDetailsList:
        page = files.page(
            caller.tenant_id,
            criteria,
            limit=limit,
            offset=offset,
            after=after,
            with_details=with_details,
            exact_total=exact_total,
            with_hits=include is not None,
        )
        next_cursor = None if page.following is None else write_cursor(criteria, page.following)
        total, has_more = page.total, next_cursor is not None
        about = shapes.PageFacts(total.number, total.is_minimum, has_more, next_cursor, limit, offset, notes)
        if with_details:
            details = shapes.file_details_list(
                page.files, page.variants, page.versions, page.perceptions, page.documents, about, links
            )
            return details.model_copy(update={"items": [_with_hits(item, page) for item in details.items]})
        listed = shapes.file_list(page.files, page.variants, about, links)
        return listed.model_copy(update={"items": [_with_hits(item, page) for item in listed.items]})

    # Shaped in the thread as well: a hundred files with all details take the loop long enough to be felt.
    return await run_in_threadpool(answer)


def _with_hits(item: Item, page: FilePage) -> Item:
    hits = page.hits.get(item.id)
    return item if hits is None else item.model_copy(update={"hits": word_hits(hits)})


@router.get("/files/{file_id}", response_model=FileDetails, responses=responses(401, 403, 404, 409))
async def get_file(caller: Reader, files: FilesDep, links: LinksDep, file_id: str) -> FileDetails:
    """Return everything known about a file. The id may be shortened to its first 8 characters."""
    file, known = await run_in_threadpool(files.details, caller.tenant_id, file_id)
    return shapes.file_details(file, known.variants, known.versions, known.perception, links, known.document)


@router.get(
    "/files/{file_id}/processing-status", response_model=ProcessingStatus, responses=responses(401, 403, 404, 409, 422)
)
async def get_processing_status(
    request: Request,
    caller: Reader,
    files: FilesDep,
    reception: ReceptionDep,
    file_id: str,
    wait: WaitSeconds = 0,
) -> ProcessingStatus:
    """Return how far a file is. With `wait` the answer comes when its description has ended, or the time is over.

    It comes at once, too, when the tenant has many such answers held open.
    """
    file = await run_in_threadpool(files.find, caller.tenant_id, file_id)
    if wait:
        file = await reception.waiting.until_described(request, file, wait)
    if file.media_type is MediaType.DOCUMENT:
        document = await run_in_threadpool(files.document_progress, file)
        return shapes.processing_status(file, document=document)
    engine = None if is_settled(file) else await run_in_threadpool(files.engine_of, file)
    return shapes.processing_status(file, engine=engine)


@router.delete("/files/{file_id}", response_model=DeleteFileResult, responses=responses(401, 403, 404, 409))
async def delete_file(caller: Writer, editor: EditorDep, file_id: str) -> DeleteFileResult:
    """Delete a file. It is kept for 30 days in case it was a mistake, but no route shows it any more."""
    file, at = await run_in_threadpool(editor.delete, caller.tenant_id, file_id)
    return DeleteFileResult(id=file.id, deleted_at=at, message=f"{file.filename} was deleted.")


@router.head("/files/{file_id}/download", include_in_schema=False)
@router.get(
    "/files/{file_id}/download",
    status_code=302,
    response_class=RedirectResponse,
    responses=responses(400, 401, 403, 404, 409, 503),
)
async def download_file(caller: Reader, files: FilesDep, store_links: StoreLinksDep, file_id: str) -> RedirectResponse:
    """Redirect to the file's bytes, by a signed link that is good for one hour."""
    file = await run_in_threadpool(files.find, caller.tenant_id, file_id)
    return RedirectResponse(await store_links.original(file), 302)


@router.head("/files/{file_id}/variants/{variant_type}", include_in_schema=False)
@router.get(
    "/files/{file_id}/variants/{variant_type}",
    status_code=302,
    response_class=RedirectResponse,
    responses=responses(400, 401, 403, 404, 409, 422, 503),
)
async def get_variant(
    caller: Reader,
    files: FilesDep,
    links: LinksDep,
    store_links: StoreLinksDep,
    file_id: str,
    variant_type: VariantType,
) -> RedirectResponse:
    """Redirect to a variant of an image, by a signed link that is good for one hour."""
    file = await run_in_threadpool(files.find, caller.tenant_id, file_id)
    if not has_variants(file):
        raise WrongMediaType(
            f"{file.filename} cannot be drawn, so it has no variants.", media_type=file.media_type.value
        )
    if variant_type is VariantType.ORIGINAL:
        return RedirectResponse(await store_links.original(file), 302)
    url = links.of(file, await run_in_threadpool(files.variants_of, file.id), variant_type)
    if url is None:
        raise _missing_variant(file, variant_type)
    return RedirectResponse(url, 302)


def _missing_variant(file: File, variant_type: VariantType) -> NotFound:
    if file.variant_status is VariantStatus.FAILED:
        reason = f"it could not be made: {file.variant_error}"
    else:
        reason = "it is not made yet; try again in a moment"
    return NotFound(
        f"{file.filename} has no variant {variant_type.value}: {reason}.",
        resource_type="variant",
        resource_id=variant_type.value,
        variant_status=file.variant_status.value,
    )
