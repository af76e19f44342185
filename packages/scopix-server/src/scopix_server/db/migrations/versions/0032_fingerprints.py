"""Small grey copies of pictures, by which copies of them are found."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        *(sa.Column(f"word_{place}", sa.Integer(), nullable=False) for place in range(4)),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_fingerprints_file_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_fingerprints_tenant_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_fingerprints")),
    )
    for place in range(4):
        op.create_index(f"ix_fingerprints_word_{place}", "fingerprints", ["tenant_id", f"word_{place}"])
