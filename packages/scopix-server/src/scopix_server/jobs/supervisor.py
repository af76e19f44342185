"""Keeping a worker process alive beside the web process.

The worker's standard input is a pipe that only this process holds open: when this process dies, however it dies, the
worker reads the end of it and leaves. So nobody has to clean up after a kill -9.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping, Sequence

__all__ = ["WorkerSupervisor"]

_FIRST_PAUSE, _MAX_PAUSE = 0.5, 30.0
_GOOD_RUN_SECONDS = 60.0
_log = logging.getLogger(__name__)


class WorkerSupervisor:
    """Starts `python -m scopix_server worker ...` and starts it again whenever it ends."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], *, stop_seconds: float) -> None:
        self._command = [sys.executable, "-m", "scopix_server", "worker", "--leave-with-parent", *arguments]
        self._environment = environment
        self._stop_seconds = stop_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the worker and watch over it."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the worker: ask it to finish, and after a while insist."""
        if self._task is not None:
            self._task.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_seconds):
                await process.wait()
        except TimeoutError:
            _log.warning(
                "the worker did not stop within %.0f seconds; what it was doing is resumed later", self._stop_seconds
            )
            process.kill()
            await process.wait()

    def kill(self) -> None:
        """End the worker at once, and do not start it again. For a process that is about to leave itself."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _watch(self) -> None:
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, env=self._environment
            )
            code = await self._process.wait()
            pause = _FIRST_PAUSE if loop.time() - started > _GOOD_RUN_SECONDS else min(pause * 2, _MAX_PAUSE)
            _log.error("the worker ended with code %s; it is started again in %.1f seconds", code, pause)
            await asyncio.sleep(pause)
