"""A body may be slow, to a point; and only the client's time counts."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scopix_server.api.multipart import BodyPace, paced
from scopix_server.domain.errors import RequestTimedOut

PACE = BodyPace(idle_seconds=0.1, min_bytes_per_second=10_000)


async def sent(chunk: bytes, number: int, pause: float) -> AsyncIterator[bytes]:
    for _ in range(number):
        await asyncio.sleep(pause)
        yield chunk


async def taken(body: AsyncIterator[bytes], pause: float = 0.0) -> int:
    received = 0
    async for chunk in paced(body, PACE):
        received += len(chunk)
        await asyncio.sleep(pause)  # a disk, or a bucket
    return received


def test_a_silent_client_is_given_up() -> None:
    with pytest.raises(RequestTimedOut, match="Nothing of the body arrived"):
        asyncio.run(taken(sent(b"a", 1, 10.0)))


def test_a_client_that_trickles_is_given_up() -> None:
    with pytest.raises(RequestTimedOut, match="at least 10000 a second must") as refused:
        asyncio.run(taken(sent(b"a", 1000, 0.01)))
    assert refused.value.details == {"min_bytes_per_second": 10_000}


def test_what_came_quickly_is_no_credit_for_later() -> None:
    async def quick_then_slow() -> AsyncIterator[bytes]:
        yield bytes(10**9)
        async for chunk in sent(b"a", 1000, 0.01):
            yield chunk

    with pytest.raises(RequestTimedOut, match="a second must"):
        asyncio.run(taken(quick_then_slow()))


def test_a_client_that_is_quick_enough_may_take_its_time() -> None:
    assert asyncio.run(taken(sent(bytes(10_000), 30, 0.01))) == 300_000


def test_our_own_time_is_never_the_clients() -> None:
    assert asyncio.run(taken(sent(b"a", 5, 0.0), pause=0.15)) == 5
