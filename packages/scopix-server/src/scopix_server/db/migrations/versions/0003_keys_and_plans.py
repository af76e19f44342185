"""What a key is for and how it is used; the plan of a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
# 0004 came first: the chain follows the order in which the migrations were published.
down_revision = "0004"


def upgrade() -> None:
    op.add_column("tenants", sa.Column("plan", sa.String(length=32), nullable=True))
    op.add_column("api_keys", sa.Column("description", sa.String(length=500), nullable=True))
    op.add_column("api_keys", sa.Column("metadata", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("api_keys", sa.Column("last_used_at", sa.String(length=32), nullable=True))
    op.add_column("api_keys", sa.Column("usage_count", sa.BigInteger(), nullable=False, server_default="0"))
