"""`scopix sessions`: what was uploaded together, and how far it is."""

import asyncio
import sys
from typing import Annotated

import typer
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from scopix import Scopix, SessionFileEvent, SessionList, UploadSessionStatus
from scopix.cli.connection import Connection, open_client
from scopix.cli.terminal import errors_shown, harmless, out

__all__ = ["sessions"]

sessions = typer.Typer(
    help="List upload sessions, or show one.", invoke_without_command=True, rich_markup_mode=None, add_completion=False
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@sessions.callback()
def list_sessions(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List upload sessions, newest first; `scopix sessions show ID` shows one."""
    if context.invoked_subcommand is not None:
        return
    connection: Connection = context.obj
    with errors_shown():
        page = asyncio.run(_list(open_client(connection), limit))
    if as_json:
        typer.echo(page.model_dump_json(ensure_ascii=True))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Session", "Status", "Files", "Done", "Failed", "Begun"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Session")
    for one in page.items:
        begun = f"{one.created_at:%Y-%m-%d %H:%M}" if one.created_at else ""
        done = f"{one.progress_percentage:.0f} %"
        cells = (one.session_id, one.status, str(one.total_files), done, str(one.failed_files), begun)
        table.add_row(*(Text(harmless(cell)) for cell in cells))
    out().print(table)


@sessions.command()
def show(
    context: typer.Context,
    session_id: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
    as_json: AsJson = False,
) -> None:
    """Show one session: how many of its files are done, and what went wrong lately."""
    connection: Connection = context.parent.obj if context.parent else context.obj
    with errors_shown():
        status = asyncio.run(_status(open_client(connection), session_id))
    if as_json:
        typer.echo(status.model_dump_json(ensure_ascii=True))
        return
    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("Session", status.session_id),
        ("Status", status.status),
        ("Files", str(status.total_files)),
        ("Completed", str(status.completed_files)),
        ("Failed", str(status.failed_files)),
        ("Skipped", str(status.skipped_files)),
        ("Pending", str(status.pending_files)),
        *(("Error", f"{one.filename}: {one.error}") for one in status.recent_errors),
    ):
        table.add_row(Text(label, style="bold"), Text(harmless(value)))
    out().print(table)


@sessions.command()
def watch(
    context: typer.Context,
    session_id: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each event.")] = False,
) -> None:
    """Follow one session live until it is over. Exit code 1 if a file failed or was refused."""
    connection: Connection = context.parent.obj if context.parent else context.obj
    with errors_shown():
        failed = asyncio.run(_watch(open_client(connection), session_id, as_json=as_json))
    if failed:
        raise typer.Exit(1)


async def _watch(client: Scopix, session_id: str, *, as_json: bool) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    failed = 0
    async with client:
        with Progress(*columns, console=out(), disable=as_json or not sys.stdout.isatty()) as progress:
            task = progress.add_task("waiting", total=None)
            async for event in client.files.stream_session(session_id):
                if as_json:
                    typer.echo(event.model_dump_json())
                elif isinstance(event, SessionFileEvent):
                    progress.console.print(_line(event))
                if not isinstance(event, SessionFileEvent):
                    failed = event.failed_files
                    ended = event.total_files - event.pending_files
                    progress.update(task, description=event.status, total=event.total_files, completed=ended)
    return failed


def _line(event: SessionFileEvent) -> Text:
    style = {"completed": "green", "failed": "red"}.get(event.status, "")
    message = f"  {harmless(event.error_message)}" if event.error_message else ""
    return Text(f"{event.at:%H:%M:%S}  {event.stage:<10}  {harmless(event.filename)}{message}", style=style)


async def _list(client: Scopix, limit: int) -> SessionList:
    async with client:
        return await client.files.list_sessions(limit=limit)


async def _status(client: Scopix, session_id: str) -> UploadSessionStatus:
    async with client:
        return await client.files.get_session_status(session_id)
