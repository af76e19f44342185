"""POST /ask: a question about the library, and what is found to it."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from scopix.types.ask import AskRequest, AskResponse
from scopix_server.api.ask_shapes import ask_response
from scopix_server.api.auth import Reader
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import AskLibraryDep, LinksDep, VectorSearchesDep
from scopix_server.api.problems import responses

__all__ = ["router"]

router = APIRouter(tags=["files"], route_class=JsonRoute)


@router.post("/ask", response_model=AskResponse, responses=responses(400, 401, 403, 422))
async def ask_library(
    caller: Reader, library: AskLibraryDep, turns: VectorSearchesDep, links: LinksDep, body: AskRequest
) -> AskResponse:
    """Reply to a question about the tenant's files: a table with what each row rests on, and sentences about it."""

    async with turns:
        reply = await run_in_threadpool(library.ask, caller.tenant_id, body.question, limit=body.limit)
    if body.engine:
        # Nobody's search waits for a language model.
        reply = await run_in_threadpool(library.worded, body.question, reply)
    return await run_in_threadpool(ask_response, body.question, reply, links)
