"""Directories on the command line: finding the files, showing how far their upload is."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from scopix import Scopix, find_images
from scopix.cli.batch import BatchUpload
from scopix.cli.ledger import Ledger
from scopix.cli.outcome import Outcome
from scopix.cli.sending import Wishes
from scopix.cli.terminal import say

__all__ = ["find_files", "upload_by_ledger"]

_REFRESH_SECONDS = 0.5


def find_files(paths: Iterable[str], *, recursive: bool, include_hidden: bool) -> list[Path]:
    """The files named and the pictures in the directories named, each once. Raises `UploadError`."""
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        files = find_images(path, recursive=recursive, include_hidden=include_hidden) if path.is_dir() else [path]
        for file in files:
            found.setdefault(_resolved(file), file)
    return list(found.values())


def upload_by_ledger(
    client: Scopix, files: Sequence[Path], wishes: Wishes, books: Path | None
) -> tuple[list[Outcome], bool]:
    """Upload them, or what is left of them; an outcome for each, and whether the user interrupted it.

    Raises `LedgerError` when the books cannot be used.
    """
    if not files:
        return [], False
    with Ledger(books, client.config.url) as ledger:
        run = BatchUpload(client, files, wishes, ledger)
        try:
            asyncio.run(_go_showing(run, waits=wishes.wait))
        except KeyboardInterrupt:
            return run.outcomes(), True
        return run.outcomes(), False


async def _go_showing(run: BatchUpload, *, waits: bool) -> None:
    console = say()
    progress = Progress(
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    sending = progress.add_task("sent", total=run.total, rate="")
    describing = progress.add_task("done", total=run.total, rate="", visible=waits)

    async def refresh() -> None:
        while True:
            for task, count in ((sending, run.sent), (describing, run.ended)):
                speed = progress.tasks[task].speed
                progress.update(task, completed=count, rate=f"{speed:.1f}/s" if speed else "")
            await asyncio.sleep(_REFRESH_SECONDS)

    with progress:
        showing = asyncio.create_task(refresh())
        try:
            await run.go()
        finally:
            showing.cancel()


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path
