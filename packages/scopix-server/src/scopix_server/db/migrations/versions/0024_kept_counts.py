"""Numbers of files, kept: of each tenant by month, of each session by how its files stand. What is there is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_NUMBERS = ("uploads", "described", "pending", "queued", "processing", "completed", "failed", "skipped", "size_bytes")
_STATUSES = _NUMBERS[2:-1]
_HERE = "deleted_at IS NULL"
_ON_ITS_WAY = "description_status IN ('pending', 'queued', 'processing')"


def upgrade() -> None:
    op.create_table(
        "file_counts",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_file_counts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "month", "shard", name=op.f("pk_file_counts")),
    )
    for progress in ("completed", "failed", "skipped", "pending"):
        op.add_column("sessions", sa.Column(f"{progress}_files", sa.Integer(), server_default="0", nullable=False))
    _count_files()
    _count_sessions()


def _count_files() -> None:
    numbers = [
        "count(*)",
        _sum(f"description_status = 'completed' OR {_ON_ITS_WAY} AND {_HERE}"),
        *(_sum(f"{_HERE} AND description_status = '{status}'") for status in _STATUSES),
        f"sum(CASE WHEN {_HERE} THEN size_bytes ELSE 0 END)",
    ]
    op.execute(
        f"INSERT INTO file_counts (tenant_id, month, shard, {', '.join(_NUMBERS)}) "  # noqa: S608
        f"SELECT tenant_id, substr(created_at, 1, 7), 0, {', '.join(numbers)} "
        "FROM files GROUP BY tenant_id, substr(created_at, 1, 7)"
    )


def _count_sessions() -> None:
    progress = (
        "CASE WHEN p.outcome = 'rejected' THEN 'failed' "
        "WHEN p.outcome <> 'accepted' OR f.deleted_at IS NOT NULL OR f.id IS NULL THEN 'skipped' "
        "WHEN f.description_status = 'failed' THEN 'failed' "
        "WHEN f.description_status IN ('completed', 'skipped') THEN 'completed' ELSE 'pending' END"
    )
    joined = "session_files AS p LEFT JOIN files AS f ON f.id = p.file_id"
    names = ("completed", "failed", "skipped", "pending")
    sums = ", ".join(f"{_sum(f'{progress} = {name!r}')} AS {name}" for name in names)
    op.execute(
        f"UPDATE sessions SET {', '.join(f'{name}_files = counted.{name}' for name in names)} "  # noqa: S608
        f"FROM (SELECT p.session_id AS id, {sums} FROM {joined} GROUP BY p.session_id) AS counted "
        "WHERE counted.id = sessions.id"
    )


def _sum(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"
