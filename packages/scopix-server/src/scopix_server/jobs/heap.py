"""The memory of a process that looks at images: kept from one image to the next, handed back once it rests.

The networks allocate and free some hundred blocks of up to 100 MB an image. As glibc comes, it returns the larger ones
to the system each time, and they have to be fetched again page by page: a tenth of the processor's time. Kept for good,
what lies between them grows with each odd image. Measured, two processes at once over 50 mixed images, with huge pages:

| handed back | time | resident: median, most, MB | at the peak of an image |
|---|---|---|---|
| blocks from 16 MiB on, as soon as they are free | 1 | 440, 500 | 660 |
| those from 64 MiB on; the others each tenth image | 0.93 | 620, 800 | 870 |
| all each eighth image | 0.91 | 710, 890 | 870 |
| nothing | 0.87 | 860, 940 | 920 |

Elsewhere than with glibc nothing is done.
"""

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["Heap"]

_MIB: Final = 1 << 20
AT_ONCE: Final = (64 * _MIB, 32 * _MIB)
"""Bytes; larger blocks are handed back as soon as they are free. The second counts where glibc refuses the first."""
JOBS: Final = 20
"""After so many, two to an image, everything that is free is handed back."""
REST: Final = 2.0
"""Seconds without a job, after which everything that is free is handed back."""

# Parameters of mallopt(3), as in glibc's <malloc.h>: how much may be free at the heap's end, and from which size on a
# block lies outside the heap.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER = 2**31 - 1


class Heap:
    """Rules the memory of this process. `look` may be called from another thread than the one that does the jobs."""

    def __init__(self) -> None:
        self._libc = _glibc()
        if self._libc is not None:
            self._libc.mallopt(_TRIM_THRESHOLD, _NEVER)
            any(self._libc.mallopt(_MMAP_THRESHOLD, size) for size in AT_ONCE)
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
