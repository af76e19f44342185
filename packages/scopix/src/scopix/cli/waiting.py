"""What an upload tells while it goes: plain lines where there is no terminal, and what the server waits for."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from rich.console import Console

from scopix import DescriptionStatus, Scopix, ScopixError
from scopix.cli.terminal import one_line

__all__ = ["PlainLines", "tell_reasons"]

LINE_SECONDS = 15.0
"""Between two lines: often enough to see that it goes on, seldom enough for a log."""
ASK_SECONDS = 10.0
"""Between two questions for what is waited for: an engine is away for minutes, if at all."""


class PlainLines:
    """Progress for logs and pipes, which can redraw nothing: a line now and then, when there is news."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_needed = not console.is_terminal
        self._last = ""
        self._at = time.monotonic()

    def tell(self, line: str) -> None:
        """Print the line, unless it is too soon, was printed already, or a terminal shows it otherwise."""
        now = time.monotonic()
        if not self._is_needed or line == self._last or now - self._at < LINE_SECONDS:
            return
        self._last, self._at = line, now
        self._console.print(line, soft_wrap=True)


async def tell_reasons(client: Scopix, tell: Callable[[str], None]) -> None:
    """Tell why descriptions wait, each reason once, until cancelled: an engine that is away, or is being loaded."""
    before = None
    while True:
        await asyncio.sleep(ASK_SECONDS)
        with suppress(ScopixError):  # whoever uploads hears of it
            reason = await _reason(client)
            if reason and reason != before:
                tell(one_line(f"waiting: {reason}"))
            before = reason


async def _reason(client: Scopix) -> str | None:
    # Of the file that waits longest; it is no matter whose upload it came with.
    waiting = await client.files.list(
        description_statuses=[DescriptionStatus.QUEUED], sort_by="created_at", sort_order="asc", limit=1
    )
    if not waiting.items:
        return None
    return (await client.files.get_processing_status(waiting.items[0].id)).error_message
