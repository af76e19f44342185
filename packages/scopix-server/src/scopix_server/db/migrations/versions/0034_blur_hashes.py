"""From which a page draws a blurred picture until the picture is there."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("files", sa.Column("blur_hash", sa.String(length=64)))
