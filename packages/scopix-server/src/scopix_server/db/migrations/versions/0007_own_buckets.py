"""Tenants' own buckets, and in which of them a file is."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "tenant_s3_configs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("bucket_name", sa.String(length=63), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("endpoint_url", sa.String(length=512), nullable=True),
        sa.Column("force_path_style", sa.Boolean(), nullable=True),
        sa.Column("sealed_credentials", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("configured_at", sa.String(length=32), nullable=False),
        sa.Column("is_validated", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_s3_configs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_s3_configs")),
    )
    op.create_index(
        "uq_tenant_s3_configs_current",
        "tenant_s3_configs",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    # Written out: SQLite adds a column with its reference, but no constraint to a table that is there.
    op.execute(
        "ALTER TABLE files ADD COLUMN storage_id VARCHAR(36) "
        "CONSTRAINT fk_files_storage_id REFERENCES tenant_s3_configs (id)"
    )
