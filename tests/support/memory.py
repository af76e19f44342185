"""What Python's own blocks reach at most while a function runs."""

import tracemalloc
from collections.abc import Callable

# Threads of other tests' servers allocate in this process as well, at any moment: that only ever adds.
RUNS = 3


def peak_stays_below(limit: int, function: Callable[[], object]) -> bool:
    """Whether `function()` holds fewer than `limit` bytes in Python's blocks: in one run of three at least."""
    return any(_peak_of(function) < limit for _ in range(RUNS))


def _peak_of(function: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
