"""Threads that tenants share: hanging work holds its own tenant up, never another."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from scopix_server.api.threads import TenantThreads

SECONDS = 30


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """Set at the end, so that no test leaves a thread behind."""
    event = threading.Event()
    yield event
    event.set()


def test_a_tenant_whose_work_hangs_holds_its_share(hang: threading.Event) -> None:
    threads = TenantThreads(threads=4, share=2, name="test")
    begun = threading.Semaphore(0)

    def work() -> None:
        begun.release()
        hang.wait(SECONDS)

    hanging = [threads.of("a").submit(work) for _ in range(32)]
    assert begun.acquire(timeout=SECONDS)
    assert begun.acquire(timeout=SECONDS)
    for number in range(8):
        assert threads.of("b").submit(lambda n=number: n).result(SECONDS) == number
    assert sum(future.running() for future in hanging) == 2
    hang.set()
    for future in hanging:
        future.result(SECONDS)
    threads.shutdown()


def test_each_tenants_work_runs_in_its_order_and_tells_its_failures() -> None:
    threads = TenantThreads(threads=2, share=1, name="test")
    done: list[int] = []

    def fail() -> None:
        raise ValueError("of the work")

    futures = [threads.of("a").submit(done.append, number) for number in range(50)]
    failed = threads.of("a").submit(fail)
    after = threads.of("a").submit(done.append, 50)
    with pytest.raises(ValueError, match="of the work"):
        failed.result(SECONDS)
    after.result(SECONDS)
    assert done == list(range(51))
    assert all(future.done() for future in futures)
    threads.shutdown()


def test_what_waits_at_the_end_is_cancelled(hang: threading.Event) -> None:
    threads = TenantThreads(threads=2, share=1, name="test")
    first = threads.of("a").submit(hang.wait, SECONDS)
    waiting = threads.of("a").submit(hang.wait, SECONDS)
    threading.Timer(0.1, hang.set).start()
    threads.shutdown()
    assert first.result(SECONDS)
    with pytest.raises(CancelledError):
        waiting.result(SECONDS)
