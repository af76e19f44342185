"""How many things of each label a photograph shows; images that are there already show none until described again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "file_objects",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_objects_file_id")),
        sa.PrimaryKeyConstraint("file_id", "label", name=op.f("pk_file_objects")),
    )
    op.create_index(op.f("ix_file_objects_label"), "file_objects", ["label"])
