"""The words of a search as conditions on the texts: on SQLite for FTS5, on PostgreSQL for its columns of words.

Both give the same answers: which words a text has is told by the index, what stands together by the text itself.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from scopix_server.db.schema import search_documents
from scopix_server.db.words import SqlWords
from scopix_server.domain.listing import SearchMode, TextField
from scopix_server.domain.search_query import Lookup, Term

__all__ = ["look_up", "matches", "reads", "score"]

_METADATA = (TextField.TITLE, TextField.DESCRIPTION, TextField.TAGS)
_FIELDS = {
    SearchMode.ALL: (*_METADATA, TextField.TEXT),
    SearchMode.METADATA: _METADATA,
    SearchMode.VISIBLE_TEXT: (TextField.TEXT,),
}
# On PostgreSQL: the columns of words, and the texts that each is made of.
_VECTORS = {"metadata_words": _METADATA, "visible_words": (TextField.TEXT,)}
# A word in the title says most about a file, then one that somebody or something chose as its tag; what is read on it
# may be anything. As it was searched it counts a third more than inside another word.
_WEIGHTS = {TextField.TITLE: (16, 12), TextField.TAGS: (10, 8), TextField.DESCRIPTION: (4, 3), TextField.TEXT: (1, 1)}


def look_up(connection: sa.Connection, tenant_id: str, terms: Sequence[Term], mode: SearchMode) -> list[Lookup]:
    """Return where each term is looked for, and which other words of the tenant it finds.

    A term's own field takes precedence over the mode.
    """
    words = SqlWords(connection)
    found = []
    for term in terms:
        is_word = len(term.words) == 1 and not (term.is_quoted or term.is_excluded)
        others = words.others(tenant_id, term.words[0]) if is_word else []
        found.append(Lookup(term, (term.field,) if term.field else _FIELDS[mode], tuple(others)))
    return found


def matches(dialect: str, lookups: Sequence[Lookup], *, tenant: str | None = None) -> sa.ColumnElement[bool]:
    """Say that the texts of a row of `search_documents` hold all terms, and none of the excluded ones.

    On SQLite it is for a query that `search_index` is joined to if any term is not excluded. With `tenant`, a word of
    the index, the texts are that tenant's and their files are not deleted.
    """
    if dialect != "sqlite":
        mine = [] if tenant is None else [search_documents.c.tenant == tenant]
        return sa.and_(*mine, *(_holds(each) if not each.term.is_excluded else ~_holds(each) for each in lookups))
    required = " AND ".join(_expression(each) for each in lookups if not each.term.is_excluded)
    excluded = " OR ".join(_expression(each) for each in lookups if each.term.is_excluded)
    if required:
        required = f"tenant : {tenant} AND {required}" if tenant else required
        return _match(f"({required}) NOT ({excluded})" if excluded else required)
    index = sa.table("search_index", sa.column("rowid"))
    without = search_documents.c.number.not_in(sa.select(index.c.rowid).where(_match(excluded)))
    return without if tenant is None else sa.and_(search_documents.c.tenant == tenant, without)


def reads(dialect: str, lookups: Sequence[Lookup], *, tenant: str) -> sa.ColumnElement[bool]:
    """Say the same of a single row, for a query that goes from row to row: on SQLite by reading its texts.

    There the index gathers all that begins with a word whenever it is asked, be it about one row.
    """
    if dialect != "sqlite":
        return matches(dialect, lookups, tenant=tenant)
    held = [sa.or_(*(_has(dialect, field, each) for field in each.fields)) for each in lookups]
    signed = [~has if each.term.is_excluded else has for each, has in zip(lookups, held, strict=True)]
    return sa.and_(search_documents.c.tenant == tenant, *signed)


def score(dialect: str, lookups: Sequence[Lookup]) -> sa.ColumnElement[int]:
    """Say how near a file that holds all terms is to what they ask: the higher, the more tells in what they are.

    A term counts once, by the best of the texts that hold it.
    """
    total: sa.ColumnElement[int] = sa.literal(0)
    for each in lookups:
        if each.term.is_excluded:
            continue
        cases = []
        for field, (whole, part) in _WEIGHTS.items():
            # What holds it in no other text does in the last, which may be very long.
            if field in each.fields and field is not TextField.TEXT:
                cases += [(_has_whole(field, each), whole), (_has(dialect, field, each), part)]
        rest = _WEIGHTS[TextField.TEXT][0]
        total = total + (sa.case(*cases, else_=rest) if cases else sa.literal(rest))
    return total


def _match(expression: str) -> sa.ColumnElement[bool]:
    return sa.literal_column("search_index").bool_op("MATCH")(sa.literal(expression))


def _expression(lookup: Lookup) -> str:
    # The words hold letters and digits only, so they need no escaping; each term's last word may go on.
    texts = [f'"{" ".join(lookup.term.words)}" *', *(f'"{other}"' for other in lookup.others)]
    return f"({{{' '.join(field.value for field in lookup.fields)}}} : ({' OR '.join(texts)}))"


def _holds(lookup: Lookup) -> sa.ColumnElement[bool]:
    """Say on PostgreSQL that one of the texts holds the words together, the last of which may go on, or another."""
    words = lookup.term.words
    together = " & ".join(f"'{word}'" for word in words)
    expression = " | ".join([f"({together}:*)", *(f"'{other}'" for other in lookup.others)])
    found = []
    for vector, fields in _VECTORS.items():
        here = [field for field in fields if field in lookup.fields]
        if not here:
            continue
        held = sa.literal_column(f"search_documents.{vector}").bool_op("@@")(sa.cast(expression, TSQUERY))
        # The index knows which words a text has, not where, nor in which of its texts.
        is_sure = len(words) == 1 and len(here) == len(fields)
        found.append(held if is_sure else sa.and_(held, sa.or_(*(_has("postgresql", f, lookup) for f in here))))
    return sa.or_(*found)


def _has(dialect: str, field: TextField, lookup: Lookup) -> sa.ColumnElement[bool]:
    """Say that one text holds the words, the last of which may go on, or one of the others."""
    # Words are parted by single spaces, and none holds what means anything in a pattern.
    text = search_documents.c[field.value]
    found = [(" " + text).like(f"% {' '.join(lookup.term.words)}%")]
    if lookup.others and dialect == "sqlite":
        found += [(" " + text + " ").like(f"% {other} %") for other in lookup.others]
    elif lookup.others:
        words: Any = sa.func.string_to_array(text, " ", type_=ARRAY(sa.Text))
        found.append(words.overlap(sa.cast(list(lookup.others), ARRAY(sa.Text))))
    return sa.or_(*found)


def _has_whole(field: TextField, lookup: Lookup) -> sa.ColumnElement[bool]:
    return (" " + search_documents.c[field.value] + " ").like(f"% {' '.join(lookup.term.words)} %")
