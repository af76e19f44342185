"""Documents page by page: their pages, pieces of them for retrieval, and the pages that a search finds."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types.documents import DocumentChunkList, DocumentPageList, PageMatchList
from scopix_server.api import document_shapes
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import DocumentsDep
from scopix_server.api.problems import responses

__all__ = ["router"]

router = APIRouter(tags=["files"])

Offset = Annotated[int, Query(ge=0, le=1_000_000_000)]


@router.get(
    "/files/{file_id}/pages", response_model=DocumentPageList, responses=responses(400, 401, 403, 404, 409, 422)
)
async def get_pages(
    caller: Reader,
    documents: DocumentsDep,
    file_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Offset = 0,
    search: Annotated[
        str | None, Query(max_length=1000, description="Only the pages that hold all these words and phrases.")
    ] = None,
) -> DocumentPageList:
    """Return a document's pages with their text, in their order. They are there as they are read."""
    phrases = search if search and search.strip() else None
    file, progress, pages, total = await run_in_threadpool(
        lambda: documents.pages(caller.tenant_id, file_id, limit=limit, offset=offset, search=phrases)
    )
    return document_shapes.page_list(file.id, progress, pages, total, limit=limit, offset=offset)


@router.get(
    "/files/{file_id}/chunks", response_model=DocumentChunkList, responses=responses(400, 401, 403, 404, 409, 422)
)
async def get_chunks(
    caller: Reader,
    documents: DocumentsDep,
    file_id: str,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Offset = 0,
) -> DocumentChunkList:
    """Return a document's text in pieces for retrieval, each with its page and its place there."""
    file, progress, chunks = await run_in_threadpool(
        lambda: documents.chunks(caller.tenant_id, file_id, limit=limit, offset=offset)
    )
    return document_shapes.chunk_list(file.id, progress, chunks, limit=limit, offset=offset)


@router.get("/pages", response_model=PageMatchList, responses=responses(401, 403, 422))
async def search_pages(
    caller: Reader,
    documents: DocumentsDep,
    search: Annotated[
        str, Query(min_length=1, max_length=1000, description="Words and phrases that a page must hold.")
    ],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Offset = 0,
) -> PageMatchList:
    """Search all documents of the tenant, and return the pages that hold all words, with the line of the first."""
    found, total = await run_in_threadpool(
        lambda: documents.search(caller.tenant_id, search, limit=limit, offset=offset)
    )
    return document_shapes.match_list(found, total, search, limit=limit, offset=offset)
