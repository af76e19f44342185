"""`scopix upload`: send files, four at a time, and show what they are."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from scopix import AuthenticationError, ContentCategory, ScopixConnectionError, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.outcome import EXIT_NO_CONNECTION, Outcome, State, exit_code, totals_line
from scopix.cli.sending import UploadRun, Wishes
from scopix.cli.tables import results_table
from scopix.cli.terminal import errors_shown, hint_for, out, say, say_error

__all__ = ["upload"]

EXIT_INTERRUPTED = 130
IDLE = "sending and describing"


def upload(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="The files to upload.")],
    category: Annotated[
        ContentCategory, typer.Option(help="What the pictures show; it steers the description.", case_sensitive=False)
    ] = ContentCategory.GENERAL,
    tags: Annotated[
        list[str] | None, typer.Option(help="Tags for all files, separated by commas; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A title; for a single file only.")] = None,
    no_describe: Annotated[bool, typer.Option("--no-describe", help="Store only; make no descriptions.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the descriptions.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, as each file is done.")
    ] = False,
) -> None:
    """Upload images and print what is on them.

    JPEG, PNG, WebP and GIF, at most 100 MB each. A file that fails does not stop the others.

    Exit code: 0 all is well, 1 some files failed, 2 wrong usage, 3 no connection or a wrong key.
    """
    if title is not None and len(paths) > 1:
        raise typer.BadParameter("a title is for a single file", param_hint="--title")
    wishes = Wishes(category, _split_tags(tags), title, describe=not no_describe, wait=not no_wait)
    connection: Connection = context.obj
    with errors_shown():
        client = open_client(connection)
        run = UploadRun(client, paths, wishes, on_done=_print_json if as_json else None)
        interrupted = _run_with_progress(run)
    outcomes = run.all_outcomes()
    _report(outcomes, as_json=as_json)
    raise typer.Exit(EXIT_INTERRUPTED if interrupted else exit_code(outcomes))


def _run_with_progress(run: UploadRun) -> bool:
    """Run it under a live progress bar on standard error. True when the user interrupted it."""
    console = say()
    progress = Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        try:
            asyncio.run(_go_showing(run, progress))
        except KeyboardInterrupt:
            return True
    return False


async def _go_showing(run: UploadRun, progress: Progress) -> None:
    task = progress.add_task(IDLE, total=len(run.all_outcomes()))

    async def refresh() -> None:
        while True:
            done = run.done()
            progress.update(task, completed=len(done), description=_counts(done))
            await asyncio.sleep(0.1)

    showing = asyncio.create_task(refresh())
    try:
        await run.go()
    finally:
        showing.cancel()


def _counts(done: Sequence[Outcome]) -> str:
    return totals_line(done).partition(": ")[2] if done else IDLE


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    console = say()
    if as_json:
        for outcome in outcomes:
            if outcome.state in (State.INTERRUPTED, State.NOT_SENT):
                _print_json(outcome)
    elif any(outcome.result is not None for outcome in outcomes) or exit_code(outcomes) != EXIT_NO_CONNECTION:
        target = out()
        target.print(results_table(outcomes, width=target.width))
    if exit_code(outcomes) == EXIT_NO_CONNECTION:
        error = next(outcome.error for outcome in outcomes if _is_lost(outcome.error))
        if error is not None:
            say_error(error.message, hint_for(error))
    console.print(totals_line(outcomes))


def _is_lost(error: ScopixError | None) -> bool:
    return isinstance(error, AuthenticationError | ScopixConnectionError)


def _print_json(outcome: Outcome) -> None:
    # ASCII only: what a picture says can hold characters that a terminal obeys.
    typer.echo(json.dumps(outcome.to_dict(), default=str))


def _split_tags(tags: Sequence[str] | None) -> list[str] | None:
    if not tags:
        return None
    return [tag.strip() for given in tags for tag in given.split(",") if tag.strip()]
