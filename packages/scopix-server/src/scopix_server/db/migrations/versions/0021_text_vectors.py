"""Vectors of texts, for the search by meaning; and numbers of changes, by which kept vectors learn what is new.

What is described already is to be embedded: a worker does it, a few dozen files a second.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "text_embeddings",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.String(length=64)),
        sa.Column("change", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_text_embeddings_file_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_text_embeddings_tenant_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_text_embeddings")),
    )
    op.execute(
        "INSERT INTO text_embeddings (file_id, tenant_id, change) "
        "SELECT id, tenant_id, 0 FROM files WHERE description_current IS NOT NULL"
    )
    op.create_index("ix_text_embeddings_model_tenant", "text_embeddings", ["model", "tenant_id"])
    op.create_table(
        "text_vectors",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_text_vectors_file_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_text_vectors_tenant_id")),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_text_vectors")),
    )
    op.create_index("ix_text_vectors_tenant_sequence", "text_vectors", ["tenant_id", "sequence"])
    op.create_table(
        "vector_changes",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vector_changes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name=op.f("pk_vector_changes")),
    )
    # Those of images that are there already are the first change of all.
    op.add_column("vectors", sa.Column("sequence", sa.BigInteger(), nullable=False, server_default="1"))
    op.execute(
        "INSERT INTO vector_changes (tenant_id, kind, number) SELECT DISTINCT tenant_id, 'image', 1 FROM vectors"
    )
    op.drop_index(op.f("ix_vectors_tenant_id"), "vectors")
    op.create_index("ix_vectors_tenant_sequence", "vectors", ["tenant_id", "sequence"])
