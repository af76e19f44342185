"""`scopix upload`: send files and directories, and show what they are."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from scopix import AuthenticationError, ContentCategory, ScopixConnectionError, ScopixError
from scopix.cli.connection import open_client
from scopix.cli.directories import Ended, upload_with_journal
from scopix.cli.outcome import EXIT_INTERRUPTED, EXIT_NO_CONNECTION, Outcome, State, exit_code, totals_line
from scopix.cli.selection import JOURNAL, Rules, Selection, select, skipped_lines
from scopix.cli.sending import UploadRun, Wishes
from scopix.cli.tables import results_table
from scopix.cli.terminal import errors_shown, hint_for, one_line, out, say, say_error
from scopix.cli.waiting import PlainLines, tell_reasons

__all__ = ["upload"]

MAX_ROWS = 50
MAX_BATCHED_BYTES = 100 * 1024 * 1024  # bytes: what one request may hold of one image
IDLE = "sending and describing"
_HOW_TO_CHANGE = {
    "tags": "scopix tag changes them",
    "content_category": "scopix retry --as changes it",
    "auto_describe": "scopix retry describes them",
}


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
    recursive: Annotated[bool, typer.Option(help="Search the directories of a directory, too.")] = True,
    hidden: Annotated[bool, typer.Option("--hidden", help="Take hidden files and directories, too.")] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Of directories, take only what matches, such as 'IMG_*'; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Of directories, leave out what matches, such as 'thumbs'; repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be uploaded, or skipped.")] = False,
    skip_duplicates: Annotated[bool, typer.Option("--skip-duplicates", help="Store no content twice.")] = False,
    describe_once: Annotated[bool, typer.Option("--describe-once", help="Describe no content twice.")] = False,
    journal_path: Annotated[
        Path | None, typer.Option("--ledger", help=f"Where to keep the journal [default: {JOURNAL}].")
    ] = None,
    no_journal: Annotated[bool, typer.Option("--no-ledger", help="No journal: a killed upload starts over.")] = False,
    no_describe: Annotated[bool, typer.Option("--no-describe", help="Store only; make no descriptions.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the descriptions.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for each file.")] = False,
) -> None:
    """Upload images and documents, and print what is on them.

    JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF, cameras' raw files and more, at most 100 MB each; PDF and Word files, and
    texts that are named. A file that fails does not stop the others; what is skipped in a directory is told with its
    reason. An upload of directories, or of several files, that was interrupted goes on where it was when it is started
    again in the same place.

    Exit code: 0 all is well, 1 some files failed or all were skipped, 2 wrong usage, 3 no connection or a wrong key.
    """
    many = journal_path is not None or any(Path(path).is_dir() for path in paths) or _is_a_batch(paths)
    if title is not None and (many or len(paths) > 1):
        raise typer.BadParameter("a title is for a single file", param_hint="--title")
    selection = select(paths, Rules(recursive, hidden, include or (), exclude or ()))
    if dry_run:
        _report_plan(selection, as_json=as_json)
        raise typer.Exit(0 if selection.files else exit_code(selection.left_out))
    wishes = Wishes(category, _split_tags(tags), title, not no_describe, not no_wait, skip_duplicates, describe_once)
    with errors_shown():
        client = open_client(context.obj)
        if many:
            journal = None if no_journal else journal_path or Path(JOURNAL)
            ended = upload_with_journal(client, selection.files, wishes, journal=journal)
        else:
            run = UploadRun(client, paths, wishes, on_done=_print_json if as_json else None)
            interrupted = _run_with_progress(run)
            ended = Ended(run.all_outcomes(), 0, interrupted)
    outcomes = ended.outcomes + selection.left_out
    _report(outcomes, _remarks(ended, goes_on=many and not no_journal), as_json=as_json, nothing_printed=many)
    raise typer.Exit(_exit_code(ended, outcomes))


def _exit_code(ended: Ended, outcomes: Sequence[Outcome]) -> int:
    if ended.interrupted:
        return EXIT_INTERRUPTED
    # All may be sent, by the journal, and nobody answer for it.
    return exit_code(outcomes) or (EXIT_NO_CONNECTION if ended.error is not None else 0)


def _remarks(ended: Ended, *, goes_on: bool) -> Iterator[str]:
    """What the totals do not say: what an earlier run had done, and what becomes of an upload that was interrupted."""
    if ended.sent_before:
        noun = "file was" if ended.sent_before == 1 else "files were"
        yield f"{ended.sent_before:,} {noun} sent by an earlier run"
    if ended.error is not None and all(outcome.is_fine for outcome in ended.outcomes):
        yield f"What became of them cannot be asked now: {ended.error.message}"
    for name, count in ended.sent_otherwise.items():
        how = _HOW_TO_CHANGE.get(name, "--ledger with another file uploads them once more")
        yield f"{count:,} of them with other values of {name}, which they keep: {how}"
    if not ended.interrupted:
        return
    if any(outcome.state is State.UPLOADED for outcome in ended.outcomes):
        yield "Interrupted. What is uploaded stays, and is described on the server meanwhile."
    else:
        yield "Interrupted."
    if goes_on and any(outcome.state in (State.INTERRUPTED, State.NOT_SENT) for outcome in ended.outcomes):
        yield "To send the rest, run the same command in the same place; no file is stored twice."


def _is_a_batch(paths: Sequence[str]) -> bool:
    """Whether several files are uploaded as one batch, which goes on after an interruption.

    A file that is too large for one request goes by itself, in parts, and so do those beside it.
    """
    return len(paths) > 1 and all(_size(path) <= MAX_BATCHED_BYTES for path in paths)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0  # it is told with the others that it cannot be read


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

    lines = PlainLines(progress.console)

    async def refresh() -> None:
        while True:
            done = run.done()
            lines.tell(f"{len(done):,} of {len(run.all_outcomes()):,} done")
            progress.update(task, completed=len(done), description=_counts(done))
            await asyncio.sleep(0.1)

    telling = [asyncio.create_task(refresh()), asyncio.create_task(tell_reasons(run.client, progress.console.print))]
    try:
        await run.go()
    finally:
        for each in telling:
            each.cancel()


def _counts(done: Sequence[Outcome]) -> str:
    return totals_line(done).partition(": ")[2] if done else IDLE


def _report(outcomes: Sequence[Outcome], remarks: Iterable[str], *, as_json: bool, nothing_printed: bool) -> None:
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
    for line in (*skipped_lines(outcomes), *remarks):
        console.print(line, markup=False, highlight=False)
    console.print(totals_line(outcomes))


def _report_plan(selection: Selection, *, as_json: bool) -> None:
    """What would be done, a path a line; nothing is asked of a server."""
    if as_json:
        for outcome in [Outcome(path, State.NOT_SENT) for path in selection.files] + selection.left_out:
            _print_json(outcome)
    else:
        for path in selection.files:
            typer.echo(one_line(path))
    console, size = say(), sum(map(_size, selection.files))
    for line in skipped_lines(selection.left_out):
        console.print(line, markup=False, highlight=False)
    noun = "file" if len(selection.files) == 1 else "files"
    console.print(f"{len(selection.files):,} {noun} would be uploaded, {size / 1e6:,.1f} MB; nothing was sent")


def _print_table(outcomes: Sequence[Outcome]) -> None:
    """All files, or of many those only that need a look; what was skipped is told apart."""
    outcomes = [outcome for outcome in outcomes if outcome.state is not State.SKIPPED]
    shown = outcomes if len(outcomes) <= MAX_ROWS else [outcome for outcome in outcomes if not outcome.is_fine]
    target = out()
    if shown:
        target.print(results_table(shown[:MAX_ROWS], width=target.width))
    if len(shown) > MAX_ROWS:
        say().print(f"{len(shown) - MAX_ROWS} more of these are listed by --json")


def _is_lost(error: ScopixError | None) -> bool:
    return isinstance(error, AuthenticationError | ScopixConnectionError)


def _print_json(outcome: Outcome) -> None:
    # ASCII only: what a picture says can hold characters that a terminal obeys.
    typer.echo(json.dumps(outcome.to_dict(), default=str))


def _split_tags(tags: Sequence[str] | None) -> list[str] | None:
    if not tags:
        return None
    return [tag.strip() for given in tags for tag in given.split(",") if tag.strip()]
