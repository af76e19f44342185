"""What every process has: the database, the plans, the version."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.domain.plans import PlanTable, plans_with

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase


__all__ = ["VERSION", "open_database", "plan_table"]

_log = logging.getLogger(__name__)
VERSION = "2.0.0"


def open_database(settings: Settings) -> "SqlDatabase":
    """Bring the database to the current schema and open it.

    Raises:
        DatabaseUnusable: it cannot be used, or a restore was begun here and is not finished.
    """
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.db.engine import create_engine
    from scopix_server.db.migrate import migrate
    from scopix_server.domain.errors import DatabaseUnusable
    from scopix_server.jobs.queue import migrate_jobs
    from scopix_server.storage.folders import sync_way_to
    from scopix_server.upkeep.restore import RESTORING

    _private_folder(settings.data_dir)
    if (settings.data_dir / RESTORING).exists():
        raise DatabaseUnusable(f"A backup is half restored in {settings.data_dir}: run `scopix-server restore` again.")
    is_durable = settings.durability == "each"
    if is_durable:
        sync_way_to(settings.data_dir / "scopix.db")
    engine = create_engine(settings.database_address, connections=settings.database_connections, durable=is_durable)
    migrate(engine)
    migrate_jobs(engine.url.render_as_string(hide_password=False))
    database = SqlDatabase(engine)
    if (lost := database.lost_commits()) and database.read(lambda t: t.marks.current()).doubt is None:
        doubt = f"{lost} commits are missing: its log was damaged, or an older copy is in its place."
        database.write(lambda t: t.marks.doubt(doubt))
        _log.error("the database lost something. %s Nothing is removed from storage meanwhile", doubt)
    return database


def _private_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)


def plan_table(settings: Settings) -> PlanTable:
    """Return the plans with the changes that the settings name.

    Raises:
        ValueError: the changes cannot be read, or are none.
    """
    text = (settings.plans or "{}").strip()
    if not text.startswith("{"):
        try:
            text = Path(text).expanduser().read_text()
        except OSError as error:
            raise ValueError(f"the file '{text}' cannot be read: {error.strerror}") from None
    # A JSONDecodeError is a ValueError, and says where the text is wrong.
    return PlanTable(plans_with(json.loads(text)), settings.default_plan)
