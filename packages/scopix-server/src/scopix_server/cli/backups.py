"""backup, backups, restore: copies of all a server has, in a folder."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import DataDir, fail, lend_database, lend_storage, say, settings_from, table, when

if TYPE_CHECKING:
    from scopix_server.upkeep.backup_folder import BackupFolder, Snapshot

__all__ = ["backup", "backups", "restore"]

Folder = Annotated[Path, typer.Argument(help="The folder of the backups, best on another disk.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def backup(
    folder: Folder,
    keep: Annotated[int, typer.Option(help="So many backups are kept; older ones are removed.", min=1)] = 7,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Back up database, files and keys into a folder. The server may run meanwhile; what is there is not copied again.

    Killed at any moment, it leaves the backups before it as they were; run it again. The exit code is 1 when originals
    are missing or damaged in the store; the backup has all others.
    """
    from scopix_server.domain.backup import BackupRefused
    from scopix_server.domain.errors import DomainError
    from scopix_server.upkeep.backup_folder import BackupFolder
    from scopix_server.wiring.backups import build_backup_maker

    with lend_database(data_dir) as (database, settings), lend_storage(settings) as storage:
        maker = build_backup_maker(settings, BackupFolder(folder.expanduser().resolve()), database, storage)
        try:
            done = maker.run(keep=keep)
        except BackupRefused as error:
            fail(str(error))
        except DomainError as error:
            fail(f"The backup cannot go on: {error.message} Run the command again when that is mended.")
    manifest = done.snapshot.manifest
    if as_json:
        numbers = {
            "snapshot": done.snapshot.name,
            "objects": manifest.objects,
            "bytes": manifest.bytes,
            "rows": sum(manifest.database.rows.values()),
            "read_objects": done.read_objects,
            "read_bytes": done.read_bytes,
            "removed_backups": done.removed,
            "freed_bytes": done.freed_bytes,
            "damaged": list(manifest.damaged),
            "missing": list(manifest.missing),
            "in_other_buckets": manifest.elsewhere,
        }
        print(json.dumps(numbers))  # noqa: T201
    else:
        say(
            f"Backup {done.snapshot.name}: {manifest.objects} objects ({manifest.bytes} bytes), "
            f"{done.read_objects} of them new, and {sum(manifest.database.rows.values())} records."
        )
        if manifest.elsewhere:
            say(f"{manifest.elsewhere} originals are in tenants' own buckets, which are theirs to back up.")
    for what, keys in (("missing from storage", manifest.missing), ("damaged in storage", manifest.damaged)):
        if keys:
            typer.echo(f"scopix-server: {len(keys)} objects are {what}, such as {keys[0]}", err=True)
    if manifest.missing or manifest.damaged:
        raise typer.Exit(1)


def backups(
    folder: Folder,
    check: Annotated[bool, typer.Option("--check", help="Read all of them, and compare with their hashes.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the backups of a folder. With --check the exit code is 1 when something is missing or damaged in one."""
    from scopix_server.upkeep.backup import check_backup
    from scopix_server.wiring.backups import open_index

    settings_from(data_dir=data_dir)
    place, found = _backups_in(folder)
    checked = {one.name: check_backup(place, one, open_index) for one in found} if check else {}
    if as_json:
        rows = [
            {
                "snapshot": one.name,
                "taken_at": one.manifest.taken_at.isoformat(),
                "server_version": one.manifest.server_version,
                "database": one.manifest.database.kind,
                "objects": one.manifest.objects,
                "bytes": one.manifest.bytes,
                "wrong": list(checked[one.name].wrong) if check else None,
            }
            for one in found
        ]
        print(json.dumps({"backups": rows}))  # noqa: T201
    else:
        heads = ("BACKUP", "TAKEN", "DATABASE", "OBJECTS", "BYTES")
        table([heads, *(_row(one) for one in found)])
    wrong = [line for result in checked.values() for line in result.wrong]
    for line in dict.fromkeys(wrong):
        typer.echo(f"scopix-server: {line}", err=True)
    if check and not wrong and not as_json:
        say("All is there, as it was.")
    if wrong:
        raise typer.Exit(1)


def restore(
    folder: Folder,
    snapshot: Annotated[str | None, typer.Option("--backup", help="Which one; default: the newest.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring a server back from a backup: into a new data folder, an empty database, a bucket without other objects.

    Nothing that exists is overwritten. Killed, it goes on where it was when it is run again. The exit code is 1 when
    the backup does not have all objects as they were; all others are there.
    """
    from scopix_server.domain.backup import BackupRefused
    from scopix_server.domain.errors import DomainError
    from scopix_server.wiring.backups import build_restorer

    place, found = _backups_in(folder)
    chosen = [one for one in found if snapshot in {None, one.name}]
    if not chosen:
        fail(f"There is no backup {snapshot or ''} in {folder}; `scopix-server backups {folder}` lists them.")
    settings = settings_from(data_dir=data_dir)
    with lend_storage(settings) as storage, place.locked():
        try:
            done = build_restorer(settings, place, storage).run(chosen[-1])
        except BackupRefused as error:
            fail(str(error))
        except DomainError as error:
            fail(f"The restore cannot go on: {error.message} Run the command again when that is mended.")
    if as_json:
        numbers = {"snapshot": chosen[-1].name, **vars(done)}
        print(json.dumps(numbers))  # noqa: T201
    else:
        say(
            f"{chosen[-1].name} is restored: {done.objects} objects ({done.bytes} bytes) written, {done.there} were "
            f"there, {done.rows} records."
        )
        say("What came after the backup stays in storage until `scopix-server records accept`.")
    if done.damaged:
        fail(f"{len(done.damaged)} objects are not in the backup as they were, such as {done.damaged[0]}.")


def _backups_in(folder: Path) -> "tuple[BackupFolder, list[Snapshot]]":
    from scopix_server.domain.backup import BackupRefused
    from scopix_server.upkeep.backup_folder import BackupFolder

    place = BackupFolder(folder.expanduser().resolve())
    try:
        place.check()
    except BackupRefused as error:
        fail(str(error))
    return place, place.snapshots()


def _row(one: "Snapshot") -> tuple[str, ...]:
    manifest = one.manifest
    kind = manifest.database.kind
    return (one.name, when(manifest.taken_at), kind, str(manifest.objects), str(manifest.bytes))
