"""What the tables of `schema` are made with, and those that belong to no tenant's things."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

__all__ = ["UtcDateTime", "high_water", "inspections", "metadata"]


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A point in time: aware datetimes in Python, ISO 8601 text of fixed width in UTC in the database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# How far the database has come (see `marks`): one row.
high_water = sa.Table(
    "high_water",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("doubt", sa.Text),
    # From when the backup is that it was restored from, and until when what happened is lost by that.
    sa.Column("restored_since", UtcDateTime),
    sa.Column("restored_until", UtcDateTime),
)

# The look at all that is stored: how far the one under way has come, and what the last one found.
inspections = sa.Table(
    "inspections",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
)
