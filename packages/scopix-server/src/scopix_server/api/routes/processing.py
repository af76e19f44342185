"""Files whose processing needs a hand: those that are stuck, and renditions to be made again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.files import StuckFiles, VariantGeneration
from scopix.types.vocabulary import MediaType, VariantStatus
from scopix_server.api import shapes
from scopix_server.api.auth import Admin, Writer
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_file
from scopix_server.api.services import services_of
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.ports import Transaction

__all__ = ["router"]

router = APIRouter(tags=["files"])

_ON_THE_WAY = frozenset({VariantStatus.PENDING, VariantStatus.PROCESSING})


@router.get("/files/stuck", response_model=StuckFiles, responses=responses(401, 403, 422))
async def list_stuck_files(
    request: Request,
    caller: Admin,
    stuck_minutes: Annotated[int, Query(ge=1, le=1_000_000, description="Nothing happened for so long.")] = 30,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StuckFiles:
    """List files that are not done though nothing has happened to them for a while, the oldest first.

    They wait for a worker, or for one that is busy with others; none is lost.
    """
    before = datetime.now(UTC) - timedelta(minutes=stuck_minutes)
    found, total = await run_in_threadpool(
        services_of(request).database.read, lambda t: t.files.unfinished(caller.tenant_id, before, limit=limit)
    )
    return StuckFiles(stuck_count=total, images=[shapes.processing_status(file, is_stuck=True) for file in found])


@router.post(
    "/files/{file_id}/variants",
    response_model=VariantGeneration,
    responses=responses(400, 401, 403, 404, 409),
)
async def make_variants_again(request: Request, caller: Writer, file_id: str) -> VariantGeneration:
    """Make an image's renditions again. Those that there are stay until the new ones replace them."""
    file, jobs = await find_file(request, caller.tenant_id, file_id), services_of(request).jobs
    if file.media_type is not MediaType.IMAGE:
        raise WrongMediaType(f"{file.filename} is no image, so it has no variants.", media_type=file.media_type.value)

    def ask(transaction: Transaction) -> str | None:
        current = transaction.files.get(caller.tenant_id, file.id)
        if current is None:
            raise NotFound(f"There is no file '{file.id}'.", resource_type="file", resource_id=file.id)
        if current.variant_status in _ON_THE_WAY:
            return None
        transaction.variants.ask_again(file.id, datetime.now(UTC))
        return jobs.enqueue_variants_again(transaction, file.id)

    task = await run_in_threadpool(services_of(request).database.write, ask)
    waiting = "The variants are queued already." if task is None else "The variants are queued."
    return VariantGeneration(
        success=True,
        message=waiting,
        task_id=task,
        current_status=VariantStatus.PENDING,
        image_id=file.id,
        skipped_duplicate=task is None,
    )
