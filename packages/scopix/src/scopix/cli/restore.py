"""`scopix restore`: deleted files back."""

import asyncio
from typing import Annotated

import typer

from scopix import ConflictError, ResourceNotFoundError, Scopix, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.ids import given_ids
from scopix.cli.tally import End, end_program, report
from scopix.cli.terminal import errors_shown, hint_for, say_error

__all__ = ["restore"]

AT_ONCE = 4


def restore(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID", help="Ids of deleted files, or their first 8 characters; - reads them from standard input."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Bring deleted files back, up to 30 days after the deletion."""
    connection: Connection = context.obj
    with errors_shown():
        ends = asyncio.run(_restore(open_client(connection), given_ids(ids)))
    report(ends, as_json=as_json)
    end_program(ends)


async def _restore(client: Scopix, ids: list[str]) -> list[End]:
    ends: dict[str, End] = {}
    waiting = iter(ids)
    failures: list[ScopixError] = []

    async def work() -> None:
        for file_id in waiting:
            if failures:
                return
            try:
                ends[file_id] = await _restore_one(client, file_id)
            except ScopixError as error:
                failures.append(error)

    async with client, asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(ids))):
            group.create_task(work())
    if failures and not ends:
        raise failures[0]
    if failures:
        say_error(failures[0].message, hint_for(failures[0]))
    return [ends.get(file_id) or End(file_id, "not restored", False, None, failures[0].message) for file_id in ids]


async def _restore_one(client: Scopix, file_id: str) -> End:
    try:
        restored = await client.files.restore(file_id)
    except ResourceNotFoundError:
        return End(file_id, "failed", False, None, "there is no such deleted file")
    except ConflictError as error:  # several files begin so
        return End(file_id, "failed", False, None, error.message)
    return End(restored.id, "restored", True)
