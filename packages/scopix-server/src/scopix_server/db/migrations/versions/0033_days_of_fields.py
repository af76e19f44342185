"""Dates among the values of files' categories get the number of their day, so that they can be searched by time."""

import sqlalchemy as sa
from alembic import op

from scopix_server.domain.dates import day_number, parse_date

revision = "0033"
down_revision = "0032"

_PORTION = 5_000  # values at a time
# The shortest and the longest text of a date with a time; where a date was read as a number it was its first part.
_MAY_BE_DATES = sa.text(
    "SELECT file_id, position, text FROM file_fields "
    "WHERE (file_id > :file OR (file_id = :file AND position > :position)) "
    "AND length(text) BETWEEN 6 AND 40 AND (number IS NULL OR number < 10000) ORDER BY file_id, position LIMIT :portion"
)
_SET = sa.text("UPDATE file_fields SET number = :day WHERE file_id = :file AND position = :position")


def upgrade() -> None:
    bind = op.get_bind()
    file, position = "", -1
    while found := bind.execute(_MAY_BE_DATES, {"file": file, "position": position, "portion": _PORTION}).all():
        dated = [(row, day) for row in found if (day := parse_date(row.text)) is not None]
        days = [{"day": float(day_number(day)), "file": row.file_id, "position": row.position} for row, day in dated]
        if days:
            bind.execute(_SET, days)
        file, position = found[-1].file_id, found[-1].position
