"""How long the stages of the work took; an index over what is waiting, for those who ask how much it is."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "stage_times",
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("most_seconds", sa.Double(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "outcome", "most_seconds", name=op.f("pk_stage_times")),
    )
    waiting = sa.text("description_status IN ('pending', 'queued', 'processing')")
    op.create_index("ix_files_waiting", "files", ["description_status"], sqlite_where=waiting, postgresql_where=waiting)
    unrendered = sa.text("variant_status = 'pending'")
    op.create_index(
        "ix_files_unrendered", "files", ["variant_status"], sqlite_where=unrendered, postgresql_where=unrendered
    )
