"""A tenant's own list of tags: kept, changed, and applied to the files that are there."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scopix_server.domain.engines import HUMAN
from scopix_server.domain.errors import NotFound
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.tag_vocabulary import (
    TagCount,
    TagVocabulary,
    Term,
    VocabularyMode,
    check_terms,
    tags_by,
    with_term,
)
from scopix_server.library.redescribe import PORTION

__all__ = ["Applied", "TagVocabularies"]

_MAX_COUNTED = 2_000
"""Tags in use that are looked at for those that the list has not: a list of a thousand terms leaves as many."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How many files were looked at, how many got other tags, and the last of them; None when all are done."""

    examined: int
    changed: int
    last: str | None


class TagVocabularies:
    """The lists of tenants. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant_id: str) -> TagVocabulary:
        """Return a tenant's list; an empty one in mode FREE where none was made."""
        return self._database.read(lambda t: t.tag_vocabularies.get(tenant_id))

    def put(self, tenant_id: str, mode: VocabularyMode, terms: Iterable[Term]) -> TagVocabulary:
        """Replace a tenant's list. Raises ValidationFailed."""
        vocabulary = TagVocabulary(mode, check_terms(terms), datetime.now(UTC))

        def save(transaction: Transaction) -> TagVocabulary:
            transaction.tag_vocabularies.get(tenant_id, to_change=True)
            transaction.tag_vocabularies.put(tenant_id, vocabulary)
            return vocabulary

        return self._database.write(save)

    def add(self, tenant_id: str, term: Term) -> TagVocabulary:
        """Add a term, or synonyms to one that is there; a list in mode FREE becomes one in mode PREFER.

        Raises:
            ValidationFailed: it is no tag, or another term claims one of its words.
        """

        def save(transaction: Transaction) -> TagVocabulary:
            before = transaction.tag_vocabularies.get(tenant_id, to_change=True)
            # Who adds the first term wants it to be used.
            mode = before.mode if before.terms else VocabularyMode.PREFER
            after = replace(with_term(before, term), mode=mode, updated_at=datetime.now(UTC))
            transaction.tag_vocabularies.put(tenant_id, after)
            return after

        return self._database.write(save)

    def remove(self, tenant_id: str, name: str) -> TagVocabulary:
        """Take a term off the list. Raises NotFound."""

        def save(transaction: Transaction) -> TagVocabulary:
            before = transaction.tag_vocabularies.get(tenant_id, to_change=True)
            left = tuple(term for term in before.terms if term.name.casefold() != name.strip().casefold())
            if len(left) == len(before.terms):
                raise NotFound(f"The vocabulary has no term '{name[:64]}'.", resource_type="tag")
            after = replace(before, terms=left, updated_at=datetime.now(UTC))
            transaction.tag_vocabularies.put(tenant_id, after)
            return after

        return self._database.write(save)

    def suggestions(self, tenant_id: str, *, limit: int) -> Sequence[TagCount]:
        """Return the tags that descriptions found and that the list does not have, the most frequent first."""

        def read(transaction: Transaction) -> list[TagCount]:
            vocabulary = transaction.tag_vocabularies.get(tenant_id)
            known = replace(vocabulary, mode=VocabularyMode.PREFER)
            found = transaction.tag_vocabularies.in_use(tenant_id, limit=_MAX_COUNTED)
            names = {term.name.casefold() for term in vocabulary.terms}
            # One that the list has nothing to say of comes back as it was.
            new = [one for one in found if one.tag not in names and tags_by(known, [one.tag], "") == (one.tag,)]
            return new[:limit]

        return self._database.read(read)

    def apply(self, tenant_id: str, after: str, *, limit: int) -> Applied:
        """Bring the tags of the next files, in the order of their ids, onto the list; without asking any engine.

        What a person wrote stays. It may be repeated: it goes by the tags as they were given.
        """
        ids = self._database.read(lambda t: t.tag_vocabularies.described(tenant_id, after, limit=limit))
        changed = 0
        for start in range(0, len(ids), PORTION):
            some = ids[start : start + PORTION]
            changed += self._database.write(functools.partial(_apply, tenant_id=tenant_id, file_ids=some))
        return Applied(len(ids), changed, ids[-1] if len(ids) == limit else None)


def _apply(transaction: Transaction, tenant_id: str, file_ids: Sequence[str]) -> int:
    vocabulary, changed = transaction.tag_vocabularies.get(tenant_id), 0
    for record in transaction.descriptions.current(file_ids).values():
        described = record.description
        if described.engine == HUMAN:
            continue
        given = described.tags if record.given_tags is None else record.given_tags
        tags = tags_by(vocabulary, given, described.text)
        if tags != described.tags:
            transaction.tag_vocabularies.retag(record.file_id, record.revision, tags, given)
            changed += 1
    return changed
