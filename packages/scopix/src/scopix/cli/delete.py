"""`scopix delete`: files away, for 30 days in case it was a mistake."""

import asyncio
import sys
from typing import Annotated

import typer

from scopix import FileSummary, Scopix, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.ids import CHUNK, Named, find_named, given_ids
from scopix.cli.tally import End, end_program, report
from scopix.cli.terminal import errors_shown, hint_for, one_line, say, say_error

__all__ = ["delete"]

MAX_NAMES = 10


def delete(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids, or their first 8 characters; - reads them from standard input."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Delete files. They can be brought back for 30 days: scopix restore ID.

    Files that are still being described are skipped.
    """
    connection: Connection = context.obj
    with errors_shown():
        if not yes and ("-" in ids or not sys.stdin.isatty()):
            raise ValueError("nobody can be asked here: --yes deletes without asking")
        ends = asyncio.run(_delete(open_client(connection), given_ids(ids), ask=not yes))
    report(ends, as_json=as_json)
    end_program(ends)


async def _delete(client: Scopix, ids: list[str], *, ask: bool) -> list[End]:
    async with client:
        named = await find_named(client, ids)
        files = list(named.files.values())
        if files and ask:
            _ask(files)
        ends = _unknown(named)
        for start in range(0, len(files), CHUNK):
            try:
                ends += await _delete_some(client, files[start : start + CHUNK])
            except ScopixError as error:
                say_error(error.message, hint_for(error))
                rest = files[start:]
                return ends + [End(one.id, "not deleted", False, one.filename, error.message) for one in rest]
    return ends


def _ask(files: list[FileSummary]) -> None:
    for file in files[:MAX_NAMES]:
        say().print(f"  {file.id[:8]}  {one_line(file.title or file.filename)}", soft_wrap=True)
    if len(files) > MAX_NAMES:
        say().print(f"  and {len(files) - MAX_NAMES:,} more")
    noun = "this file" if len(files) == 1 else f"these {len(files):,} files"
    if not typer.confirm(f"Delete {noun}?", err=True):
        say().print("nothing was deleted")
        raise typer.Exit(1)


def _unknown(named: Named) -> list[End]:
    return [End(given, "failed", False, None, reason) for given, reason in named.unknown.items()]


async def _delete_some(client: Scopix, files: list[FileSummary]) -> list[End]:
    response = await client.files.batch_delete([file.id for file in files])
    by_id = {one.id: one for one in [*response.deleted, *response.skipped, *response.failed]}
    ends = []
    for file in files:
        one = by_id.get(file.id)
        fine = one is not None and one.status == "deleted"
        state = one.status if one is not None else "failed"
        reason = one.message if one is not None else "the server did not tell"
        ends.append(End(file.id, state, fine, file.filename, None if fine else reason))
    return ends
