"""The distinct words of each tenant's texts: what words are found by that are searched in part, or with a slip.

An index over parts of words would be several times the texts' size; one over the distinct words is a fiftieth of it,
and the words that it finds are looked up in the index of texts as if they had been typed. A word goes with the last
text that holds it, when that is changed or its file is removed for good.
"""

import json
from collections.abc import Collection

import sqlalchemy as sa

from scopix_server.db.search_tables import search_words
from scopix_server.domain.words import can_be_mistyped, can_be_part, differs_by_one

__all__ = ["SqlWords"]

MAX_WORDS = 200
"""Words that are looked up for one; the shortest, which are nearest to it."""
_MAX_MISTYPED = 20
_BEYOND = "\U0010ffff"  # behind every word that begins as one does
_ADD = {
    "sqlite": "SELECT :tenant_id, value FROM json_each(:words)",
    # Two transactions may enter a word twice. That harms nothing, and neither waits for the other.
    "postgresql": (
        "SELECT CAST(:tenant_id AS varchar), value "
        "FROM json_array_elements_text(CAST(:words AS json)) AS each_word(value)"
    ),
}
_NEW = " WHERE NOT EXISTS (SELECT 1 FROM search_words WHERE tenant_id = CAST(:tenant_id AS varchar) AND word = value)"
# A tenant's own word parts its texts from those of others before any is looked at. Those of deleted files have none:
# their words are entered again when one is restored.
_HELD = {
    "sqlite": (
        "SELECT 1 FROM search_index WHERE search_index MATCH 'tenant : ' || :tenant || ' AND \"' || word || '\"'"
    ),
    "postgresql": (
        "SELECT 1 FROM search_documents WHERE tenant = :tenant AND (metadata_words @@ quote_literal(word)::tsquery "
        "OR visible_words @@ quote_literal(word)::tsquery)"
    ),
}
_NAMED = {
    "sqlite": "SELECT value FROM json_each(:words)",
    "postgresql": "SELECT value FROM json_array_elements_text(CAST(:words AS json)) AS each_word(value)",
}
# On SQLite: a virtual table, of which SQLAlchemy has no notion.
_word_index = sa.table("search_word_index", sa.column("rowid"), sa.column("word"))


class SqlWords:
    """A tenant's words, entered with the texts that hold them and asked for by parts of them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, tenant_id: str, words: Collection[str]) -> None:
        """Enter those of the words that are not there."""
        if words:
            entered = f"INSERT INTO search_words (tenant_id, word) {_ADD[self._connection.dialect.name]}{_NEW}"
            values = {"tenant_id": tenant_id, "words": json.dumps(sorted(words))}
            self._connection.execute(sa.text(entered), values)

    def remove_unused(self, tenant_id: str, words: Collection[str], *, tenant: str) -> None:
        """Remove those of the words that no text holds any more; `tenant` is the tenant's word of the index."""
        if words:
            dialect = self._connection.dialect.name
            unused = f"word IN ({_NAMED[dialect]}) AND NOT EXISTS ({_HELD[dialect]})"
            values = {"tenant_id": tenant_id, "words": json.dumps(sorted(words)), "tenant": tenant}
            self._connection.execute(
                sa.text(f"DELETE FROM search_words WHERE tenant_id = :tenant_id AND {unused}"),  # noqa: S608
                values,
            )

    def others(self, tenant_id: str, word: str) -> list[str]:
        """Return other words that a searched one stands for: longer ones that it is in, or it spelt right.

        What begins with the word is left out: the index of texts finds it as it is. Only where no word of the tenant
        holds it, those that differ by one letter are returned.
        """
        found = self._containing(tenant_id, word) if can_be_part(word) else []
        if found or not can_be_mistyped(word) or self._begins(tenant_id, word):
            return found
        return self._similar(tenant_id, word)

    def _containing(self, tenant_id: str, word: str) -> list[str]:
        holds = (*self._holding(f"%{word}%"), sa.not_(_beginning(word)))
        order = sa.func.length(search_words.c.word), search_words.c.word
        query = sa.select(search_words.c.word).where(search_words.c.tenant_id == tenant_id, *holds)
        # One of each, as DISTINCT gives them, which PostgreSQL puts in no order of a length.
        query = query.group_by(search_words.c.word).order_by(*order).limit(MAX_WORDS)
        return list(self._connection.execute(query).scalars())

    def _begins(self, tenant_id: str, word: str) -> bool:
        query = sa.select(sa.literal(1)).where(search_words.c.tenant_id == tenant_id, _beginning(word)).limit(1)
        return self._connection.execute(query).first() is not None

    def _similar(self, tenant_id: str, word: str) -> list[str]:
        # One slip leaves one half as it is, or it turned the letters in the middle.
        half = len(word) // 2
        turned = word[: half - 1] + word[half] + word[half - 1] + word[half + 1 :]
        mine = search_words.c.tenant_id == tenant_id
        near = sa.func.length(search_words.c.word).between(len(word) - 1, len(word) + 1)
        words = sa.select(search_words.c.word)
        query = sa.union(
            words.where(mine, near, _beginning(word[:half])),
            words.where(mine, near, *self._holding(f"%{word[half:]}")),
            words.where(mine, search_words.c.word == turned),
        )
        found = self._connection.execute(query).scalars()
        return sorted(other for other in found if differs_by_one(word, other))[:_MAX_MISTYPED]

    def _holding(self, pattern: str) -> list[sa.ColumnElement[bool]]:
        # Words are of letters and digits, none of which means anything in a pattern.
        if self._connection.dialect.name != "sqlite":
            return [search_words.c.word.like(pattern)]
        return [search_words.c.number.in_(sa.select(_word_index.c.rowid).where(_word_index.c.word.like(pattern)))]


def _beginning(word: str) -> sa.ColumnElement[bool]:
    return sa.and_(search_words.c.word >= word, search_words.c.word < word + _BEYOND)
