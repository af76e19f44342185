"""GET /search: what fits best, by words and by meaning."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types.search import SearchResults
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import CatalogueDep, LinksDep, SearchesDep, VectorSearchesDep
from scopix_server.api.filters import Conditions, search_notes
from scopix_server.api.problems import responses
from scopix_server.api.search_shapes import search_results
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.search import SearchBy

__all__ = ["router"]

router = APIRouter(tags=["files"])


@router.get("/search", response_model=SearchResults, responses=responses(401, 403, 422))
async def search_files(
    caller: Reader,
    criteria: Conditions,
    searches: SearchesDep,
    known: CatalogueDep,
    turns: VectorSearchesDep,
    links: LinksDep,
    query: Annotated[
        str, Query(min_length=1, max_length=1000, description="A few words, or a sentence, in any of 16 languages.")
    ],
    mode: Annotated[
        SearchBy, Query(description="By `words` that must all be there, by `meaning`, or `hybrid`: by both.")
    ] = SearchBy.HYBRID,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    include: Annotated[
        Literal["details"] | None, Query(description="Each hit with everything that is known about the file.")
    ] = None,
) -> SearchResults:
    """Find the tenant's files that fit a query, the best first, each with the reason. What fits badly is left out."""

    def respond() -> SearchResults:
        page = searches.search(
            caller.tenant_id, query, criteria, by=mode, limit=limit, with_details=include == "details"
        )
        notes = search_notes(FileFilter(search=query), known)
        return search_results(query, page, links, notes, limit=limit, with_details=include == "details")

    async with turns:
        return await run_in_threadpool(respond)
