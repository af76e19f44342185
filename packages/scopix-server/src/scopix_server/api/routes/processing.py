"""Files whose processing needs a hand: those that are stuck, and variants to be made again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types.files import StuckFiles, VariantGeneration
from scopix.types.vocabulary import VariantStatus
from scopix_server.api import shapes
from scopix_server.api.auth import Admin, Writer
from scopix_server.api.dependencies import EditorDep, FilesDep
from scopix_server.api.problems import responses

__all__ = ["router"]

router = APIRouter(tags=["files"])


@router.get("/files/stuck", response_model=StuckFiles, responses=responses(401, 403, 422))
async def list_stuck_files(
    caller: Admin,
    files: FilesDep,
    stuck_minutes: Annotated[int, Query(ge=1, le=1_000_000, description="Nothing happened for so long.")] = 30,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StuckFiles:
    """List files that are not done though nothing has happened to them for a while, the oldest first.

    They wait for a worker, or for one that is busy with others; none is lost.
    """
    before = datetime.now(UTC) - timedelta(minutes=stuck_minutes)
    found, total, engines = await run_in_threadpool(lambda: files.unfinished(caller.tenant_id, before, limit=limit))
    images = [
        shapes.processing_status(file, is_stuck=True, engine=engines.get(file.description_engine or ""))
        for file in found
    ]
    return StuckFiles(stuck_count=total, images=images)


@router.post(
    "/files/{file_id}/variants",
    response_model=VariantGeneration,
    responses=responses(400, 401, 403, 404, 409),
)
async def make_variants_again(caller: Writer, editor: EditorDep, file_id: str) -> VariantGeneration:
    """Make an image's variants again. Those that there are stay until the new ones replace them."""
    file, task = await run_in_threadpool(editor.make_variants_again, caller.tenant_id, file_id)
    waiting = "The variants are queued already." if task is None else "The variants are queued."
    return VariantGeneration(
        success=True,
        message=waiting,
        task_id=task,
        current_status=VariantStatus.PENDING,
        image_id=file.id,
        skipped_duplicate=task is None,
    )
