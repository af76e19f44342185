"""A gate before each engine: open while it can be asked, shut while it cannot, never wider than its concurrency.

An engine that is switched off must cost nobody an attempt. Whoever finds it unavailable shuts the gate; a thread probes
with growing pauses; the gate opens when the probe succeeds, and what waited goes on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from scopix_server.domain.engines import EngineState, EngineUnavailable, VisionEngine

__all__ = ["EngineGate", "WorkerStops"]

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
_log = logging.getLogger(__name__)


class WorkerStops(BaseException):
    """The worker is about to leave. No failure: the job stays under way, and the next worker takes it up.

    It is no Exception, so that nothing on its way records an outcome for the job.
    """


class EngineGate:
    """Lets questions through to one engine. Threads share it.

    Args:
        engine: what is behind it.
        note: keeps what is known of the engine for other processes.
        stopping: set when the worker is about to leave.
        first_pause: seconds before the first probe; later ones come after up to 15 seconds.
    """

    def __init__(
        self,
        engine: VisionEngine,
        note: Callable[[EngineState], None],
        stopping: threading.Event,
        *,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        self.engine = engine
        self._note = note
        self._stopping = stopping
        self._first_pause = first_pause
        self._places = threading.BoundedSemaphore(engine.spec.concurrency)
        self._changed = threading.Condition()
        self._reason: str | None = None
        self._since = datetime.now(UTC)
        self._not_before = 0.0
        self._pause = first_pause

    @property
    def name(self) -> str:
        return self.engine.spec.name

    @property
    def reason(self) -> str | None:
        """Why the engine cannot be asked; None when it can."""
        return self._reason

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
        """Hold one of the engine's places, once it may be asked again. Raises WorkerStops."""
        while not self._places.acquire(timeout=0.2):
            self._check_stopping()
        try:
            while (wait := self._not_before - time.monotonic()) > 0:
                self._stopping.wait(min(wait, 0.5))
                self._check_stopping()
            yield
            self._pause = self._first_pause
        finally:
            self._places.release()

    def shut(self, reason: str) -> None:
        """Let nothing through until a probe succeeds."""
        with self._changed:
            was_open = self._reason is None
            self._reason = reason
            if was_open:
                self._since = datetime.now(UTC)
        if was_open:
            _log.warning("the engine %s is unavailable; its images wait. %s", self.name, reason)
            threading.Thread(target=self._probe, name=f"probe-{self.name}", daemon=True).start()
        self._tell()

    def later(self, seconds: float) -> None:
        """Let nothing through for so long."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def wait(self, seconds: float) -> None:
        """Return when the gate opens, at the latest after so long. Raises WorkerStops."""
        with self._changed:
            self._changed.wait_for(lambda: self._reason is None or self._stopping.is_set(), seconds)
        self._check_stopping()

    def _probe(self) -> None:
        while not self._stopping.wait(self._pause):
            # It grows until a question was answered: an engine that answers probes and nothing else stays shut longer.
            self._pause = min(self._pause * 2, max(_LONGEST_PAUSE, self._first_pause))
            try:
                self.engine.probe()
            except EngineUnavailable as error:
                self._reason = error.message
                self._tell()
            except Exception:
                _log.exception("the probe of the engine %s failed", self.name)
            else:
                with self._changed:
                    self._reason, self._since = None, datetime.now(UTC)
                    self._changed.notify_all()
                _log.warning("the engine %s is available again", self.name)
                self._tell()
                return

    def _tell(self) -> None:
        spec, reason = self.engine.spec, self._reason
        state = EngineState(
            spec.name, spec.kind, spec.model, reason is None, reason, self._since, checked_at=datetime.now(UTC)
        )
        try:
            self._note(state)
        except Exception:  # the next change tells it again; the jobs themselves do not depend on it
            _log.warning("the state of the engine %s could not be noted", self.name, exc_info=True)

    def _check_stopping(self) -> None:
        if self._stopping.is_set():
            raise WorkerStops
