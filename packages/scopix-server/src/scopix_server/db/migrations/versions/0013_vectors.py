"""What similar images are found by: a small vector an image, with those of the images that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_PORTION = 500


def upgrade() -> None:
    vectors = op.create_table(
        "vectors",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_vectors_file_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vectors_tenant_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_vectors")),
    )
    op.create_index(op.f("ix_vectors_tenant_id"), "vectors", ["tenant_id"])
    _fill(vectors)


def _fill(vectors: sa.Table) -> None:
    from scopix_server.db.documents import packed_vector, unpacked

    connection = op.get_bind()
    query = sa.text(
        "SELECT p.file_id, f.tenant_id, p.embedding FROM perceptions p JOIN files f ON f.id = p.file_id "
        "WHERE p.embedding IS NOT NULL AND p.file_id > :after ORDER BY p.file_id LIMIT :portion"
    )
    after = ""
    while rows := connection.execute(query, {"after": after, "portion": _PORTION}).all():
        made = [(row.file_id, row.tenant_id, packed_vector(unpacked(row.embedding))) for row in rows]
        entries = [{"file_id": f, "tenant_id": t, "vector": v} for f, t, v in made if v is not None]
        if entries:
            connection.execute(vectors.insert(), entries)
        after = rows[-1].file_id
