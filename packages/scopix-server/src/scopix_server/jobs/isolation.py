"""Analyzing and describing in processes of their own: a poison image kills one child, never its neighbours.

Each child builds its analyzer and its describer once and is replaced after a number of jobs, for native code may leak.
A job that takes too long is ended with its child. Children leave when their parent is gone, however it went. A child
that dies without a job, as when the system is out of memory, breaks the pool that it belongs to (pebble gives it up):
then there is a new pool, and what was on its way to the old one is done there.
"""

import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pebble import ProcessExpired, ProcessPool

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.analysis import (
    Analysis,
    Analyzer,
    Describer,
    OpenedDocument,
    ReadLines,
    RenderedVariant,
    Rendering,
    SheetLine,
)
from scopix_server.domain.description import Description, Perception, TextRegion
from scopix_server.domain.document import DocumentPage
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.tiles import TileGrid
from scopix_server.jobs.heap import Heap
from scopix_server.jobs.places import Places
from scopix_server.logs import bound, current_context
from scopix_server.quick_start import begin_loading, end_loading

__all__ = ["Isolated"]

_POOLS = 3  # that may break under one job before it fails
_LOOK_SECONDS = 1.0
_TILE_TIMES = 4
"""Tiles of two gigapixels take up to a minute of a core, and on a busy machine several; nobody waits for them."""
_log = logging.getLogger(__name__)


class Isolated:
    """The ports `Analyzer`, `DocumentAnalyzer` and `Describer` over a pool of children, which have the real ones.

    Args:
        build: makes both, in each child; a function that can be pickled.
        processes: how many children, hence how many images at once.
        jobs_per_process: after so many jobs a child is replaced.
        seconds_per_job: longer jobs are ended.
        memory_bytes: address space a child may use; None for no limit.
    """

    def __init__(
        self,
        build: Callable[[], tuple[Analyzer, Describer]],
        *,
        processes: int,
        jobs_per_process: int,
        seconds_per_job: float,
        memory_bytes: int | None = None,
    ) -> None:
        self._seconds = seconds_per_job
        self._new_pool: Callable[[], ProcessPool] = partial(
            ProcessPool,
            max_workers=processes,
            max_tasks=jobs_per_process,
            context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=(build, memory_bytes),
        )
        self._pool = self._new_pool()
        # Waited for here, not in the pool's own line, where whoever comes first is served first.
        self._places = Places(processes)
        self._lock = threading.Lock()
        self._warm = threading.Event()
        self._closing = False

    def warm_up(self) -> None:
        """Start a child and let it load its models; returns at once (see `ready`)."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self._run(_do_nothing)
        except Exception:
            _log.error("no process that looks at images could be started", exc_info=True)
        else:
            self._warm.set()

    @property
    def ready(self) -> bool:
        """Whether a child has loaded its models."""
        return self._warm.is_set()

    def analyze(self, path: Path) -> Analysis:
        """See `Analyzer`."""
        return self._call("analyze", path)  # type: ignore[no-any-return]

    def render(self, path: Path) -> Rendering:
        """See `Analyzer`."""
        return self._call("render", path)  # type: ignore[no-any-return]

    def copy(self, path: Path, kind: EngineCopy) -> bytes:
        """See `Analyzer`."""
        return self._call("copy", path, kind)  # type: ignore[no-any-return]

    def read_bands(self, path: Path, first: int) -> ReadLines:
        """See `Analyzer`."""
        return self._call("read_bands", path, first)  # type: ignore[no-any-return]

    def join_lines(self, lines: Sequence[SheetLine], seen: Perception) -> tuple[TextRegion, ...]:
        """See `Analyzer`."""
        return self._call("join_lines", lines, seen)  # type: ignore[no-any-return]

    def tile(self, path: Path, target: Path) -> TileGrid | None:
        """See `Analyzer`."""
        return self._call("tile", path, target, seconds=_TILE_TIMES * self._seconds)  # type: ignore[no-any-return]

    def open_document(self, path: Path, extension: str) -> OpenedDocument:
        """See `DocumentAnalyzer`."""
        return self._call("open_document", path, extension)  # type: ignore[no-any-return]

    def read_pages(self, path: Path, extension: str, first: int, count: int, ocr_left: int) -> Sequence[DocumentPage]:
        """See `DocumentAnalyzer`."""
        return self._call("read_pages", path, extension, first, count, ocr_left)  # type: ignore[no-any-return]

    def render_document(self, path: Path, extension: str) -> tuple[RenderedVariant, ...]:
        """See `DocumentAnalyzer`."""
        return self._call("render_document", path, extension)  # type: ignore[no-any-return]

    def describe(self, analysis: Analysis, category: str) -> Description:
        """See `Describer`."""
        return self._call("describe", analysis, category)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End all children, whatever they are doing. Who waits for one of them waits for the end of this process."""
        with self._lock:
            self._closing = True
        _end(self._pool)

    def _call(self, task: str, *arguments: Any, seconds: float | None = None) -> Any:
        seconds = self._seconds if seconds is None else seconds
        try:
            with self._places.place(finishes=task == "describe"):
                result = self._run(_work, current_context(), task, *arguments, seconds=seconds)
        except FutureTimeout as error:
            # Not tried again: the same image would take as long, and keep others waiting as long, each time.
            message = f"It took longer than {seconds:g} seconds and was given up."
            raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error
        except (ProcessExpired, BrokenProcessPool) as error:
            message = "The process that looked at the file died; the file may be damaged in a way that breaks decoders."
            raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=True) from error
        except MemoryError as error:
            message = "The file needs more memory than a worker may use."
            raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error
        self._warm.set()
        return result

    def _run(self, function: Callable[..., Any], *arguments: Any, seconds: float | None = None) -> Any:
        """Run a function in a child. A pool that breaks meanwhile is no fault of the job's: it is begun again."""
        for left in reversed(range(_POOLS)):
            try:
                pool = self._whole_pool()
                return self._result_of(pool, self._schedule(pool, function, arguments, seconds or self._seconds))
            except BrokenProcessPool:
                if self._closing:
                    _wait_for_the_end()
                if not left:
                    raise
                _log.warning("a process that looks at images died while it had none; there are new ones")
            except BaseException:
                if self._closing:
                    # The child was ended because this process is about to leave. Its image is no failure: the job
                    # stays under way and is resumed by the next worker, if nobody says otherwise now.
                    _wait_for_the_end()
                raise
        raise AssertionError("unreachable")

    def _whole_pool(self) -> ProcessPool:
        """Return the pool; if it is broken, a new one in its place."""
        with self._lock:
            if not self._closing and not self._pool.active:
                broken, self._pool = self._pool, self._new_pool()
                threading.Thread(target=_end, args=[broken], name="end-broken-pool", daemon=True).start()
            return self._pool

    def _schedule(
        self, pool: ProcessPool, function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float
    ) -> Future[Any]:
        try:
            return pool.schedule(function, args=arguments, timeout=seconds)
        except RuntimeError as error:
            # It broke, or was closed, since it was looked at.
            raise BrokenProcessPool(str(error)) from error

    def _result_of(self, pool: ProcessPool, future: Future[Any]) -> Any:
        # A job that reaches a pool in the moment it breaks would be waited for without end.
        while not wait([future], timeout=_LOOK_SECONDS).done:
            if not pool.active and not wait([future], timeout=_LOOK_SECONDS).done:
                raise BrokenProcessPool("the pool broke before it had taken the job")
        return future.result()


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _wait_for_the_end() -> NoReturn:
    while True:
        threading.Event().wait()


# In the child ---------------------------------------------------------------------------------------------------------

_analyzer: Analyzer | None = None
_describer: Describer | None = None
_heap: Heap | None = None


def _open(build: Callable[[], tuple[Analyzer, Describer]], memory_bytes: int | None) -> None:
    global _analyzer, _describer, _heap
    # A Ctrl-C in the terminal reaches every process of the group; the parent decides when its children go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory_bytes is not None and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    _heap = Heap()
    threading.Thread(target=_leave_with_parent, args=[_heap], name="leave-with-parent", daemon=True).start()
    begin_loading()
    _analyzer, _describer = build()
    end_loading()


def _leave_with_parent(heap: Heap) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        while not multiprocessing.connection.wait([parent.sentinel], timeout=_LOOK_SECONDS):
            heap.look()
        os._exit(1)


def _do_nothing() -> None:
    return None


def _work(ids: dict[str, Any], task: str, *arguments: Any) -> Any:
    assert _heap is not None
    doer = _describer if task == "describe" else _analyzer
    with _heap.job(), bound(**ids):
        return getattr(doer, task)(*arguments)
