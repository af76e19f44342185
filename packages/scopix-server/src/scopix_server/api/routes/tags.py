"""The tenant's own list of tags: read, changed, and applied to the files that are there."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types import tags as wire
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import TagVocabulariesDep, ThreadsDep
from scopix_server.api.problems import responses
from scopix_server.domain.tag_vocabulary import TagVocabulary, Term, VocabularyMode

__all__ = ["router"]

router = APIRouter(prefix="/tags", tags=["tags"], route_class=JsonRoute)

_AT_ONCE = 200
"""Files that one request applies the vocabulary to: about a second's work."""


@router.get("/vocabulary", response_model=wire.TagVocabulary, responses=responses(401, 403))
async def get_vocabulary(caller: Reader, vocabularies: TagVocabulariesDep) -> wire.TagVocabulary:
    """Return the tenant's own list of tags."""
    return _shown(await run_in_threadpool(vocabularies.get, caller.tenant_id))


@router.put("/vocabulary", response_model=wire.TagVocabulary, responses=responses(400, 401, 403, 422))
async def set_vocabulary(
    caller: Writer, vocabularies: TagVocabulariesDep, body: wire.SetTagVocabularyRequest
) -> wire.TagVocabulary:
    """Replace the list. Descriptions that are made from now on follow it."""
    terms = [_term(term) for term in body.terms]
    return _shown(await run_in_threadpool(vocabularies.put, caller.tenant_id, VocabularyMode(body.mode), terms))


@router.post("/vocabulary/terms", response_model=wire.TagVocabulary, responses=responses(400, 401, 403, 422))
async def add_term(caller: Writer, vocabularies: TagVocabulariesDep, body: wire.TagTerm) -> wire.TagVocabulary:
    """Add a term, such as a tag that descriptions found; or synonyms to a term that is there."""
    return _shown(await run_in_threadpool(vocabularies.add, caller.tenant_id, _term(body)))


@router.delete("/vocabulary/terms", response_model=wire.TagVocabulary, responses=responses(401, 403, 404, 422))
async def remove_term(
    caller: Writer, vocabularies: TagVocabulariesDep, name: Annotated[str, Query(min_length=1, max_length=50)]
) -> wire.TagVocabulary:
    """Take a term off the list, with its synonyms."""
    return _shown(await run_in_threadpool(vocabularies.remove, caller.tenant_id, name))


@router.post("/vocabulary/apply", response_model=wire.ApplyVocabularyResponse, responses=responses(400, 401, 403, 422))
async def apply_vocabulary(
    caller: Writer, vocabularies: TagVocabulariesDep, threads: ThreadsDep, body: wire.ApplyVocabularyRequest
) -> wire.ApplyVocabularyResponse:
    """Bring the tags of the next 200 described files onto the list, without describing them again.

    Go on with `next_cursor` until it is null. What a person wrote stays; it may be repeated.
    """
    done = await threads.in_bulk(
        caller.tenant_id, lambda: vocabularies.apply(caller.tenant_id, body.cursor or "", limit=_AT_ONCE)
    )
    return wire.ApplyVocabularyResponse(examined=done.examined, changed=done.changed, next_cursor=done.last)


@router.get("/suggestions", response_model=wire.TagSuggestionList, responses=responses(401, 403, 422))
async def list_suggestions(
    caller: Reader, vocabularies: TagVocabulariesDep, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> wire.TagSuggestionList:
    """List tags that descriptions found and that the vocabulary does not have, the most frequent first."""
    found = await run_in_threadpool(lambda: vocabularies.suggestions(caller.tenant_id, limit=limit))
    items = [wire.TagSuggestion(tag=one.tag, file_count=one.files) for one in found]
    return wire.TagSuggestionList(items=items, total_count=len(items))


def _term(term: wire.TagTerm) -> Term:
    return Term(term.name, tuple(term.synonyms))


def _shown(vocabulary: TagVocabulary) -> wire.TagVocabulary:
    terms = [wire.TagTerm(name=term.name, synonyms=list(term.synonyms)) for term in vocabulary.terms]
    return wire.TagVocabulary(mode=vocabulary.mode.value, terms=terms, updated_at=vocabulary.updated_at)
