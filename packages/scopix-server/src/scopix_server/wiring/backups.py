"""Builds what makes backups, and what brings a server back from one."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.wiring.shared import VERSION
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.domain.backup import DatabaseCopier, ObjectIndex
    from scopix_server.upkeep.backup import BackupMaker
    from scopix_server.upkeep.backup_folder import BackupFolder
    from scopix_server.upkeep.restore import Restorer

__all__ = ["build_backup_maker", "build_restorer", "open_index"]

_PRIVATE = ("encryption-keys", "link-secret", "credentials.json")
_CATEGORIES = "categories"


def build_backup_maker(
    settings: Settings, folder: "BackupFolder", database: "SqlDatabase", storage: Storage
) -> "BackupMaker":
    """Build what backs up a server into a folder."""
    from scopix_server.upkeep.backup import BackupMaker

    return BackupMaker(
        folder,
        _copier(settings),
        database,
        storage.own,
        private=_private_files(settings.data_dir),
        data_dir=settings.data_dir,
        version=VERSION,
        open_index=open_index,
        used_hashes=_used_hashes,
    )


def build_restorer(settings: Settings, folder: "BackupFolder", storage: Storage) -> "Restorer":
    """Build what restores into the places that the settings name."""
    from scopix_server.upkeep.restore import Restorer

    def finish() -> None:
        from scopix_server.db.connection import SqlDatabase
        from scopix_server.db.engine import create_engine
        from scopix_server.upkeep.integrity import Records

        database = SqlDatabase(create_engine(settings.database_address, connections=2))
        try:
            Records(database, storage.own).restored()
        finally:
            database.close()

    return Restorer(
        folder,
        _copier(settings),
        storage.own,
        data_dir=settings.data_dir,
        open_index=open_index,
        finish=finish,
    )


def open_index(path: Path, is_new: bool) -> "ObjectIndex":
    """Open an index of objects: a new one, or one of a backup that is whole."""
    from scopix_server.db.object_index import SqliteObjectIndex

    return SqliteObjectIndex(path, is_new=is_new)


def _copier(settings: Settings) -> "DatabaseCopier":
    from scopix_server.db.copying import PostgresCopier, SqliteCopier
    from scopix_server.db.engine import prepared_url
    from scopix_server.jobs.queue import migrate_jobs

    address = prepared_url(settings.database_address)
    if address.get_backend_name() == "sqlite":
        assert address.database is not None
        return SqliteCopier(Path(address.database))
    return PostgresCopier(settings.database_address, migrate_jobs)


def _used_hashes(
    indexes: Sequence[Path], pieces: Iterator[str], scratch: Path
) -> tuple[Callable[[str], bool], Callable[[], None]]:
    from scopix_server.db.object_index import UsedHashes

    used = UsedHashes(indexes, pieces, scratch)
    return used.__contains__, used.close


def _private_files(folder: Path) -> list[Path]:
    own = [folder / name for name in _PRIVATE]
    categories = sorted((folder / _CATEGORIES).rglob("*")) if (folder / _CATEGORIES).is_dir() else []
    return [path for path in [*own, *categories] if path.is_file()]
