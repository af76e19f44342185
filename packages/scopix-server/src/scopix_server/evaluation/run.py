"""Running an engine over pictures, several at once, each in a process of its own."""

import logging
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from scopix_server.domain.analysis import Analyzer, Describer
from scopix_server.domain.engines import EngineUnavailable
from scopix_server.domain.errors import DescribeError
from scopix_server.evaluation.score import Answer
from scopix_server.evaluation.truth import Case

__all__ = ["answers"]


def answers(
    cases: Sequence[Case], build: Callable[[], tuple[Analyzer, Describer]], *, processes: int, seconds_per_image: float
) -> Iterator[tuple[Case, Answer]]:
    """Yield each case with the engine's answer, in the order of the cases.

    Args:
        cases: the pictures.
        build: makes what looks and what describes, once in each process; what that takes is not counted. A function
            that can be pickled.
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

_analyzer: Analyzer | None = None
_describer: Describer | None = None


def _open(build: Callable[[], tuple[Analyzer, Describer]]) -> None:
    global _analyzer, _describer
    logging.disable(logging.INFO)
    _analyzer, _describer = build()


def _answer(path: Path, category: str) -> Answer:
    assert _analyzer is not None
    assert _describer is not None
    started, cpu_started = time.monotonic(), time.process_time()
    description, size, problem = None, (0, 0), None
    try:
        analysis = _analyzer.analyze(path)
        size = analysis.perception.width, analysis.perception.height
        description = _describer.describe(analysis, category)
    except (DescribeError, EngineUnavailable) as error:
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
