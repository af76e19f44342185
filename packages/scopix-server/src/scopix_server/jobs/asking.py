"""Asking engines until there is an answer: what each failure costs, and who is asked next.

- The engine is unavailable: its gate is shut, the file waits. No attempt is burnt. If questions of this very image were
  cut short `MAX_CUT_SHORT` times, the image has to do with it, and it counts as a failure.
- "Too many requests": the engine is left alone for as long as it asks for; bounded by the engine's `later_seconds`.
- Anything else is an attempt. Transient failures are tried `MAX_ATTEMPTS` times with growing pauses.

An engine's fallbacks are asked while it is unavailable, and after it has failed for good.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import BUILTIN, EngineBusy, EngineUnavailable
from scopix_server.domain.errors import DescribeError
from scopix_server.jobs.engine_gate import EngineGate, WorkerStops
from scopix_server.pipeline.ask import AskEngine

__all__ = ["MAX_ATTEMPTS", "MAX_CUT_SHORT", "Asking"]

MAX_ATTEMPTS = 3
MAX_CUT_SHORT = 8
_FIRST_PAUSE, _PAUSE_GROWS = 1.0, 3.0
_FIRST_LATER, _LONGEST_LATER = 2.0, 60.0
_log = logging.getLogger(__name__)


@dataclass
class _Course:
    """How far the asking about one file is."""

    file_id: str
    revision: int
    engines: list[str]
    told_to_wait: bool = False
    tried: bool = False
    attempts: int = 0
    cut_short: int = 0
    later_since: float | None = None
    later: float = _FIRST_LATER
    failure: DescribeError | None = field(default=None)

    def next_engine(self, failure: DescribeError) -> None:
        """Go on with the next fallback, from the beginning. Raises the failure when there is none."""
        self.engines.pop(0)
        if not self.engines:
            raise failure
        self.attempts = self.cut_short = 0
        self.later_since, self.later = None, _FIRST_LATER


class Asking:
    """Asks about one file at a time in each thread that calls it."""

    def __init__(
        self,
        ask: AskEngine,
        choice: EngineChoice,
        gates: Mapping[str, EngineGate],
        stopping: threading.Event,
        *,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        self._ask = ask
        self._choice = choice
        self._gates = gates
        self._stopping = stopping
        self._first_pause = first_pause

    def run(self, engine: str, file_id: str, revision: int) -> bool:
        """Return whether an answer was saved; False when it was not wanted any more, or is there already.

        Raises:
            DescribeError: every engine that may be asked has failed.
            WorkerStops: the worker is about to leave.
        """
        # An engine may have been taken out of the settings since.
        first = self._choice.pick(engine, f"{file_id}:{revision}")
        course = _Course(file_id, revision, list(self._choice.in_order(first)))
        while True:
            name = self._open(course)
            if name is None:
                return False
            try:
                return self._attempt(course, name)
            except EngineUnavailable as error:
                self._unavailable(course, name, error)
            except EngineBusy as error:
                self._busy(course, name, error)
            except Exception as error:
                self._failed(course, name, error)

    def _attempt(self, course: _Course, name: str) -> bool:
        gate = self._gates.get(name)
        new_attempt, course.tried = course.tried, True
        if gate is None:
            return self._ask.ask(course.file_id, course.revision, None, new_attempt=new_attempt)
        with gate.turn():
            return self._ask.ask(course.file_id, course.revision, gate.engine, new_attempt=new_attempt)

    def _open(self, course: _Course) -> str | None:
        """Return the first engine that can be asked; while there is none, wait. None: nobody wants it any more."""
        while True:
            for name in course.engines:
                gate = self._gates.get(name)
                if gate is None or gate.reason is None:
                    return name
            first = self._gates[course.engines[0]]
            if not course.told_to_wait:
                course.told_to_wait = True
                told = f"Waiting for the engine '{first.name}', which is unavailable. {first.reason or ''}".strip()
                self._ask.hold(course.file_id, course.revision, first.name, told)
            elif not self._ask.is_wanted(course.file_id, course.revision):
                return None
            first.wait(1.0 if len(course.engines) > 1 else 5.0)

    def _unavailable(self, course: _Course, name: str, error: EngineUnavailable) -> None:
        self._gates[name].shut(error.message)
        course.tried = course.told_to_wait = False
        if error.failure is None:
            return
        course.cut_short += 1
        if course.cut_short >= MAX_CUT_SHORT:
            self._drop(course, name, error.failure)

    def _busy(self, course: _Course, name: str, error: EngineBusy) -> None:
        now = time.monotonic()
        course.tried = False
        course.later_since = course.later_since if course.later_since is not None else now
        pause = error.seconds if error.seconds is not None else course.later
        course.later = min(course.later * 2, _LONGEST_LATER)
        gate = self._gates[name]
        if now + pause - course.later_since > gate.engine.spec.later_seconds:
            self._drop(course, name, error)
            return
        gate.later(pause)
        self._ask.postpone(course.file_id, course.revision, error)

    def _failed(self, course: _Course, name: str, error: Exception) -> None:
        failure = _as_describe_error(error)
        _log.warning("%s failed on file %s: %s", name, course.file_id, failure, exc_info=error)
        if failure.retryable and isinstance(error, DescribeError) and (gone := self._gone(name)) is not None:
            # The question was cut short because the engine went, not because of the image.
            self._unavailable(course, name, EngineUnavailable(gone, failure=failure))
            return
        course.attempts += 1
        if not failure.retryable or course.attempts >= MAX_ATTEMPTS:
            self._drop(course, name, failure)
            return
        self._ask.postpone(course.file_id, course.revision, failure)
        if self._stopping.wait(self._first_pause * _PAUSE_GROWS ** (course.attempts - 1)):
            raise WorkerStops

    def _gone(self, name: str) -> str | None:
        """Return why the engine cannot be asked any more; None when it still answers."""
        if name == BUILTIN or name not in self._gates:
            return None
        try:
            self._gates[name].engine.probe()
        except EngineUnavailable as error:
            return error.message
        return None

    def _drop(self, course: _Course, name: str, failure: DescribeError) -> None:
        """Ask this engine no more about the file."""
        if course.engines[0] != name:
            # A fallback failed while the first engine was unavailable: what counts is the first one's answer.
            course.engines.remove(name)
            return
        course.next_engine(failure)


def _as_describe_error(error: Exception) -> DescribeError:
    if isinstance(error, DescribeError):
        return error
    message = "The description failed inside the server; its log says more."
    return DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=True)
