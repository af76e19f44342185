"""The memory of a process that looks at images: small blocks are kept for the next image, all is handed back at rest.

The networks allocate and free some hundred blocks of up to 100 MB an image. As glibc comes, it keeps what lies between
them, and it stays kept when the work is done. Measured, `benchmarks/describe.py`, 500 images, two processes:

| handed back as soon as it is free | rate, of the bare loop's | resident, worker and both, MB: median, most |
|---|---|---|
| blocks from 16 MiB on (as here) | 0.85 | 1,199 to 1,273, 1,539 |
| blocks from 64 MiB on; the others each tenth image | 0.85 | 1,422 to 1,447, 1,831 |
| nothing; all each tenth image | 0.87 | 1,613 to 1,729, 2,083 |

The first row was measured without handing all back each fiftieth image, which came since. Two seconds after the last of
40 images a process of 460 MB was down to 255. At rest the networks give back what they keep, too (`domain/rest.py`):
after eleven photographs, pages and documents that is 400 of 660 MB.

Elsewhere than with glibc nothing is done.
"""

import ctypes
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from scopix_server.domain.rest import give_back

__all__ = ["Heap"]

_logger = logging.getLogger("scopix.worker")

AT_ONCE: Final = 16 << 20
"""Bytes; larger blocks are handed back as soon as they are free. From 8 MiB on it costs a fifth of the time."""
JOBS: Final = 100
"""After so many, two to an image, everything that is free is handed back, or memory creeps."""
REST: Final = 2.0
"""Seconds without a job, after which everything that is free is handed back."""

# Parameters of mallopt(3), as in glibc's <malloc.h>: how much may be free at the heap's end, and from which size on a
# block lies outside the heap.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


class Heap:
    """Rules the memory of this process. `look` may be called from another thread than the one that does the jobs."""

    def __init__(self) -> None:
        self._libc = _glibc()
        if self._libc is not None:
            self._libc.mallopt(_TRIM_THRESHOLD, AT_ONCE)
            self._libc.mallopt(_MMAP_THRESHOLD, AT_ONCE)
        self._busy = False
        self._jobs = 0
        self._last = time.monotonic()

    @contextmanager
    def job(self) -> Iterator[None]:
        """Around each job."""
        self._busy = True
        try:
            yield
        finally:
            self._jobs += 1
            if self._jobs >= JOBS:
                self._hand_back()
            self._last = time.monotonic()
            self._busy = False

    def look(self) -> None:
        """To be called about once a second: hands back what is free if no job has come for a while."""
        if self._jobs and not self._busy and time.monotonic() - self._last >= REST:
            try:
                give_back()
            except Exception:  # the thread that looks has to go on
                _logger.warning("memory is kept", exc_info=True)
            self._hand_back()

    def _hand_back(self) -> None:
        self._jobs = 0
        if self._libc is not None:
            self._libc.malloc_trim(0)


def _glibc() -> Any:
    """The C library of this process if it is glibc, else None."""
    try:
        libc = ctypes.CDLL(None)
        return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
    except (OSError, TypeError):  # Windows has no such thing
        return None
