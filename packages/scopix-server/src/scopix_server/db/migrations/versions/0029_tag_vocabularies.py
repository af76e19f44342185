"""Tenants' own lists of tags, and the tags as they were given before a list made others of them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "tag_vocabularies",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tag_vocabularies_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tag_vocabularies")),
    )
    op.add_column("descriptions", sa.Column("given_tags", sa.JSON()))
