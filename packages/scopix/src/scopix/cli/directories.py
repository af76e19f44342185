"""Many files on the command line: showing how far their upload is."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from scopix import Scopix, ScopixError, ScopixTimeoutError
from scopix.cli.outcome import Outcome
from scopix.cli.sending import Wishes
from scopix.cli.terminal import say
from scopix.cli.waiting import PlainLines, tell_reasons

__all__ = ["Ended", "upload_with_journal"]

_REFRESH_SECONDS = 0.5


@dataclass(frozen=True)
class Ended:
    """How an upload of many files ended.

    `sent_before` counts the files that an earlier run had sent, by the journal; `interrupted` is true when the user
    ended it. `sent_otherwise` counts those that it had sent with another value of a field, by the field's name. `error`
    is what kept the server from being asked, if anything did.
    """

    outcomes: list[Outcome]
    sent_before: int
    interrupted: bool
    sent_otherwise: Mapping[str, int] = field(default_factory=dict)
    error: ScopixError | None = None


def upload_with_journal(client: Scopix, files: Sequence[str], wishes: Wishes, *, journal: Path | None) -> Ended:
    """Upload them, or what is left of them.

    Raises `ValidationError` when the journal cannot be used.
    """
    run = _Run(client, wishes)
    try:
        asyncio.run(run.go(files, journal))
    except KeyboardInterrupt:
        return Ended(run.outcomes(), run.sent_before, True, run.sent_otherwise)
    return Ended(run.outcomes(), run.sent_before, False, run.sent_otherwise, run.error)


class _Run:
    """Draws an upload while it goes."""

    def __init__(self, client: Scopix, wishes: Wishes) -> None:
        self._client = client
        self._wishes = wishes
        self._upload: Any = None
        self.error: ScopixError | None = None
        self.sent_before = 0
        self.sent_otherwise: Mapping[str, int] = {}

    def outcomes(self) -> list[Outcome]:
        """One for each file, in their order."""
        files = [] if self._upload is None else self._upload.files
        return [Outcome.of_file(file, waited=self._wishes.wait, error=self.error) for file in files]

    async def go(self, files: Sequence[str], journal: Path | None) -> None:
        """Send what is not sent yet, wait if that is wished, and ask what became of everything."""
        async with self._client as client:
            self._upload = await client.files.batch_upload(
                files,
                journal=journal,
                content_category=self._wishes.category,
                tags=self._wishes.tags,
                auto_describe=self._wishes.describe,
                skip_duplicates=self._wishes.skip_duplicates,
                describe_once=self._wishes.describe_once,
            )
            if self._upload.total:
                with self._upload:
                    self._note_what_was_sent()
                    await _showing(client, self._upload, self._steps(), waits=self._wishes.wait)

    def _note_what_was_sent(self) -> None:
        self.sent_before = self._upload.sent
        self.sent_otherwise = self._upload.sent_with_other_fields

    async def _steps(self) -> None:
        try:
            await self._upload.begin()
            self._note_what_was_sent()
            await self._upload.send()
            if self._wishes.wait:
                await self._upload.wait(on_progress=lambda _: None)
        except ScopixTimeoutError:
            pass  # each file tells whether it is still being described
        except ScopixError as error:
            self.error = error
        try:
            await self._upload.collect()
        except ScopixError as error:
            self.error = self.error or error


async def _showing(client: Scopix, upload: Any, steps: Coroutine[Any, Any, None], *, waits: bool) -> None:
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
    sending = progress.add_task("sent", total=upload.total, rate="")
    describing = progress.add_task("done", total=upload.total, rate="", visible=waits)

    lines = PlainLines(console)

    async def refresh() -> None:
        while True:
            done = f", {upload.ended:,} done" if waits else ""
            lines.tell(f"{upload.sent:,} of {upload.total:,} sent{done}")
            for task, count in ((sending, upload.sent), (describing, upload.ended)):
                speed = progress.tasks[task].speed
                progress.update(task, completed=count, rate=f"{speed:.1f}/s" if speed else "")
            await asyncio.sleep(_REFRESH_SECONDS)

    with progress:
        telling = [asyncio.create_task(refresh())]
        if waits:
            telling.append(asyncio.create_task(tell_reasons(client, progress.console.print)))
        try:
            await steps
        finally:
            for task in telling:
                task.cancel()
