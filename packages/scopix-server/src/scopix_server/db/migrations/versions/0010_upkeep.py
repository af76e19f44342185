"""Chores that one worker at a time does; an index over the deleted files, for the one that removes them for good."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=True),
        sa.Column("held_until", sa.String(length=32), nullable=True),
        sa.Column("done_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_files_deleted", "files", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted)
