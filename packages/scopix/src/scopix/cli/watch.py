"""`scopix watch`: a folder that feeds itself.

It is looked at again and again, which works on network shares too, where no system tells of changes. What was sent is
kept in a journal, so a watch that was killed goes on where it was.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from scopix import AuthenticationError, ContentCategory, ScopixError
from scopix.cli.connection import Connection, open_client
from scopix.cli.directories import upload_with_journal
from scopix.cli.outcome import EXIT_INTERRUPTED, Outcome, State, exit_code
from scopix.cli.selection import WATCH_JOURNAL, Rules, select, skipped_lines
from scopix.cli.sending import Wishes
from scopix.cli.terminal import errors_shown, hint_for, one_line, say, say_error

__all__ = ["Look", "watch"]

MAX_FILES = 1000
"""Of one round: what a session of uploads holds. The rest follows in the next one."""
_AGAIN = frozenset({State.NOT_SENT, State.INTERRUPTED})

Stamp = tuple[int, int]
"""Size in bytes and time of change in nanoseconds."""


@dataclass
class Look:
    """What was seen of the folder at the last look, and what is done with.

    A file is ready once two looks in a row saw it alike: one that is still being written changes between them.
    """

    seen: dict[str, Stamp] = field(default_factory=dict)
    settled: dict[str, Stamp] = field(default_factory=dict)

    def ready(self, files: Sequence[str]) -> list[str]:
        """Return the files that are whole and not done with, after noting how all of them are now."""
        now = {path: stamp for path in files if (stamp := _stamp(path)) is not None}
        ready = [
            path for path, stamp in now.items() if self.seen.get(path) == stamp and self.settled.get(path) != stamp
        ]
        self.seen = now
        self.settled = {path: stamp for path, stamp in self.settled.items() if path in now}
        return ready[:MAX_FILES]

    def settle(self, path: str) -> None:
        """Let a file be until it changes."""
        if path in self.seen:
            self.settled[path] = self.seen[path]


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to watch.")],
    category: Annotated[
        ContentCategory, typer.Option(help="What the pictures show; it steers the description.", case_sensitive=False)
    ] = ContentCategory.GENERAL,
    tags: Annotated[
        list[str] | None, typer.Option(help="Tags for all files, separated by commas; may be repeated.")
    ] = None,
    recursive: Annotated[bool, typer.Option(help="Watch the folders in it, too.")] = True,
    include: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Take only what matches; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Leave out what matches; repeatable.")
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds between two looks; files are whole if they stay alike.")
    ] = 5.0,
    once: Annotated[
        bool, typer.Option("--once", help="End once all that is there now is sent, as a scheduled job does.")
    ] = False,
    skip_duplicates: Annotated[bool, typer.Option("--skip-duplicates", help="Store no content twice.")] = False,
    journal_path: Annotated[
        Path | None,
        typer.Option("--ledger", help=f"Where to keep the journal [default: {WATCH_JOURNAL} in the folder]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for each file.")] = False,
) -> None:
    """Upload what is put into a folder, and go on doing so.

    Files that are still being written are waited for, a server that is away too. Ended and started again, it goes on
    where it was, and sends nothing twice; files that change are sent again. What is not taken is told once, with the
    reason.
    """
    connection: Connection = context.obj
    split = [tag.strip() for given in tags or () for tag in given.split(",") if tag.strip()]
    wishes = Wishes(category, split or None, None, describe=True, wait=False, skip_duplicates=skip_duplicates)
    rules = Rules(recursive, False, include or (), exclude or ())
    journal = journal_path or folder / WATCH_JOURNAL
    outcomes: list[Outcome] = []
    with errors_shown():
        if not folder.is_dir():
            raise ValueError(f"{folder} is no directory")
        say().print(one_line(f"watching {folder}; Ctrl-C ends it"), soft_wrap=True)
        for done in _rounds(connection, folder, rules, wishes, journal, interval=interval, once=once, as_json=as_json):
            for outcome in done:
                _tell(outcome, as_json=as_json)
            outcomes += done if once else []
    raise typer.Exit(exit_code(outcomes))


def _rounds(
    connection: Connection,
    folder: Path,
    rules: Rules,
    wishes: Wishes,
    journal: Path,
    *,
    interval: float,
    once: bool,
    as_json: bool,
) -> Iterator[list[Outcome]]:
    """Yield what became of the files of each round; without end, unless all that is there is to be sent once."""
    look, away = Look(), False
    passed_over: set[str] = set()
    while True:
        selection = select([str(folder)], rules)
        news = [outcome for outcome in selection.left_out if outcome.path not in passed_over]
        passed_over |= {outcome.path for outcome in news}
        _tell_left_out(news, as_json=as_json)
        ready = look.ready(selection.files)
        if ready:
            ended = upload_with_journal(open_client(connection), ready, wishes, journal=journal)
            if ended.interrupted:
                raise typer.Exit(EXIT_INTERRUPTED)
            error = next((one.error for one in ended.outcomes if one.state in _AGAIN and one.error), None)
            _raise_if_hopeless(error)
            if error is not None and not away:
                say_error(error.message, f"{hint_for(error) or ''} Files wait until then.".strip())
            away = error is not None
            for outcome in ended.outcomes:
                if outcome.state not in _AGAIN:
                    look.settle(outcome.path)
            if ended.sent_before == len(ended.outcomes):
                say().print(f"{ended.sent_before:,} files were sent by an earlier run")
            else:
                yield [outcome for outcome in ended.outcomes if outcome.state not in _AGAIN]
            if once and error is not None:
                raise error
        elif once and look.seen == {path: look.settled.get(path) for path in look.seen}:
            return
        time.sleep(interval)


def _raise_if_hopeless(error: ScopixError | None) -> None:
    """A refused key will not be taken later, nor will a journal that cannot be used."""
    if isinstance(error, AuthenticationError) or (error is not None and error.details.get("field") == "journal"):
        raise error


def _tell_left_out(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Tell of what is not taken, once: by its reason, or each by itself."""
    if as_json:
        for outcome in outcomes:
            _tell(outcome, as_json=True)
        return
    for line in skipped_lines(outcomes):
        say().print(line, markup=False, highlight=False)
    for outcome in outcomes:
        if outcome.error is not None:
            say_error(f"{outcome.path}: {outcome.error.message}", None)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(outcome.to_dict(), default=str))
        return
    file_id = outcome.result.image_id[:8] if outcome.result is not None and outcome.result.image_id else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    typer.echo(one_line(f"{time.strftime('%H:%M:%S')}  {outcome.state.value}{reason}  {file_id}  {outcome.path}"))


def _stamp(path: str) -> Stamp | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None  # it went while we looked
    return (status.st_size, status.st_mtime_ns) if status.st_size else None  # an empty one is only begun
