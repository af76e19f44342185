"""The table of kept counts (see `counts`), made with what `schema` is made with."""

import sqlalchemy as sa

from scopix_server.db.columns import metadata

__all__ = ["COUNTED", "SESSION_COUNTED", "file_counts", "session_count_columns"]

COUNTED = (
    "uploads",
    "described",
    "pending",
    "queued",
    "processing",
    "completed",
    "failed",
    "skipped",
    "size_bytes",
)
"""What is counted of a tenant's files: all, deleted ones included; those whose descriptions count to the month; and of
those that are there how many have each status, and their bytes."""

SESSION_COUNTED = ("completed", "failed", "skipped", "pending")
"""How the files of a session stand: `FileProgress`. Kept in columns of the session, named `..._files`."""

file_counts = sa.Table(
    "file_counts",
    metadata,
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), primary_key=True),
    # In which the files were uploaded, as 2026-05.
    sa.Column("month", sa.String(7), primary_key=True),
    # The numbers of a month are the sums over these: writers that come at once need not wait for each other.
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTED),
)


def session_count_columns() -> list[sa.Column[int]]:
    """Return new columns, for the table of sessions that is being made."""
    return [sa.Column(f"{name}_files", sa.Integer, nullable=False, server_default="0") for name in SESSION_COUNTED]
