"""Rules, what they did, and the queue of files that wait to be looked at by a person."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_ID, _TIME = sa.String(length=36), sa.String(length=32)


def _refer(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "rules",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("search", sa.String(length=1000), nullable=False),
        sa.Column("field", sa.String(length=255)),
        sa.Column("below", sa.Float()),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        _refer("rules", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
    )
    op.create_index("ix_rules_tenant_id", "rules", ["tenant_id"])
    op.create_table(
        "rule_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("rule_id", _ID),
        sa.Column("rule_name", sa.String(length=100), nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("requested", sa.Integer()),
        _refer("rule_runs", "tenant_id", "tenants"),
        _refer("rule_runs", "rule_id", "rules"),
        _refer("rule_runs", "file_id", "files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_runs")),
        sa.UniqueConstraint("rule_id", "file_id", "revision", name=op.f("uq_rule_runs_rule_id_file_id_revision")),
    )
    op.create_index("ix_rule_runs_file_id", "rule_runs", ["file_id"])
    op.create_index("ix_rule_runs_tenant_at", "rule_runs", ["tenant_id", "at", "id"])
    _create_reviews()


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("rule_id", _ID),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("decided_at", _TIME),
        sa.Column("note", sa.String(length=500)),
        _refer("reviews", "tenant_id", "tenants"),
        _refer("reviews", "file_id", "files"),
        _refer("reviews", "rule_id", "rules"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_reviews_open", "reviews", ["file_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_reviews_tenant", "reviews", ["tenant_id", "status", "created_at", "id"])
    op.create_index("ix_reviews_file_id", "reviews", ["file_id"])
    op.create_index("ix_reviews_rule_id", "reviews", ["rule_id"])
