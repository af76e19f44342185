"""GET /files/{id}/similar: what else looks like this."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.similar import SimilarFiles
from scopix_server.api import shapes
from scopix_server.api.auth import Reader
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_file, links_of
from scopix_server.api.services import services_of
from scopix_server.domain.ports import Transaction
from scopix_server.domain.similar import LEAST_SCORE
from scopix_server.pipeline.similar import find_similar

__all__ = ["router"]

router = APIRouter(tags=["files"])

# Among 100,000 images a search keeps a core busy for half a second, and a connection of the database: more than these
# wait for each other, not everybody for them.
_AT_ONCE = asyncio.Semaphore(2)


@router.get("/files/{file_id}/similar", response_model=SimilarFiles, responses=responses(400, 401, 403, 404, 409, 422))
async def get_similar(
    request: Request,
    caller: Reader,
    file_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    min_score: Annotated[float, Query(ge=0, le=1, description="How alike they are at least: 1 is the same.")] = (
        LEAST_SCORE
    ),
) -> SimilarFiles:
    """List the tenant's images that look most like this one, the likest first; the image itself is not among them.

    404 tells in `description_status` when the image is there, but was not looked at yet.
    """
    file = await find_file(request, caller.tenant_id, file_id)

    def look(transaction: Transaction) -> SimilarFiles:
        found = find_similar(transaction, file, limit=limit, min_score=min_score)
        variants = transaction.variants.of([each.file.id for each in found])
        return shapes.similar_files(file, found, variants, links_of(request), min_score=min_score, limit=limit)

    async with _AT_ONCE:
        return await run_in_threadpool(services_of(request).database.read, look)
