"""Files: list, details, state, deletion, and the way to their bytes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from scopix.types.files import DeleteFileResult, FileDetails, FileDetailsList, FileList, ProcessingStatus
from scopix.types.vocabulary import MediaType, VariantStatus, VariantType
from scopix_server.api import shapes
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.cursors import read_cursor, write_cursor
from scopix_server.api.filters import Filter
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_file, links_of, original_url
from scopix_server.api.services import services_of
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.listing import position_of
from scopix_server.domain.ports import Transaction
from scopix_server.domain.states import TERMINAL

__all__ = ["router"]

router = APIRouter(tags=["files"])

_SHORTEST_NAP, _LONGEST_NAP = 0.05, 0.4  # seconds between two looks of a waiting status request


@router.get("/files", response_model=FileList | FileDetailsList, responses=responses(401, 403, 422))
async def list_files(
    request: Request,
    caller: Reader,
    wanted: Filter,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    cursor: Annotated[
        str | None, Query(max_length=4000, description="The `next_cursor` of the page before, in the same order.")
    ] = None,
    include: Annotated[
        Literal["details"] | None, Query(description="Each entry with everything that is known about the file.")
    ] = None,
) -> FileList | FileDetailsList:
    """List the tenant's files that meet all conditions, the latest pictures first unless told otherwise."""
    after = None if cursor is None else read_cursor(wanted, cursor)

    def look(transaction: Transaction) -> FileList | FileDetailsList:
        # One more than asked for tells whether more follow.
        found, total = transaction.files.list(caller.tenant_id, wanted, limit=limit + 1, offset=offset, after=after)
        page = found[:limit]
        has_more = len(found) > limit
        next_cursor = write_cursor(wanted, position_of(page[-1], wanted.sort_by)) if has_more else None
        about = shapes.PageFacts(total, has_more, next_cursor, limit, offset)
        return _page(transaction, page, about, links_of(request), with_details=include == "details")

    return await run_in_threadpool(services_of(request).database.read, look)


def _page(
    transaction: Transaction, files: Sequence[File], about: shapes.PageFacts, links: shapes.Links, *, with_details: bool
) -> FileList | FileDetailsList:
    ids = [file.id for file in files]
    variants = transaction.variants.of(ids)
    if not with_details:
        return shapes.file_list(files, variants, about, links)
    versions = transaction.descriptions.all_versions(ids)
    perceptions = transaction.descriptions.perceptions(ids)
    return shapes.file_details_list(files, variants, versions, perceptions, about, links)


@router.get("/files/{file_id}", response_model=FileDetails, responses=responses(401, 403, 404, 409))
async def get_file(request: Request, caller: Reader, file_id: str) -> FileDetails:
    """Return everything known about a file. The id may be shortened to its first 8 characters."""
    file = await find_file(request, caller.tenant_id, file_id)
    variants, versions, perception = await run_in_threadpool(
        services_of(request).database.read,
        lambda transaction: (
            transaction.variants.of([file.id]).get(file.id, ()),
            transaction.descriptions.versions(file.id),
            transaction.descriptions.perception(file.id),
        ),
    )
    return shapes.file_details(file, variants, versions, perception, links_of(request))


@router.get(
    "/files/{file_id}/processing-status", response_model=ProcessingStatus, responses=responses(401, 403, 404, 409, 422)
)
async def get_processing_status(
    request: Request,
    caller: Reader,
    file_id: str,
    wait: Annotated[float, Query(ge=0, le=25, description="Seconds to wait for the description to end.")] = 0,
) -> ProcessingStatus:
    """Return how far a file is. With `wait` the answer comes when its description has ended, or the time is over."""
    file = await find_file(request, caller.tenant_id, file_id)
    deadline, nap = time.monotonic() + wait, _SHORTEST_NAP
    while not _settled(file) and time.monotonic() < deadline and not await request.is_disconnected():
        await asyncio.sleep(min(nap, max(0.0, deadline - time.monotonic())))
        nap = min(nap * 1.3, _LONGEST_NAP)
        file = await find_file(request, caller.tenant_id, file.id)
    return shapes.processing_status(file)


@router.delete("/files/{file_id}", response_model=DeleteFileResult, responses=responses(401, 403, 404, 409))
async def delete_file(request: Request, caller: Writer, file_id: str) -> DeleteFileResult:
    """Delete a file. It is kept for 30 days in case it was a mistake, but no route shows it any more."""
    file = await find_file(request, caller.tenant_id, file_id)
    now = datetime.now(UTC)
    deleted = await run_in_threadpool(
        services_of(request).database.write,
        lambda transaction: transaction.files.mark_deleted(caller.tenant_id, file.id, now),
    )
    if not deleted:
        raise NotFound(f"There is no file '{file.id}'.", resource_type="file", resource_id=file.id)
    return DeleteFileResult(id=file.id, deleted_at=now, message=f"{file.filename} was deleted.")


@router.get(
    "/files/{file_id}/download",
    status_code=302,
    response_class=RedirectResponse,
    responses=responses(400, 401, 403, 404, 409, 503),
)
async def download_file(request: Request, caller: Reader, file_id: str) -> RedirectResponse:
    """Redirect to the file's bytes, by a signed link that is good for one hour."""
    file = await find_file(request, caller.tenant_id, file_id)
    return RedirectResponse(await original_url(request, file), 302)


@router.get(
    "/files/{file_id}/variants/{variant_type}",
    status_code=302,
    response_class=RedirectResponse,
    responses=responses(400, 401, 403, 404, 409, 422, 503),
)
async def get_variant(request: Request, caller: Reader, file_id: str, variant_type: VariantType) -> RedirectResponse:
    """Redirect to a rendition of an image, by a signed link that is good for one hour."""
    file = await find_file(request, caller.tenant_id, file_id)
    if file.media_type is not MediaType.IMAGE:
        raise WrongMediaType(f"{file.filename} is no image, so it has no variants.", media_type=file.media_type.value)
    if variant_type is VariantType.ORIGINAL:
        return RedirectResponse(await original_url(request, file), 302)
    variants = await run_in_threadpool(
        services_of(request).database.read, lambda transaction: transaction.variants.of([file.id])
    )
    url = links_of(request).of(file, variants.get(file.id, ()), variant_type)
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


def _settled(file: File) -> bool:
    return file.description_status in TERMINAL
