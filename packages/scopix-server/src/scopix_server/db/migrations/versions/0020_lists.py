"""Indexes for lists by title and size, and for those of the few that wait, failed, or are of another kind than most."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_HERE = "deleted_at IS NULL"


def upgrade() -> None:
    by_title = [sa.text("lower(title)")]
    for name, columns, where in (
        ("ix_files_tenant_size", ["size_bytes"], _HERE),
        ("ix_files_tenant_title", by_title, f"{_HERE} AND title IS NOT NULL"),
        ("ix_files_tenant_untitled", [], f"{_HERE} AND title IS NULL"),
        ("ix_files_unfinished", ["description_status", "sorted_at"], f"{_HERE} AND description_status <> 'completed'"),
        ("ix_files_error", ["description_error_type", "sorted_at"], f"{_HERE} AND description_error_type IS NOT NULL"),
        ("ix_files_media", ["media_type", "sorted_at"], f"{_HERE} AND media_type <> 'image'"),
        ("ix_files_category", ["content_category", "sorted_at"], f"{_HERE} AND content_category <> 'general'"),
        ("ix_files_folder", ["folder_id", "sorted_at"], f"{_HERE} AND folder_id IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(
            name, "files", ["tenant_id", *columns, "id"], sqlite_where=condition, postgresql_where=condition
        )
