"""The indexes of the table of files, most of them of the part that a list is narrowed down to; and late columns.

A query has to repeat the words of such a part: SQLite compares them, PostgreSQL cannot prove them of a parameter.
"""

import sqlalchemy as sa

from scopix_server.db.columns import UtcDateTime

__all__ = ["borrowing_columns", "file_indexes"]

_DELETED = sa.text("deleted_at IS NOT NULL")
_WAITING = sa.text("description_status IN ('pending', 'queued', 'processing')")
_TO_DESCRIBE = sa.text("deleted_at IS NULL AND description_status IN ('pending', 'queued', 'processing')")
_UNRENDERED = sa.text("variant_status = 'pending'")
_EXISTING = sa.text("deleted_at IS NULL")
_UNFINISHED = sa.text("deleted_at IS NULL AND description_status <> 'completed'")
_WITH_ERROR = sa.text("deleted_at IS NULL AND description_error_type IS NOT NULL")
_NO_IMAGE = sa.text("deleted_at IS NULL AND media_type <> 'image'")
_OF_CATEGORY = sa.text("deleted_at IS NULL AND content_category <> 'general'")
_IN_FOLDER = sa.text("deleted_at IS NULL AND folder_id IS NOT NULL")
_TITLED = sa.text("deleted_at IS NULL AND title IS NOT NULL")
_UNTITLED = sa.text("deleted_at IS NULL AND title IS NULL")
_BORROWING = sa.text("description_waits_since IS NOT NULL")


def borrowing_columns() -> list[sa.Column[object]]:
    """Return new ones: the file whose description this one takes, and since when it waits for that."""
    # No foreign key: a lender may be gone for good while its borrower waits.
    return [sa.Column("description_lender", sa.String(36)), sa.Column("description_waits_since", UtcDateTime)]


def file_indexes() -> list[sa.Index]:
    """Return new ones, for the table that is being made."""
    return [
        # Lists are of what is not deleted.
        _partial("ix_files_tenant_created", _EXISTING, "tenant_id", "created_at", "id"),
        _partial("ix_files_tenant_sorted", _EXISTING, "tenant_id", "sorted_at", "id"),
        _partial("ix_files_tenant_size", _EXISTING, "tenant_id", "size_bytes", "id"),
        _partial("ix_files_tenant_title", _TITLED, "tenant_id", sa.text("lower(title)"), "id"),
        _partial("ix_files_tenant_untitled", _UNTITLED, "tenant_id", "id"),
        sa.Index("ix_files_tenant_sha256", "tenant_id", "sha256"),
        # Of those alone that a list is narrowed down to, which are few.
        _partial("ix_files_unfinished", _UNFINISHED, "tenant_id", "description_status", "sorted_at", "id"),
        _partial("ix_files_error", _WITH_ERROR, "tenant_id", "description_error_type", "sorted_at", "id"),
        _partial("ix_files_media", _NO_IMAGE, "tenant_id", "media_type", "sorted_at", "id"),
        _partial("ix_files_category", _OF_CATEGORY, "tenant_id", "content_category", "sorted_at", "id"),
        _partial("ix_files_folder", _IN_FOLDER, "tenant_id", "folder_id", "sorted_at", "id"),
        # Of the deleted ones alone, which are few.
        _partial("ix_files_deleted", _DELETED, "deleted_at"),
        _partial("ix_files_stuck", _TO_DESCRIBE, "tenant_id", "updated_at", "id"),
        _partial("ix_files_waiting", _WAITING, "description_status"),
        _partial("ix_files_unrendered", _UNRENDERED, "variant_status"),
        _partial("ix_files_borrowing", _BORROWING, "description_lender"),
    ]


def _partial(name: str, where: sa.TextClause, *columns: str | sa.TextClause) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)
