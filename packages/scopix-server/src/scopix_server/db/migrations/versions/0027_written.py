"""What people wrote into the files about the pictures, a row a value; filled with what was read of them before."""

import json

import sqlalchemy as sa
from alembic import op
from pydantic import TypeAdapter

from scopix_server.db.written import written_rows
from scopix_server.domain.description import DescriptiveMetadata

revision = "0027"
down_revision = "0026"

_PORTION = 500  # perceptions at a time
_SEEN = sa.text(
    "SELECT file_id, CAST(data AS text) AS data FROM perceptions WHERE file_id > :last ORDER BY file_id LIMIT :portion"
)
_written = TypeAdapter(DescriptiveMetadata)


def upgrade() -> None:
    op.create_table(
        "file_metadata",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("number", sa.Float()),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_metadata_file_id")),
        sa.PrimaryKeyConstraint("file_id", "position", name=op.f("pk_file_metadata")),
    )
    bind = op.get_bind()
    columns = ("file_id", "position", "name", "text", "number")
    table, last = sa.table("file_metadata", *(sa.column(name) for name in columns)), ""
    while found := bind.execute(_SEEN, {"last": last, "portion": _PORTION}).all():
        written = [(each.file_id, json.loads(each.data).get("descriptive")) for each in found]
        read = [(file_id, _written.validate_python(data)) for file_id, data in written if data]
        rows = [row for file_id, metadata in read for row in written_rows(file_id, metadata)]
        if rows:
            bind.execute(table.insert(), rows)
        last = found[-1].file_id
    op.create_index("ix_file_metadata_name_number", "file_metadata", ["name", "number"])
