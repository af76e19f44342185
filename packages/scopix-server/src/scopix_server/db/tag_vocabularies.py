"""Tenants' own lists of tags, and the tags that descriptions got by them."""

from collections.abc import Sequence

import sqlalchemy as sa

from scopix_server.db.locks import lock
from scopix_server.db.schema import descriptions, file_tags, files, tag_vocabularies
from scopix_server.db.search import SearchIndex
from scopix_server.domain.tag_vocabulary import TagCount, TagVocabulary, Term, VocabularyMode

__all__ = ["SqlTagVocabularies"]


class SqlTagVocabularies:
    """The `TagVocabularyRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, tenant_id: str, *, to_change: bool = False) -> TagVocabulary:
        if to_change:
            lock(self._connection, "tag vocabulary", tenant_id)
        query = sa.select(tag_vocabularies).where(tag_vocabularies.c.tenant_id == tenant_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return TagVocabulary()
        terms = tuple(Term(name, tuple(synonyms)) for name, synonyms in row["terms"])
        return TagVocabulary(VocabularyMode(row["mode"]), terms, row["updated_at"])

    def put(self, tenant_id: str, vocabulary: TagVocabulary) -> None:
        values = {
            "mode": vocabulary.mode.value,
            "terms": [[term.name, list(term.synonyms)] for term in vocabulary.terms],
            "updated_at": vocabulary.updated_at,
        }
        mine = tag_vocabularies.c.tenant_id == tenant_id
        if not self._connection.execute(tag_vocabularies.update().where(mine).values(values)).rowcount:
            self._connection.execute(tag_vocabularies.insert().values(tenant_id=tenant_id, **values))

    def in_use(self, tenant_id: str, *, limit: int) -> Sequence[TagCount]:
        number = sa.func.count().label("number")
        query = (
            sa.select(file_tags.c.tag, number)
            .join_from(file_tags, files)
            .where(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), file_tags.c.source == "ai")
            .group_by(file_tags.c.tag)
            .order_by(number.desc(), file_tags.c.tag)
            .limit(limit)
        )
        return [TagCount(tag, count) for tag, count in self._connection.execute(query)]

    def described(self, tenant_id: str, after: str, *, limit: int) -> Sequence[str]:
        here = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), files.c.id > after)
        query = sa.select(files.c.id).where(here, files.c.description_current.is_not(None))
        return self._connection.execute(query.order_by(files.c.id).limit(limit)).scalars().all()

    def retag(self, file_id: str, revision: int, tags: Sequence[str], given: Sequence[str]) -> None:
        version = sa.and_(descriptions.c.file_id == file_id, descriptions.c.revision == revision)
        values = {"tags": list(tags), "given_tags": list(given)}
        self._connection.execute(descriptions.update().where(version).values(values))
        text = sa.select(descriptions.c.description, descriptions.c.visible_text).where(version)
        described, visible_text = self._connection.execute(text).one()
        SearchIndex(self._connection).update_description(file_id, described, visible_text, tags)
