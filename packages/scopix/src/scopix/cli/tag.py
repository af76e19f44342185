"""`scopix tag`: tags onto files, and off them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from scopix import FileDetails, Scopix, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.ids import find_named, given_ids
from scopix.cli.tally import End, end_program, report
from scopix.cli.terminal import errors_shown

__all__ = ["tag"]


def tag(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids, or their first 8 characters; - reads them from standard input."),
    ],
    add: Annotated[list[str] | None, typer.Option(metavar="TAGS", help="Tags to add, separated by commas.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="TAGS", help="Tags of yours to take off, separated by commas.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Add tags of yours to files, or take them off.

    What a description says of itself stays: `scopix edit --ai-tags` corrects that.
    """
    connection: Connection = context.obj
    with errors_shown():
        added, removed = _split(add), _split(remove)
        if not added and not removed:
            raise ValueError("say what is to change: --add or --remove")
        ends = asyncio.run(_tag(open_client(connection), given_ids(ids), added, removed))
    report(ends, as_json=as_json)
    end_program(ends)


async def _tag(client: Scopix, ids: list[str], add: list[str], remove: list[str]) -> list[End]:
    async with client:
        named = await find_named(client, ids)
        ends = [End(given, "failed", False, None, reason) for given, reason in named.unknown.items()]
        for file in named.files.values():
            try:
                ends.append(await _change(client, file.id, file.filename, add, remove))
            except ScopixError as error:
                ends.append(End(file.id, "failed", False, file.filename, error.message))
    return ends


async def _change(client: Scopix, file_id: str, filename: str, add: list[str], remove: list[str]) -> End:
    details = await client.files.get(file_id)
    before = own_tags(details)
    after = [one for one in dict.fromkeys([*before, *add]) if one not in remove]
    if after == before:
        described = [one for one in remove if one in (details.ai_tags or ())]
        reason = f"of the description is {', '.join(described)}: scopix edit --ai-tags corrects that"
        return End(file_id, "unchanged", True, filename, reason if described else None)
    await client.files.update(file_id, tags=after)
    return End(file_id, "tagged", True, filename)


def own_tags(details: FileDetails) -> list[str]:
    """The caller's tags of a file, of which a list has those first and then the description's, without repeats."""
    from_description = list(dict.fromkeys(details.ai_tags or ()))
    for count in range(len(details.tags) + 1):
        own = details.tags[:count]
        if own + [one for one in from_description if one not in own] == list(details.tags):
            return own
    return list(details.tags)


def _split(given: Sequence[str] | None) -> list[str]:
    texts: Iterable[str] = given or ()
    return list(dict.fromkeys(tag for text in texts for one in text.split(",") if (tag := one.strip())))
