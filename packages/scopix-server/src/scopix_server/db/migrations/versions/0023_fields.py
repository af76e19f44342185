"""The values of files' categories, a row a value; filled with those of the descriptions that count."""

import json

import sqlalchemy as sa
from alembic import op

from scopix_server.db.fields import field_rows

revision = "0023"
down_revision = "0022"

_PORTION = 500  # descriptions at a time
_CURRENT = sa.text(
    "SELECT f.id, CAST(d.category_data AS text) AS data FROM files f "
    "JOIN descriptions d ON d.file_id = f.id AND d.revision = f.description_current "
    "WHERE f.id > :last ORDER BY f.id LIMIT :portion"
)


def upgrade() -> None:
    op.create_table(
        "file_fields",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Float()),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_fields_file_id")),
        sa.PrimaryKeyConstraint("file_id", "position", name=op.f("pk_file_fields")),
    )
    bind = op.get_bind()
    names = ("file_id", "position", "name", "text", "number")
    table, last = sa.table("file_fields", *(sa.column(name) for name in names)), ""
    while found := bind.execute(_CURRENT, {"last": last, "portion": _PORTION}).all():
        rows = [row for each in found for row in field_rows(each.id, json.loads(each.data) or {})]
        if rows:
            bind.execute(table.insert(), rows)
        last = found[-1].id
    op.create_index("ix_file_fields_name_number", "file_fields", ["name", "number"])
