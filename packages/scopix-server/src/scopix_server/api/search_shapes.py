"""What a search found, on the wire."""

from collections.abc import Sequence

from scopix.types.search import SearchHit, SearchResults
from scopix_server.api.file_links import Links
from scopix_server.api.shapes import file_details, file_summary
from scopix_server.library.search import SearchPage

__all__ = ["search_results"]


def search_results(
    query: str, page: SearchPage, links: Links, notes: Sequence[str], *, limit: int, with_details: bool
) -> SearchResults:
    """Answer a search."""
    items = []
    for hit in page.hits:
        file, variants = hit.file, page.variants.get(hit.file.id, ())
        details = None
        if with_details:
            seen, document = page.perceptions.get(file.id), page.documents.get(file.id)
            details = file_details(file, variants, page.versions.get(file.id, ()), seen, links, document)
        items.append(
            SearchHit(
                file=file_summary(file, variants, links),
                score=round(hit.ranked.score, 4),
                found_by=[by.value for by in hit.ranked.found_by],
                similarity=None if hit.similarity is None else round(hit.similarity, 4),
                page=hit.page,
                details=details,
            )
        )
    return SearchResults(
        query=query,
        mode=page.by.value,
        items=items,
        limit=limit,
        is_complete=page.is_complete,
        notes=list(notes),
    )
