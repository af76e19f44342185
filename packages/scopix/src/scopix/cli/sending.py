"""Sending many files, a few at a time, so that each of them ends in exactly one state."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scopix import (
    AuthenticationError,
    ContentCategory,
    Scopix,
    ScopixConnectionError,
    ScopixError,
    ValidationError,
)
from scopix.cli.outcome import Outcome, State

__all__ = ["UploadRun", "Wishes"]

CONCURRENCY = 4


@dataclass(frozen=True)
class Wishes:
    """What the options say about every file."""

    category: ContentCategory
    tags: list[str] | None
    title: str | None
    describe: bool
    wait: bool
    skip_duplicates: bool = False
    describe_once: bool = False


class UploadRun:
    """One upload of many files. Every file has its outcome in the end, in the order given."""

    def __init__(
        self, client: Scopix, paths: Sequence[str], wishes: Wishes, *, on_done: Callable[[Outcome], None] | None
    ) -> None:
        self.client = client
        self._paths = paths
        self._directories = {path for path in paths if Path(path).is_dir()}
        self._wishes = wishes
        self._on_done = on_done
        self._outcomes: dict[int, Outcome] = {}
        self._started: set[int] = set()
        self._hopeless = False

    async def go(self) -> None:
        """Send everything, `CONCURRENCY` files at a time."""
        waiting = iter(enumerate(self._paths))
        async with self.client, asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENCY, len(self._paths))):
                group.create_task(self._work(waiting))

    def done(self) -> list[Outcome]:
        """The outcomes so far."""
        return [self._outcomes[index] for index in sorted(self._outcomes)]

    def all_outcomes(self) -> list[Outcome]:
        """An outcome for every file. One that was being sent when all ended may be stored or not."""
        return [self._outcomes.get(index) or self._left_over(index) for index in range(len(self._paths))]

    def _left_over(self, index: int) -> Outcome:
        return Outcome(self._paths[index], State.INTERRUPTED if index in self._started else State.NOT_SENT)

    async def _work(self, waiting: Iterator[tuple[int, str]]) -> None:
        for index, path in waiting:
            if self._hopeless:
                return
            self._started.add(index)
            outcome = await self._send(path)
            self._outcomes[index] = outcome
            self._hopeless = self._hopeless or self._is_hopeless(outcome)
            if self._on_done is not None:
                self._on_done(outcome)

    async def _send(self, path: str) -> Outcome:
        wishes = self._wishes
        try:
            if path in self._directories:
                raise ValidationError(f"{path} became a directory meanwhile")
            result = await self.client.files.upload(
                path,
                content_category=wishes.category,
                tags=wishes.tags,
                title=wishes.title,
                auto_describe=wishes.describe,
                skip_duplicates=wishes.skip_duplicates,
                describe_once=wishes.describe_once,
                wait_for_descriptions=wishes.wait,
            )
        except ScopixError as error:
            return Outcome.of_error(path, error)
        return Outcome.of_result(path, result)

    def _is_hopeless(self, outcome: Outcome) -> bool:
        """A refused key, or a server never reached, will not be better for the next file."""
        if isinstance(outcome.error, AuthenticationError):
            return True
        never_reached = not any(done.result is not None for done in self._outcomes.values())
        return isinstance(outcome.error, ScopixConnectionError) and never_reached
