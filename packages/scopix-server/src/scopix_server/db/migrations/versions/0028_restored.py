"""From which time the backup is that a database was restored from, and when that was."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    for name in ("restored_since", "restored_until"):
        op.add_column("high_water", sa.Column(name, sa.String(length=32)))
