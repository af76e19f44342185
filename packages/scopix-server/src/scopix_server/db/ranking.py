"""Hits of words: how many, in what order by what tells most, and whether a file is one.

Which text holds a word decides the order. To rank all hits of a common word would cost in proportion to them, and the
thousandth of them is looked at by nobody: the newest 2,000 are ranked, the older ones follow them, newest first.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from scopix_server.db.matching import matches, reads, score
from scopix_server.db.schema import files, search_documents
from scopix_server.db.search import tenant_word
from scopix_server.db.selection import Selection, counted, is_tagged, is_visible, rows_of, search_index
from scopix_server.domain.listing import Total

__all__ = ["count_hits", "is_found", "list_ranked"]

MAX_RANKED = 2_000
"""Hits that are ranked, the newest: a score is reckoned from the texts, and a common word is in most of a tenant's."""


def count_hits(connection: sa.Connection, tenant_id: str, selection: Selection, max_counted: int | None) -> Total:
    """Return how many files there are, as far as that number.

    Where words are all that is asked for, the index of texts alone is read.
    """
    dialect = connection.dialect.name
    if not selection.is_of_words:
        return counted(connection, rows_of(dialect, tenant_id, selection, [files.c.id]), max_counted)
    source: sa.FromClause = search_index if dialect == "sqlite" else search_documents
    held = matches(dialect, selection.lookups, tenant=tenant_word(tenant_id))
    return counted(connection, sa.select(sa.literal(1)).select_from(source).where(held), max_counted)


def list_ranked(
    connection: sa.Connection,
    tenant_id: str,
    selection: Selection,
    columns: Sequence[sa.Column[Any]],
    *,
    limit: int,
    offset: int,
) -> list[sa.RowMapping]:
    """Return those columns of a part of the hits, best first."""
    dialect = connection.dialect.name
    number = search_documents.c.number
    # As the index has them: on SQLite it gives the newest first, and need not find the others.
    newest = (search_index.c.rowid if dialect == "sqlite" else number).desc()
    best = score(dialect, selection.lookups).label("score")
    hits = rows_of(dialect, tenant_id, selection, [files.c.id, number, best]).order_by(newest)
    ranked = hits.limit(MAX_RANKED).subquery("ranked")
    query = sa.select(*columns).select_from(ranked.join(files, files.c.id == ranked.c.id))
    order = ranked.c.score.desc(), ranked.c.number.desc()
    rows = [*connection.execute(query.order_by(*order).limit(limit).offset(offset)).mappings()]
    if offset + limit > MAX_RANKED:
        older = rows_of(dialect, tenant_id, selection, columns).order_by(newest).offset(max(offset, MAX_RANKED))
        rows += connection.execute(older.limit(limit - len(rows))).mappings()
    return rows


def is_found(dialect: str, tenant_id: str, selection: Selection) -> sa.ColumnElement[bool]:
    """Say of a row of `files` what `rows_of` says of all, for a query that goes through files in their order."""
    conditions = [is_visible(tenant_id, selection), *(is_tagged(tag) for tag in selection.tags)]
    if selection.lookups:
        held = reads(dialect, selection.lookups, tenant=tenant_word(tenant_id))
        text = sa.exists().select_from(search_documents).where(search_documents.c.file_id == files.c.id, held)
        conditions.append(text.correlate(files))
    return sa.and_(*conditions)
