"""Running an engine over pictures, several at once, each in a process of its own."""

import logging
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Protocol

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from scopix_server.domain.description import Description, Perception
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.ports import Perceived
from scopix_server.evaluation.score import Answer
from scopix_server.evaluation.truth import Case

__all__ = ["Engine", "answers"]


class Engine(Protocol):
    """What is measured: the two steps of the pipeline. It is built in the child, by a function that can be pickled."""

    def perceive(self, path: Path) -> Perceived: ...
    def describe(self, perception: Perception, category: str) -> Description: ...


def answers(
    cases: Sequence[Case], build: Callable[[], Engine], *, processes: int, seconds_per_image: float
) -> Iterator[tuple[Case, Answer]]:
    """Yield each case with the engine's answer, in the order of the cases.

    Args:
        cases: the pictures.
        build: makes the engine, once in each process; what that takes is not counted.
        processes: how many pictures at once.
        seconds_per_image: a picture that takes longer is given up, which is an answer without a description.
    """
    pool = ProcessPool(
        max_workers=processes,
        context=multiprocessing.get_context("spawn"),
        initializer=_open,
        initargs=(build,),
    )
    with pool:
        waiting = [
            (case, pool.schedule(_answer, args=[case.path, case.truth.category], timeout=seconds_per_image))
            for case in cases
        ]
        for case, future in waiting:
            yield case, _result(future, seconds_per_image)


def _result(future: "ProcessFuture[Answer]", seconds: float) -> Answer:
    try:
        answer: Answer = future.result()
    except FutureTimeout:
        return Answer(None, error=f"took longer than {seconds:g} seconds")
    except ProcessExpired as error:
        return Answer(None, error=f"the process died: {error}")
    return answer


# In the child ---------------------------------------------------------------------------------------------------------

_engine: Engine | None = None


def _open(build: Callable[[], Engine]) -> None:
    global _engine
    logging.disable(logging.INFO)
    _engine = build()


def _answer(path: Path, category: str) -> Answer:
    assert _engine is not None
    started, cpu_started = time.monotonic(), time.process_time()
    description, size, problem = None, (0, 0), None
    try:
        perceived = _engine.perceive(path)
        size = perceived.perception.width, perceived.perception.height
        description = _engine.describe(perceived.perception, category)
    except DescribeError as error:
        problem = error.message
    return Answer(
        description,
        size,
        seconds=time.monotonic() - started,
        cpu_seconds=time.process_time() - cpu_started,
        peak_bytes=_peak_bytes(),
        error=problem,
    )


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
