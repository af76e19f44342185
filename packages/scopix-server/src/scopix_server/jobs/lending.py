"""Wakes files that waited for another's description, in a thread of a worker; several workers do it side by side."""

import logging
import threading

from scopix_server.analysis.lend import WakeBorrowers
from scopix_server.domain.errors import trace_of

__all__ = ["LendingWatch"]

_LOOK_SECONDS = 1.0
"""A look is one seek in an index of those that wait; a description takes about as long."""
_log = logging.getLogger(__name__)


class LendingWatch:
    """Looks for files whose lender has ended: described, failed, cancelled or deleted, by whatever process.

    It looks instead of being told, so that nothing waits for ever: whoever dies at any point, the next look finds what
    there is to be done.
    """

    def __init__(self, wake: WakeBorrowers) -> None:
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lending", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            woken = 0
            try:
                woken = self._wake.run()
            except Exception as error:  # who waits is found at the next look
                _log.warning("files that wait could not be looked for: %s", error, exc_info=trace_of(error))
            if not woken:
                self._stopping.wait(_LOOK_SECONDS)
