"""Checks behind /ready, which anybody may ask for: at most one a second, and none that hangs holds up the others."""

import threading

import pytest

from scopix_server.api.recent import RecentChecks


def test_a_check_is_done_once_a_second_and_its_outcome_told_meanwhile() -> None:
    clock, done = [0.0], []
    checks = RecentChecks(now=lambda: clock[0])

    def fail() -> None:
        done.append(clock[0])
        raise OSError("full")

    for at in (0.0, 0.3, 0.9, 1.0, 1.5):
        clock[0] = at
        with pytest.raises(OSError, match="full"):
            checks.check("storage", fail)
    assert done == [0.0, 1.0]
    clock[0] = 2.0
    checks.check("storage", lambda: None)
    clock[0] = 2.5
    checks.check("storage", fail)  # the last outcome was a good one


def test_a_check_that_hangs_holds_one_thread() -> None:
    clock, begun, go = [0.0], threading.Event(), threading.Event()
    checks = RecentChecks(now=lambda: clock[0])
    checks.check("database", lambda: None)
    clock[0] = 5.0
    hanging = threading.Thread(target=checks.check, args=["database", lambda: begun.set() or go.wait()])
    hanging.start()
    begun.wait()
    checks.check("database", lambda: pytest.fail("another is at it"))
    go.set()
    hanging.join()
