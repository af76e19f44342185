"""GET /files/{id}/similar: what else looks like this."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types.similar import SimilarFiles
from scopix_server.api import shapes
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import FilesDep, LinksDep, VectorSearchesDep
from scopix_server.api.problems import responses
from scopix_server.domain.similar import MIN_SCORE

__all__ = ["router"]

router = APIRouter(tags=["files"])


@router.get("/files/{file_id}/similar", response_model=SimilarFiles, responses=responses(400, 401, 403, 404, 409, 422))
async def get_similar(
    caller: Reader,
    files: FilesDep,
    links: LinksDep,
    turns: VectorSearchesDep,
    file_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    min_score: Annotated[float, Query(ge=0, le=1, description="How alike they are at least: 1 is the same.")] = (
        MIN_SCORE
    ),
) -> SimilarFiles:
    """List the tenant's images that look most like this one, the likest first; the image itself is not among them.

    404 tells in `description_status` when the image is there, but was not looked at yet.
    """

    def answer() -> SimilarFiles:
        file, found, variants = files.similar(caller.tenant_id, file_id, limit=limit, min_score=min_score)
        return shapes.similar_files(file, found, variants, links, min_score=min_score, limit=limit)

    async with turns:
        return await run_in_threadpool(answer)
