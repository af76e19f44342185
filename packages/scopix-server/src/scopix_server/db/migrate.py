"""Bringing a database to the current schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

__all__ = ["migrate"]


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Apply every migration up to `revision` that the database has not seen, all in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
