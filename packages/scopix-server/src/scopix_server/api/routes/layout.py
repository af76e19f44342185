"""GET /files/layout: the proportions of a whole list, so that a page can lay out all of it before it loads any."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from scopix.types.files import FileLayout
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import FilesDep
from scopix_server.api.filters import Filter
from scopix_server.api.problems import responses

__all__ = ["router"]

router = APIRouter(tags=["files"])

_MAX_RATIOS = 200_000
"""Numbers in one answer: about 800 KB of JSON, and twice the largest library this is measured with."""


@router.get("/files/layout", response_model=FileLayout, responses=responses(401, 403, 422))
async def get_layout(caller: Reader, criteria: Filter, files: FilesDep) -> FileLayout:
    """Return the aspect ratio of each file of a list, in the order of the list: those of `GET /files` with this filter.

    `ratios` holds width divided by height in hundredths, 0 where the size is unknown, for the first 200,000 files.
    """
    sizes = await run_in_threadpool(lambda: files.sizes(caller.tenant_id, criteria, limit=_MAX_RATIOS))
    # Built without validation: 100,000 numbers of our own would be looked at one by one.
    ratios = [round(100 * width / height) if width and height else 0 for width, height in sizes]
    return FileLayout.model_construct(ratios=ratios)
