"""Places that jobs of all tenants wait for: who is next."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from scopix_server.domain.turn import Priority, Turn, taking_turn
from scopix_server.jobs.places import Places
from tests.support.waiting import wait_until


class Line:
    """Jobs that wait for the places; each notes its name when it has one."""

    def __init__(self, places: Places) -> None:
        self.order: list[str] = []
        self._places = places
        self._threads = ThreadPoolExecutor(32)
        self._jobs: list[Future[None]] = []

    def join(self, name: str, priority: Priority = Priority.BATCH, *, finishes: bool = False) -> None:
        """Let a job join whose tenant is the first letter of its name; return once it waits."""
        before = len(self._places._waiting)
        self._jobs.append(self._threads.submit(self._run, name, priority, finishes))
        wait_until(lambda: len(self._places._waiting) > before)

    def _run(self, name: str, priority: Priority, finishes: bool) -> None:
        with taking_turn(Turn(name[0], priority)), self._places.place(finishes=finishes):
            self.order.append(name)

    def served(self) -> list[str]:
        for job in self._jobs:
            job.result(30)
        self._threads.shutdown()
        return self.order


def test_tenants_take_turns_and_the_urgent_goes_first() -> None:
    places = Places(1)
    line = Line(places)
    with taking_turn(Turn("a", Priority.BATCH)), places.place():
        for name in ("a1", "a2", "a3"):
            line.join(name)
        line.join("a-urgent", Priority.INTERACTIVE)
        line.join("a-again", Priority.AGAIN)
        line.join("b1")
        line.join("c1")
        line.join("b2")
        line.join("b-half-done", finishes=True)
    assert line.served() == ["b-half-done", "b1", "c1", "a-urgent", "b2", "a1", "a2", "a3", "a-again"]


def test_no_more_than_there_are_are_held_at_once() -> None:
    places, most, held = Places(2), 0, 0
    lock, both = threading.Lock(), threading.Barrier(2)

    def work(number: int) -> None:
        nonlocal most, held
        with taking_turn(Turn(str(number % 3), Priority.BATCH)), places.place():
            with lock:
                held += 1
                most = max(most, held)
            both.wait(30)
            with lock:
                held -= 1

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(100)))
    assert most == 2
