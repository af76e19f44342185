"""records: whether the database has all that was acknowledged, and what to do when it has not."""

from typing import Annotated

import typer

from scopix_server.cli.common import DataDir, fail, lend_database, lend_storage, say
from scopix_server.domain.errors import DomainError

__all__ = ["records_app"]

records_app = typer.Typer(
    no_args_is_help=True, help="See whether the database has all that was acknowledged, or accept that it has not."
)


@records_app.command("check")
def check_records(data_dir: DataDir = None) -> None:
    """Compare the database with the marks beside it and in the store. The exit code is 1 when something is missing."""
    from scopix_server.upkeep.integrity import Records

    with lend_database(data_dir, with_key=False) as (database, settings), lend_storage(settings) as storage:
        try:
            Records(database, storage.own).check()
        except DomainError as error:
            fail(error.message)
        number = database.read(lambda t: t.marks.current()).number
    say(f"The database has all that was acknowledged ({number}).")


@records_app.command("accept")
def accept_records(
    data_dir: DataDir = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Take the database as it is for the right one: what it does not know may be removed from storage again."""
    from scopix_server.upkeep.integrity import Records

    with lend_database(data_dir, with_key=False) as (database, settings), lend_storage(settings) as storage:
        records = Records(database, storage.own)
        if not yes:
            say("`scopix-server sweep --dry-run` tells how many objects no file has; the next sweeps remove them.")
            typer.confirm("Take the database as it is for the right one?", abort=True)
        try:
            records.accept(database.kept_mark())
        except DomainError as error:
            fail(error.message)
    say("The database as it is counts. Objects that no file has are removed when they are old enough.")


@records_app.command("recount")
def recount_records(data_dir: DataDir = None) -> None:
    """Count the files of all tenants and sessions, and put right what is kept of their numbers if it is wrong."""
    from scopix_server.upkeep.integrity import Counts

    with lend_database(data_dir, with_key=False) as (database, _):
        found = Counts(database).mend()
    say(f"{found} They are right now." if str(found) else "All numbers were right.")
