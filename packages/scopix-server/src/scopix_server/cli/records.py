"""records: whether the database has all that was acknowledged, and what to do when it has not."""

import dataclasses
import json
from datetime import timedelta
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


@records_app.command("inspect")
def inspect_records(
    data_dir: DataDir = None,
    minutes: Annotated[float | None, typer.Option(help="At most so long; default: to the end.", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read all stored files, and compare them with what they were when they came; go on where a worker is.

    The exit code is 1 when something is missing or damaged.
    """
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.wiring.upkeep import build_inspector

    with lend_database(data_dir, with_key=False) as (database, settings), lend_storage(settings) as storage:
        jobs = DbosQueue(settings.database_address)
        try:
            budget = None if minutes is None else timedelta(minutes=minutes)
            report = build_inspector(settings, database, storage, jobs).run(budget)
        except DomainError as error:
            fail(f"The look cannot go on: {error.message} Run the command again when that is mended.")
        finally:
            jobs.close()
    if as_json:
        print(json.dumps(dataclasses.asdict(report), default=str))  # noqa: T201
    else:
        for each in report.problems:
            say(f"{each.problem.value}: {each.key} of file {each.file_id}")
        say(f"{report.files} files ({report.bytes} bytes) were looked at{'' if report.ended_at else ', not all yet'}.")
        if report.ended_at:
            say(f"{report.foreign if report.foreign is not None else 'Uncounted'} objects belong to no file.")
            say(report.numbers or "All kept numbers are right.")
    if report.missing or report.damaged:
        raise typer.Exit(1)


@records_app.command("recount")
def recount_records(data_dir: DataDir = None) -> None:
    """Count the files of all tenants and sessions, and put right what is kept of their numbers if it is wrong."""
    from scopix_server.upkeep.integrity import Counts

    with lend_database(data_dir, with_key=False) as (database, _):
        found = Counts(database).mend()
    say(f"{found} They are right now." if str(found) else "All numbers were right.")
