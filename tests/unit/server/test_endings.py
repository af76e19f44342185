"""Waiting for an end: one look for everybody who waits, and nobody is forgotten."""

import asyncio
from collections.abc import Collection
from typing import Any

from scopix_server.api.endings import Ending


class Ended:
    """Ids that have ended, as a database would tell; counts how often it is asked, and what for."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.looks: list[list[str]] = []
        self.fails = False

    def read(self, work: Any) -> Any:
        return work(self)

    def find(self, ids: Collection[str]) -> set[str]:
        self.looks.append(sorted(ids))
        if self.fails:
            raise OSError("no database")
        return self.ids & set(ids)


def ending_of(ended: Ended) -> Ending:
    return Ending(ended, lambda transaction, ids: transaction.find(ids))  # type: ignore[arg-type, attr-defined]


async def test_whoever_waits_hears_of_the_end() -> None:
    ended = Ended()
    ending = ending_of(ended)
    waiting = [asyncio.create_task(ending.wait(id, 30)) for id in ("a", "a", "b")]
    while not ended.looks:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert not any(task.done() for task in waiting)
    ended.ids = {"a"}
    assert [await task for task in waiting[:2]] == [True, True]
    assert not waiting[2].done()
    ended.ids = {"b"}
    assert await waiting[2]


async def test_a_hundred_waiting_requests_are_one_look() -> None:
    ended = Ended()
    ending = ending_of(ended)
    waiting = [asyncio.create_task(ending.wait(f"{number:03}", 30)) for number in range(100)]
    while len(ended.looks) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert ended.looks[:3] == [[f"{number:03}" for number in range(100)]] * 3
    ended.ids = {f"{number:03}" for number in range(100)}
    assert all([await task for task in waiting])


async def test_nobody_waits_longer_than_asked_and_then_nothing_is_looked_for() -> None:
    ended = Ended()
    ending = ending_of(ended)
    assert await ending.wait("a", 0.2) is False
    looks = len(ended.looks)
    await asyncio.sleep(0.3)
    assert len(ended.looks) <= looks + 1
    ended.ids = {"a"}
    assert await ending.wait("a", 30) is True


async def test_a_request_that_is_broken_off_leaves_nothing_behind() -> None:
    ended = Ended()
    ending = ending_of(ended)
    other = asyncio.create_task(ending.wait("a", 30))
    gone = asyncio.create_task(ending.wait("a", 30))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    ended.ids = {"a"}
    assert await other is True


async def test_a_database_that_fails_keeps_nobody_waiting() -> None:
    ended = Ended()
    ended.fails = True
    assert await ending_of(ended).wait("a", 30) is True
