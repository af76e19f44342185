"""Who counts as dead: whoever shows no new heartbeat for long, by the watcher's own clock."""

from datetime import UTC, datetime, timedelta

from scopix_server.jobs.recovery import Watch

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_who_beats_lives_whatever_its_own_clock_says() -> None:
    clock = Clock()
    watch = Watch(20, now=clock)
    for number in range(10):
        clock.seconds += 15
        # Years behind, and running backwards.
        assert watch.dead({"w": AT - timedelta(days=400, seconds=number)}, []) == set()


def test_who_is_silent_is_dead_after_a_while_and_lives_again_with_the_next_beat() -> None:
    clock = Clock()
    watch = Watch(20, now=clock)
    beats = {"a": AT, "b": AT}
    assert watch.dead(beats, []) == set()
    clock.seconds += 19
    beats["b"] += timedelta(seconds=5)
    assert watch.dead(beats, []) == set()
    clock.seconds += 1
    assert watch.dead(beats, []) == {"a"}
    beats["a"] += timedelta(seconds=60)
    assert watch.dead(beats, []) == set()


def test_who_holds_jobs_and_was_never_heard_is_given_the_same_time() -> None:
    clock = Clock()
    watch = Watch(20, now=clock)
    assert watch.dead({}, ["never heard"]) == set()
    clock.seconds += 20
    assert watch.dead({}, ["never heard"]) == {"never heard"}
    # Once it holds none any more it is forgotten, and would be watched anew.
    assert watch.dead({}, []) == set()
    assert watch.dead({}, ["never heard"]) == set()
