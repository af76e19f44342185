"""Which files a list is of: a filter with its search understood, as conditions on rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scopix_server.db.fields import has_field
from scopix_server.db.matching import look_up, matches
from scopix_server.db.schema import file_objects, file_tags, files, search_documents
from scopix_server.db.search import folded, tenant_word
from scopix_server.db.written import is_written
from scopix_server.domain.listing import FileFilter, Total
from scopix_server.domain.search_query import Condition, Lookup, parse_search

__all__ = ["WAITING", "Selection", "conditions_of", "counted", "is_tagged", "is_visible", "rows_of", "select_files"]
__all__ += ["statuses_of"]

# On SQLite: a virtual table, of which SQLAlchemy has no notion.
search_index = sa.table("search_index", sa.column("rowid"))
WAITING = ("pending", "queued", "processing")


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter with its search understood: words to look up, tags that must all be there, and further conditions."""

    criteria: FileFilter
    lookups: Sequence[Lookup] = ()
    tags: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether there are words that a file must have."""
        return any(not each.term.is_excluded for each in self.lookups)

    @property
    def is_of_words(self) -> bool:
        """Whether there are words that a file must have, and nothing else."""
        return self.has_words and not (self.tags or _all_conditions(self))


def select_files(connection: sa.Connection, tenant_id: str, criteria: FileFilter) -> Selection | None:
    """Understand a filter's search; None if it asks for nothing, as signs alone do."""
    if not (criteria.search and criteria.search.strip()):
        return Selection(criteria, tags=criteria.tags)
    query = parse_search(criteria.search)
    if query.is_empty:
        return None
    tagged = [each for each in query.conditions if each.criteria.tags and not each.is_excluded]
    rest = tuple(each for each in query.conditions if each not in tagged)
    tags = (*criteria.tags, *(tag for each in tagged for tag in each.criteria.tags))
    lookups = look_up(connection, tenant_id, query.terms, criteria.search_mode)
    return Selection(criteria, lookups, tags, rest)


def is_visible(tenant_id: str, selection: Selection) -> sa.ColumnElement[bool]:
    """Say of a row of `files` that it is meant, words and tags apart."""
    return sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), *_all_conditions(selection))


def rows_of(
    dialect: str, tenant_id: str, selection: Selection, columns: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[tuple[Any, ...]]:
    """Return the query of columns of the files that are meant; where there are words, of `search_documents`, too."""
    tags = list(selection.tags)
    conditions = [files.c.deleted_at.is_(None), *_all_conditions(selection)]
    # SQLite: with + the tenant's index cannot be used; walking through all files of the tenant would be slower.
    tenant = sa.literal_column("+files.tenant_id") if dialect == "sqlite" else files.c.tenant_id
    conditions.append(tenant == tenant_id)
    source: sa.FromClause = files
    if selection.lookups:
        source = files.join(search_documents, search_documents.c.file_id == files.c.id)
        if dialect == "sqlite" and selection.has_words:
            source = source.join(search_index, search_index.c.rowid == search_documents.c.number)
        conditions.append(matches(dialect, selection.lookups, tenant=tenant_word(tenant_id)))
    elif tags:
        first = tags.pop(0)
        conditions.append(files.c.id.in_(sa.select(file_tags.c.file_id).where(file_tags.c.tag == folded(first))))
    conditions += [is_tagged(tag) for tag in tags]
    return sa.select(*columns).select_from(source).where(*conditions)


def is_tagged(tag: str) -> sa.ColumnElement[bool]:
    """Say of a row of `files` that somebody or something set the tag."""
    here = file_tags.c.file_id == files.c.id, file_tags.c.tag == folded(tag)
    return sa.exists().where(*here).correlate(files)


def _all_conditions(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks beyond words and tags, and what its search asks beyond words."""
    conditions = conditions_of(selection.criteria)
    for each in selection.conditions:
        met = sa.and_(*conditions_of(each.criteria), *(is_tagged(tag) for tag in each.criteria.tags))
        conditions.append(sa.not_(met) if each.is_excluded else met)
    return conditions


def conditions_of(criteria: FileFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks beyond words and tags."""
    conditions: list[sa.ColumnElement[bool]] = []
    if criteria.date_from is not None:
        conditions.append(files.c.sorted_at >= criteria.date_from)
    if criteria.date_to is not None:
        conditions.append(files.c.sorted_at <= criteria.date_to)
    for column, values, common in (
        (files.c.id, criteria.ids, None),
        (files.c.media_type, criteria.media_types, "image"),
        (files.c.description_error_type, criteria.error_types, None),
        (files.c.content_category, criteria.categories, "general"),
        (files.c.description_status, statuses_of(criteria), "completed"),
    ):
        if values is not None and (values or column is files.c.description_status):
            conditions.append(column.in_(values))
            if common is not None and common not in values:
                # In the words of an index of all others, by which SQLite knows that it may use it.
                conditions.append(column != sa.literal_column(f"'{common}'"))
    if criteria.has_text is not None:
        with_text = sa.exists().where(search_documents.c.file_id == files.c.id, search_documents.c.visible_text != "")
        # Where words are looked for, too, the query around it has this table as well.
        with_text = with_text.correlate(files)
        conditions.append(with_text if criteria.has_text else ~with_text)
    if criteria.folder_id is not None:
        conditions.append(files.c.folder_id == criteria.folder_id)
    for label, minimum in criteria.objects:
        shown = (file_objects.c.file_id == files.c.id, file_objects.c.label == label, file_objects.c.number >= minimum)
        conditions.append(sa.exists().where(*shown).correlate(files))
    conditions += [files.c.id.in_(has_field(each)) for each in criteria.fields]
    conditions += [files.c.id.in_(is_written(each)) for each in criteria.written]
    return conditions


def statuses_of(criteria: FileFilter) -> Sequence[str] | None:
    """Return the statuses that a filter lets through, none where its conditions exclude each other; None for all."""
    statuses = set(criteria.statuses) or None
    if criteria.has_description is None:
        return None if statuses is None else sorted(statuses)
    described = {"completed"} if criteria.has_description else {*WAITING, "failed"}
    return sorted(described if statuses is None else described & statuses)


def counted(connection: sa.Connection, rows: sa.Select[Any], max_counted: int | None) -> Total:
    """Count what a query finds, as far as that number."""
    if max_counted is not None:
        rows = rows.limit(max_counted + 1)
    number = connection.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one()
    is_minimum = max_counted is not None and number > max_counted
    return Total(number - is_minimum, is_minimum)
