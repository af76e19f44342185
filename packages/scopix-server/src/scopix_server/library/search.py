"""Searching a tenant's files by words and by what they mean, the best first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scopix.types.vocabulary import MediaType
from scopix_server.domain.description import Perception
from scopix_server.domain.document import DocumentProgress
from scopix_server.domain.embedding import TextEmbedder
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import File, Variant
from scopix_server.domain.listing import FileFilter, SortBy
from scopix_server.domain.ports import Database, DescriptionRecord, Transaction
from scopix_server.domain.search import MIN_SIMILARITY, Ranked, SearchBy, fused
from scopix_server.domain.search_query import parse_search
from scopix_server.domain.words import words_of
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.nearest import Nearest, nearest

__all__ = ["Hit", "SearchPage", "Searches"]

_DEPTH = 100
"""Files of each list that are fused: no more are given out, and what is behind adds next to nothing to a score."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that was found; `similarity` and `page` say how near which page of it is in meaning, if that is why."""

    file: File
    ranked: Ranked
    similarity: float | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a search found. `by` is what it went by; not `is_complete` while texts are still to be embedded."""

    hits: Sequence[Hit]
    by: SearchBy
    is_complete: bool
    variants: Mapping[str, tuple[Variant, ...]]
    versions: Mapping[str, Sequence[DescriptionRecord]] = field(default_factory=dict)
    perceptions: Mapping[str, Perception] = field(default_factory=dict)
    documents: Mapping[str, DocumentProgress] = field(default_factory=dict)


class Searches:
    """Searches of all tenants. Blocks; the first that goes by meaning loads the model.

    Args:
        embedder: None where texts are not embedded: then a search for both goes by words.
    """

    def __init__(self, database: Database, embedder: TextEmbedder | None, kept: KeptVectors) -> None:
        self._database = database
        self._embedder = embedder
        self._kept = kept

    def search(
        self, tenant_id: str, query: str, criteria: FileFilter, *, by: SearchBy, limit: int, with_details: bool
    ) -> SearchPage:
        """Return the `limit` files that fit `query` best, of those that meet `criteria`, whose own words do not count.

        Raises:
            ValidationFailed: nothing is looked for; or it is to go by meaning alone where texts are not embedded.
        """
        if not query.strip():
            raise ValidationFailed("There is nothing to look for.", field="query")
        if self._embedder is None:
            if by is SearchBy.MEANING:
                raise ValidationFailed("This server finds nothing by its meaning; search by words.", field="mode")
            by = SearchBy.WORDS
        understood, vector = parse_search(query), None
        if self._embedder is not None and by is not SearchBy.WORDS and words_of(understood.plain):
            vector = self._embedder.embed([understood.plain])[0]
        # Whatever is found must meet the conditions.
        strict = replace(criteria, search=understood.strict or None)

        def read(transaction: Transaction) -> SearchPage:
            lists: dict[SearchBy, Sequence[str]] = {}
            if by is not SearchBy.MEANING:
                lists[SearchBy.WORDS] = _by_words(transaction, tenant_id, query, criteria)
            near = {} if vector is None else self._by_meaning(transaction, tenant_id, vector, strict)
            if vector is not None:
                lists[SearchBy.MEANING] = list(near)
            is_complete = vector is None or not transaction.embeddings.pending(tenant_id)
            best = fused(lists)[:limit]
            return _page(transaction, tenant_id, best, near, by, is_complete=is_complete, with_details=with_details)

        return self._database.read(read)

    def _by_meaning(
        self, transaction: Transaction, tenant_id: str, vector: bytes, criteria: FileFilter
    ) -> dict[str, Nearest]:
        assert self._embedder is not None
        found = nearest(
            self._kept,
            transaction.embeddings.rows(self._embedder.model),
            tenant_id,
            vector,
            limit=_DEPTH,
            floor=MIN_SIMILARITY,
            accepted=lambda ids: transaction.files.matching(tenant_id, criteria, ids),
        )
        return {each.file_id: each for each in found}


def _by_words(transaction: Transaction, tenant_id: str, query: str, criteria: FileFilter) -> list[str]:
    best_first = replace(criteria, search=query, sort_by=SortBy.RELEVANCE)
    found, _ = transaction.files.page(tenant_id, best_first, limit=_DEPTH, offset=0)
    return [file.id for file in found]


def _page(
    transaction: Transaction,
    tenant_id: str,
    best: Sequence[Ranked],
    near: Mapping[str, Nearest],
    by: SearchBy,
    *,
    is_complete: bool,
    with_details: bool,
) -> SearchPage:
    ids = [ranked.file_id for ranked in best]
    files = transaction.files.these(tenant_id, ids)
    hits = []
    for ranked in best:
        found = near.get(ranked.file_id)
        similarity, page = (found.score, found.page) if found else (None, None)
        hits.append(Hit(files[ranked.file_id], ranked, similarity, page))
    variants = transaction.variants.of(ids)
    if not with_details:
        return SearchPage(hits, by, is_complete, variants)
    return SearchPage(
        hits,
        by,
        is_complete,
        variants,
        transaction.descriptions.all_versions(ids),
        transaction.descriptions.perceptions(ids),
        transaction.documents.all_progress([f.id for f in files.values() if f.media_type is MediaType.DOCUMENT]),
    )
