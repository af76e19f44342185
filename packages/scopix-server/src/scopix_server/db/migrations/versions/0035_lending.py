"""Files that take the description of another with the same bytes: whose, since when they wait for it, whose it was."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

_WAITS = sa.text("description_waits_since IS NOT NULL")


def upgrade() -> None:
    op.add_column("files", sa.Column("description_lender", sa.String(length=36)))
    op.add_column("files", sa.Column("description_waits_since", sa.String(length=32)))
    op.add_column("descriptions", sa.Column("lent_from", sa.String(length=36)))
    op.create_index("ix_files_borrowing", "files", ["description_lender"], sqlite_where=_WAITS, postgresql_where=_WAITS)
