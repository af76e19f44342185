"""A gate before each engine: open while it answers, shut while it does not, never wider than its concurrency.

An engine that is switched off or set up wrong must cost nobody an attempt. Whoever finds it so shuts the gate; a thread
asks it about a picture of our own, with growing pauses; the gate opens when that is answered well, and what waited goes
on. The same question tells who is to blame when an image was not described: an engine that answers it is not.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from scopix_server.domain.engines import EngineBusy, EngineState, EngineUnavailable, Question, VisionEngine
from scopix_server.domain.errors import DescribeError, trace_of

__all__ = ["EngineGate", "GateShut", "WorkerStops"]

_FIRST_PAUSE, _MAX_PAUSE = 1.0, 15.0
_FIRST_LATER, _MAX_LATER = 2.0, 60.0
_SHORT_LATER = 10.0
"""Seconds of "too many requests" after which an engine that answered before is simply asked on: its limit works as it
should, and a question about our own picture would count towards it, too."""
_MAX_TIME_OUTS = 3
"""Images in a row that may run out of time before the engine is suspected. One may be slow; an engine that hangs is
met by all."""
_TOO_MANY = "There were too many requests"
_log = logging.getLogger(__name__)


class WorkerStops(BaseException):
    """The worker is about to leave. No failure: the job stays under way, and the next worker takes it up.

    It is no Exception, so that nothing on its way records an outcome for the job.
    """


class GateShut(Exception):
    """The gate was shut while a question waited for its turn."""


class EngineGate:
    """Lets questions through to one engine. Threads share it.

    Args:
        engine: what is behind it.
        note: keeps what is known of the engine for other processes.
        stopping: set when the worker is about to leave.
        known: the question about a picture of our own.
        first_pause: seconds before the first probe; later ones come after up to 15 seconds.
    """

    def __init__(
        self,
        engine: VisionEngine,
        note: Callable[[EngineState], None],
        stopping: threading.Event,
        known: Question,
        *,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        self.engine = engine
        self._note = note
        self._stopping = stopping
        self._known = known
        self._first_pause = first_pause
        self._places = threading.BoundedSemaphore(engine.spec.concurrency)
        self._trial = threading.Lock()
        self._changed = threading.Condition()
        self._reason: str | None = None
        self._since = datetime.now(UTC)
        self._not_before = 0.0
        self._pause = first_pause
        self._later = _FIRST_LATER
        self._opens_by_time = False
        self._answered_at = float("-inf")
        self._timed_out: set[str] = set()

    @property
    def name(self) -> str:
        return self.engine.spec.name

    @property
    def reason(self) -> str | None:
        """Why the engine cannot be asked; None when it can."""
        return self._reason

    @property
    def busy_seconds(self) -> float | None:
        """How long it will be shut at least, if all that is wrong is that there were too many requests."""
        is_busy = (self._reason or "").startswith(_TOO_MANY)
        return max(0.0, self._not_before - time.monotonic()) if is_busy else None

    def check(self) -> None:
        """Probe once, before anything is asked; shuts the gate if the engine is not there."""
        try:
            self.engine.probe()
        except EngineUnavailable as error:
            self.shut(error.message)
        else:
            self._tell()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the engine's places, once it may be asked again.

        Raises:
            WorkerStops: the worker is about to leave.
            GateShut: the engine was found to be unavailable meanwhile.
        """
        with self._place():
            if self._reason is not None:
                raise GateShut
            yield

    def answered(self) -> None:
        """Note a good answer."""
        self._answered_at = time.monotonic()
        self._timed_out.clear()
        self._later = _FIRST_LATER

    def answered_since(self, moment: float) -> bool:
        """Whether there was a good answer after a moment of the monotonic clock."""
        return self._answered_at > moment

    def shut(self, reason: str, *, seconds: float | None = None) -> None:
        """Let nothing through until the engine answers well; ask it not before so many seconds."""
        self._shut(reason, seconds, by_time=False)

    def later(self, error: EngineBusy) -> None:
        """Leave the engine alone for as long as it asks for, or a while that grows if it does not say."""
        seconds = self._requested_pause(error)
        is_known = self._answered_at > float("-inf")
        self._shut(self._too_many(seconds), seconds, by_time=is_known and seconds <= _SHORT_LATER)

    @staticmethod
    def is_long(error: EngineBusy) -> bool:
        """Whether an engine wants to be left alone for so long that it is worth asking whether it means everybody."""
        return error.seconds is not None and error.seconds > _SHORT_LATER

    def _shut(self, reason: str, seconds: float | None, *, by_time: bool) -> None:
        with self._changed:
            was_open = self._reason is None
            self._reason = reason
            self._opens_by_time = by_time and (was_open or self._opens_by_time)
            self._leave_alone(seconds)
            if was_open:
                self._since, self._pause = datetime.now(UTC), self._first_pause
        if was_open:
            level = logging.INFO if by_time else logging.WARNING
            _log.log(level, "the engine %s is unavailable; its images wait. %s", self.name, reason)
            threading.Thread(target=self._probe, name=f"probe-{self.name}", daemon=True).start()
        self._tell()

    def wait(self, seconds: float) -> None:
        """Return when the gate opens, at the latest after so long. Raises WorkerStops."""
        deadline = time.monotonic() + seconds
        with self._changed:
            # Who stops the worker knows nothing of this condition.
            while self._reason is not None and not self._stopping.is_set() and time.monotonic() < deadline:
                self._changed.wait(0.5)
        self._check_stopping()

    def suspects_itself(self, file_id: str) -> bool:
        """Note that an image ran out of time; return whether so many did that the engine is suspected."""
        self._timed_out.add(file_id)
        return len(self._timed_out) >= _MAX_TIME_OUTS

    def gone(self) -> str | None:
        """Return why the engine does not even answer a probe; None when it does."""
        try:
            self.engine.probe()
        except EngineUnavailable as error:
            return error.message
        return None

    def examine(self, since: float) -> str | None:
        """Find out who is to blame for a failure: return what is wrong with the engine, None when nothing is.

        The engine is asked about a picture of our own, unless it answered somebody well since `since`, a moment of the
        monotonic clock. Blocks as long as an answer takes. Raises WorkerStops.
        """
        with self._alone():
            if (reason := self._reason or self.gone()) is not None:
                return reason
            if self.answered_since(since):
                return None
            with self._place():
                if self._reason is not None or self.answered_since(since):
                    return self._reason
                return self._ask_what_is_known()

    def _ask_what_is_known(self) -> str | None:
        try:
            self.engine.answer(self._known)
        except EngineBusy as error:
            seconds = self._requested_pause(error)
            self._leave_alone(seconds)
            return self._too_many(seconds)
        except EngineUnavailable as error:
            self._leave_alone(error.seconds)
            return error.message
        except DescribeError as error:
            return f"It does not describe a simple picture of our own. {error.message}"
        self.answered()
        return None

    def _probe(self) -> None:
        try:
            while not self._stopping.wait(self._seconds_to_next()):
                self._pause = min(self._pause * 2, max(_MAX_PAUSE, self._first_pause))
                if self._open_if_it_answers():
                    _log.info("the engine %s is available again", self.name)
                    return
        except WorkerStops:
            return

    def _seconds_to_next(self) -> float:
        left = max(0.0, self._not_before - time.monotonic())
        return left if self._opens_by_time else max(self._pause, left)

    def _open_if_it_answers(self) -> bool:
        try:
            reason = None if self._opens_by_time else self.gone()
            if reason is None and not self._opens_by_time:
                with self._alone(), self._place(though_shut=True):
                    reason = self._ask_what_is_known()
        except Exception:
            _log.exception("the probe of the engine %s failed", self.name)
            return False
        with self._changed:
            self._reason = reason
            if reason is None:
                self._since = datetime.now(UTC)
                self._changed.notify_all()
        self._tell()
        return reason is None

    def _requested_pause(self, error: EngineBusy) -> float:
        if error.seconds is not None:
            return error.seconds
        seconds, self._later = self._later, min(self._later * 2, _MAX_LATER)
        return seconds

    @staticmethod
    def _too_many(seconds: float) -> str:
        # Without the endpoint's words: `/ready` is there for everybody, and they may repeat what was asked.
        return f"{_TOO_MANY}; it is asked again at {datetime.now(UTC) + timedelta(seconds=seconds):%H:%M:%S} UTC."

    @contextmanager
    def _alone(self) -> Iterator[None]:
        while not self._trial.acquire(timeout=0.2):
            self._check_stopping()
        try:
            yield
        finally:
            self._trial.release()

    @contextmanager
    def _place(self, *, though_shut: bool = False) -> Iterator[None]:
        while not self._places.acquire(timeout=0.2):
            self._check_stopping()
        try:
            # Whoever may not ask while the gate is shut has better things to wait for, such as a fallback.
            while (wait := self._not_before - time.monotonic()) > 0 and (though_shut or self._reason is None):
                self._stopping.wait(min(wait, 0.5))
                self._check_stopping()
            yield
        finally:
            self._places.release()

    def _leave_alone(self, seconds: float | None) -> None:
        if seconds is not None:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _tell(self) -> None:
        spec, reason = self.engine.spec, self._reason
        state = EngineState(
            spec.name, spec.kind, spec.model, reason is None, reason, self._since, checked_at=datetime.now(UTC)
        )
        try:
            self._note(state)
        except Exception as error:  # the next change tells it again; the jobs themselves do not depend on it
            _log.warning(
                "the state of the engine %s could not be noted: %s", self.name, error, exc_info=trace_of(error)
            )

    def _check_stopping(self) -> None:
        if self._stopping.is_set():
            raise WorkerStops
