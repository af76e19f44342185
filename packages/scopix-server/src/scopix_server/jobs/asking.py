"""Asking engines until there is an answer: what each failure costs, and who is asked next.

- The engine is unavailable, or fails on a picture of our own, too: its gate is shut, the file waits. No attempt is
  burnt. If questions of this very image were cut short `MAX_CUT_SHORT` times, and the engine answered well in between,
  the image has to do with it, and it counts as a failure.
- "Too many requests": the engine is left alone for as long as it asks for. An image that is told so for
  `later_seconds`, while the engine answers others, has failed.
- Anything else is an attempt. Transient failures are tried `MAX_ATTEMPTS` times with growing pauses. An engine that
  runs out of time counts so, too, as long as it answers probes, and until several images in a row have met that.

An engine's fallbacks are asked while it is unavailable, and after it has failed for good.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.analysis.ask import AskEngine
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import EngineBusy, EngineUnavailable, waiting_for
from scopix_server.domain.errors import DescribeError, trace_of
from scopix_server.jobs.engine_gate import EngineGate, GateShut, WorkerStops

__all__ = ["MAX_ATTEMPTS", "MAX_CUT_SHORT", "Asking"]

MAX_ATTEMPTS = 3
MAX_CUT_SHORT = 8
_FIRST_PAUSE, _PAUSE_GROWS, _MAX_PAUSE = 1.0, 3.0, 30  # the longest in times the first
_log = logging.getLogger(__name__)


@dataclass
class _Course:
    """How far the asking about one file is."""

    file_id: str
    revision: int
    engines: list[str]
    reason: str | None = None
    tried: bool = False
    requested_at: float = 0.0
    attempts: int = 0
    cut_short: int = 0
    busy_since: float | None = None
    busy_at: float = 0.0

    def next_engine(self, failure: DescribeError) -> None:
        """Go on with the next fallback, from the beginning. Raises the failure when there is none."""
        self.engines.pop(0)
        if not self.engines:
            raise failure
        self.attempts = self.cut_short = 0
        self.busy_since = None


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
            except GateShut:
                continue
            except EngineUnavailable as error:
                self._unavailable(course, name, error)
            except EngineBusy as error:
                self._busy(course, name, error)
            except Exception as error:
                self._failed(course, name, error)

    def _attempt(self, course: _Course, name: str) -> bool:
        gate = self._gates.get(name)
        if gate is None:
            new_attempt, course.tried = course.tried, True
            return self._ask.ask(course.file_id, course.revision, None, new_attempt=new_attempt)
        with gate.turn():
            new_attempt, course.tried = course.tried, True
            course.requested_at, course.reason = time.monotonic(), None
            saved = self._ask.ask(course.file_id, course.revision, gate.engine, new_attempt=new_attempt)
        if saved:
            gate.answered()
        return saved

    def _open(self, course: _Course) -> str | None:
        """Return the first engine that can be asked; while there is none, wait. None: nobody wants it any more."""
        while True:
            for name in course.engines:
                gate = self._gates.get(name)
                if gate is None or gate.reason is None:
                    return name
                if _is_worth_waiting_for(gate, course):
                    break
            first = self._gates[course.engines[0]]
            if (reason := first.reason) is not None and reason != course.reason:
                course.reason = reason
                self._ask.park(course.file_id, course.revision, first.name, waiting_for(first.name, reason))
            elif not self._ask.is_current(course.file_id, course.revision):
                return None
            first.wait(1.0 if len(course.engines) > 1 else 5.0)

    def _unavailable(self, course: _Course, name: str, error: EngineUnavailable) -> None:
        gate = self._gates[name]
        course.tried = False
        if error.failure is None:
            gate.shut(error.message, seconds=error.seconds)
            return
        self._cut_short(course, name, error.failure, gate.examine(course.requested_at), error.seconds)

    def _cut_short(
        self, course: _Course, name: str, failure: DescribeError, reason: str | None, seconds: float | None = None
    ) -> None:
        """The engine went while it was asked: no attempt, unless that happens whenever it is asked about this image."""
        course.tried = False
        course.cut_short += 1
        if reason is not None:
            self._gates[name].shut(reason, seconds=seconds)
        if course.cut_short >= MAX_CUT_SHORT:
            self._drop(course, name, failure)
        elif reason is None:
            self._pause(course.cut_short)

    def _busy(self, course: _Course, name: str, error: EngineBusy) -> None:
        now, gate = time.monotonic(), self._gates[name]
        course.tried = False
        course.busy_since = course.busy_since if course.busy_since is not None else now
        is_overdue = now - course.busy_since > gate.engine.spec.later_seconds
        if is_overdue and gate.answered_since(course.busy_at):
            self._drop(course, name, error)
            return
        course.busy_at = now
        if gate.is_long(error) and gate.examine(course.requested_at) is None:
            # It answers others: one image that is too much for its limits keeps nobody else waiting.
            self._cut_short(course, name, error, None)
            return
        gate.later(error)

    def _failed(self, course: _Course, name: str, error: Exception) -> None:
        failure = _as_describe_error(error)
        _log.warning("%s failed on file %s: %s", name, course.file_id, error, exc_info=trace_of(error))
        gate = self._gates.get(name)
        if gate is not None and isinstance(error, DescribeError):
            reason = self._blamed(gate, course, failure)
            if reason is not None:
                self._cut_short(course, name, failure, reason)
                return
        course.attempts += 1
        if not failure.retryable or course.attempts >= MAX_ATTEMPTS:
            self._drop(course, name, failure)
            return
        self._ask.postpone(course.file_id, course.revision, failure)
        self._pause(course.attempts)

    @staticmethod
    def _blamed(gate: EngineGate, course: _Course, failure: DescribeError) -> str | None:
        """Return what is wrong with the engine; None when the failure is the image's."""
        is_slow = failure.error_type is DescriptionErrorType.TIMEOUT
        if is_slow and not gate.suspects_itself(course.file_id):
            return gate.gone()
        return gate.examine(course.requested_at)

    def _pause(self, times: int) -> None:
        if self._stopping.wait(self._first_pause * min(_PAUSE_GROWS ** (times - 1), _MAX_PAUSE)):
            raise WorkerStops

    def _drop(self, course: _Course, name: str, failure: DescribeError) -> None:
        """Ask this engine no more about the file."""
        if course.engines[0] != name:
            # A fallback failed while the first engine was unavailable: what counts is the first one's answer.
            course.engines.remove(name)
            return
        course.next_engine(failure)


def _is_worth_waiting_for(gate: EngineGate, course: _Course) -> bool:
    """Whether an engine has too many requests, and is likely to answer soon enough for no fallback to be asked."""
    if (seconds := gate.busy_seconds) is None:
        return False
    now = time.monotonic()
    course.busy_since = course.busy_since if course.busy_since is not None else now
    return now + seconds - course.busy_since <= gate.engine.spec.later_seconds


def _as_describe_error(error: Exception) -> DescribeError:
    if isinstance(error, DescribeError):
        return error
    message = "The description failed inside the server; its log says more."
    return DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=True)
