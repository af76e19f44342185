"""An index of files that are still to be described, by what happened to them last."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    condition = sa.text("deleted_at IS NULL AND description_status IN ('pending', 'queued', 'processing')")
    columns = ["tenant_id", "updated_at", "id"]
    op.create_index("ix_files_stuck", "files", columns, sqlite_where=condition, postgresql_where=condition)
