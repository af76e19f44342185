"""`scopix upload`: send files and directories, and show what they are."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from scopix import AuthenticationError, ContentCategory, ScopixConnectionError, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.directories import find_files, upload_by_ledger
from scopix.cli.outcome import EXIT_INTERRUPTED, EXIT_NO_CONNECTION, Outcome, State, exit_code, totals_line
from scopix.cli.sending import UploadRun, Wishes
from scopix.cli.tables import results_table
from scopix.cli.terminal import errors_shown, hint_for, out, say, say_error

__all__ = ["upload"]

LEDGER = ".scopix-upload.jsonl"
MOST_ROWS = 50
IDLE = "sending and describing"


def upload(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="The files and directories to upload.")],
    category: Annotated[
        ContentCategory, typer.Option(help="What the pictures show; it steers the description.", case_sensitive=False)
    ] = ContentCategory.GENERAL,
    tags: Annotated[
        list[str] | None, typer.Option(help="Tags for all files, separated by commas; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A title; for a single file only.")] = None,
    recursive: Annotated[bool, typer.Option(help="Look into the directories of a directory, too.")] = True,
    hidden: Annotated[bool, typer.Option("--hidden", help="Take hidden files and directories, too.")] = False,
    skip_duplicates: Annotated[bool, typer.Option("--skip-duplicates", help="Store no content twice.")] = False,
    ledger: Annotated[
        Path | None, typer.Option(help=f"Where to keep the books of the upload [default: {LEDGER}, for directories].")
    ] = None,
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Keep no books: a killed upload begins anew.")] = False,
    no_describe: Annotated[bool, typer.Option("--no-describe", help="Store only; make no descriptions.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the descriptions.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Upload images and print what is on them.

    JPEG, PNG, WebP and GIF, at most 100 MB each. A file that fails does not stop the others. An upload of directories
    that was interrupted goes on where it was when it is started again in the same place.

    Exit code: 0 all is well, 1 some files failed, 2 wrong usage, 3 no connection or a wrong key.
    """
    many = ledger is not None or any(Path(path).is_dir() for path in paths)
    if title is not None and (many or len(paths) > 1):
        raise typer.BadParameter("a title is for a single file", param_hint="--title")
    wishes = Wishes(category, _split_tags(tags), title, not no_describe, not no_wait, skip_duplicates)
    connection: Connection = context.obj
    with errors_shown():
        client = open_client(connection)
        if many:
            books = None if no_ledger else ledger or Path(LEDGER)
            found = find_files(paths, recursive=recursive, include_hidden=hidden)
            outcomes, interrupted = upload_by_ledger(client, found, wishes, books)
        else:
            run = UploadRun(client, paths, wishes, on_done=_print_json if as_json else None)
            interrupted = _run_with_progress(run)
            outcomes = run.all_outcomes()
    _report(outcomes, as_json=as_json, nothing_printed=many)
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


def _report(outcomes: Sequence[Outcome], *, as_json: bool, nothing_printed: bool) -> None:
    console = say()
    if as_json:
        for outcome in outcomes:
            if nothing_printed or outcome.state in (State.INTERRUPTED, State.NOT_SENT):
                _print_json(outcome)
    elif any(outcome.result is not None for outcome in outcomes) or exit_code(outcomes) != EXIT_NO_CONNECTION:
        _print_table(outcomes)
    if exit_code(outcomes) == EXIT_NO_CONNECTION:
        error = next(outcome.error for outcome in outcomes if _is_lost(outcome.error))
        if error is not None:
            say_error(error.message, hint_for(error))
    console.print(totals_line(outcomes))


def _print_table(outcomes: Sequence[Outcome]) -> None:
    """All files, or of many those only that need a look."""
    shown = outcomes if len(outcomes) <= MOST_ROWS else [outcome for outcome in outcomes if not outcome.is_fine]
    target = out()
    if shown:
        target.print(results_table(shown[:MOST_ROWS], width=target.width))
    if len(shown) > MOST_ROWS:
        say().print(f"{len(shown) - MOST_ROWS} more of these are listed by --json")


def _is_lost(error: ScopixError | None) -> bool:
    return isinstance(error, AuthenticationError | ScopixConnectionError)


def _print_json(outcome: Outcome) -> None:
    # ASCII only: what a picture says can hold characters that a terminal obeys.
    typer.echo(json.dumps(outcome.to_dict(), default=str))


def _split_tags(tags: Sequence[str] | None) -> list[str] | None:
    if not tags:
        return None
    return [tag.strip() for given in tags for tag in given.split(",") if tag.strip()]
