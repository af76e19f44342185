"""Where a file's client had it; files and entries of sessions that are there already have none."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("files", sa.Column("path", sa.String(length=1024)))
    op.add_column("session_files", sa.Column("path", sa.String(length=1024)))
