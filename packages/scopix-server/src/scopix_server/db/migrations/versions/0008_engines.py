"""How each description came about, which of them counts, and what is known of the engines."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("descriptions") as descriptions:
        descriptions.add_column(sa.Column("prompt_hash", sa.String(length=64)))
        # All that was described so far was described in English.
        descriptions.add_column(sa.Column("language", sa.String(length=35), nullable=False, server_default="en"))
        descriptions.add_column(sa.Column("engine_seconds", sa.Float()))
        descriptions.add_column(sa.Column("input_tokens", sa.Integer()))
        descriptions.add_column(sa.Column("output_tokens", sa.Integer()))
        descriptions.add_column(sa.Column("cost", sa.Float()))
    with op.batch_alter_table("files") as files:
        files.add_column(sa.Column("description_engine", sa.String(length=64)))
        files.add_column(sa.Column("description_current", sa.Integer()))
    op.execute(
        "UPDATE files SET description_current = (SELECT max(d.revision) FROM descriptions d WHERE d.file_id = files.id)"
    )
    op.create_table(
        "engines",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("checked_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_engines")),
    )
