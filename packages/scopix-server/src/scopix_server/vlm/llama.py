"""A vision-language model on this machine: a GGUF pair run by llama.cpp in a process of its own (extra `vlm`).

The process listens on a loopback port behind a random key, is started by the first question, asked one question at a
time, and ended when nothing was asked for a while, which gives its memory back. If it dies, one attempt at one image is
lost, and the next question starts it again.
"""

import importlib.util
import json
import logging
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.description import Description
from scopix_server.domain.engines import EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.redaction import redact, register_temporary_secrets
from scopix_server.vlm.openai_compatible import OpenAICompatibleEngine

__all__ = ["LlamaEngine"]

_LOAD_SECONDS = 300.0
_DYING_SECONDS = 0.5  # for the system to take some GB of memory back from a process that was killed
_log = logging.getLogger(__name__)


class LlamaEngine:
    """The `VisionEngine` port over a model file.

    Args:
        spec: its `model_file` and `projector_file` name the GGUF pair.
        threads: cores it may use; None leaves that to llama.cpp.
        environment: of the process; None for ours.
    """

    def __init__(
        self, spec: EngineSpec, *, threads: int | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._spec = spec
        self._threads = threads
        self._environment = environment
        self._turn = threading.Lock()
        self._running: _Running | None = None
        self._idle: threading.Timer | None = None
        self._closed = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory now."""
        running = self._running
        return running is not None and running.alive

    def answer(self, question: Question) -> Description:
        with self._turn:
            try:
                return self._answer(question)
            finally:
                self._end_when_idle()

    def _answer(self, question: Question) -> Description:
        running = self._started()
        try:
            return running.engine.answer(question)
        except (EngineUnavailable, DescribeError) as error:
            if not running.is_dead():
                raise
            message = f"The process of the local model died over this image: {running.last_words()}"
            self._end()
            if isinstance(error, EngineUnavailable) and error.failure is None:
                # It was dead before it heard the question, so that is not this image's doing.
                return self._started().engine.answer(question)
            raise DescribeError(message, DescriptionErrorType.VLM_ERROR, retryable=True) from error

    def probe(self) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise EngineUnavailable("The extra is not installed: pip install 'scopix-server[vlm]'.")
        for path, what in ((self._spec.model_file, "model"), (self._spec.projector_file, "projector")):
            if not path:
                raise EngineUnavailable(f"No {what} file is configured.")
            if not Path(path).is_file():
                raise EngineUnavailable(f"The {what} file is not there: {path}.")

    def models(self) -> tuple[str, ...]:
        """Return the name of the one model there is. Raises EngineUnavailable when it cannot be loaded."""
        self.probe()
        return (self._spec.model,)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        running = self._running
        if running is not None:
            running.end()
        if self._idle is not None:
            self._idle.cancel()

    @property
    def json_mode(self) -> str | None:
        """The way of asking for JSON that worked, once one did."""
        return self._running.engine.json_mode if self._running is not None else None

    def _started(self) -> "_Running":
        if self._idle is not None:
            self._idle.cancel()
        if self._running is not None and not self._running.alive:
            self._end()
        if self._running is None:
            self.probe()
            self._running = _Running(self._spec, self._threads, self._environment)
            if self._closed:
                self._end()
                raise EngineUnavailable("The server is about to stop.")
        return self._running

    def _end_when_idle(self) -> None:
        if self._running is not None and self._spec.idle_seconds > 0:
            self._idle = threading.Timer(self._spec.idle_seconds, self._unload)
            self._idle.daemon = True
            self._idle.start()

    def _unload(self) -> None:
        # Whoever has the turn sets a new timer afterwards.
        if self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.end()


class _Running:
    """One life of the process, and the engine that talks to it."""

    def __init__(self, spec: EngineSpec, threads: int | None, environment: Mapping[str, str] | None) -> None:
        key = secrets.token_urlsafe(32)
        register_temporary_secrets(key)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scopix_server.vlm.llama_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=dict(environment) if environment is not None else None,
        )
        # A model that never comes up must not hold its question for ever.
        overdue = threading.Timer(_LOAD_SECONDS, self._process.kill)
        overdue.daemon = True
        overdue.start()
        try:
            url = self._handshake(spec, key, threads)
        finally:
            overdue.cancel()
        _log.info("the local model %s was loaded in %.1f seconds", spec.model, time.monotonic() - started)
        self.engine = OpenAICompatibleEngine(replace(spec, url=f"{url}/v1", key=key, headers=(), proxy=None))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def is_dead(self) -> bool:
        """Whether it is dead or dying: its connections are cut a moment before the system tells that it has ended."""
        try:
            self._process.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self) -> str:
        """Return the end of what the process wrote to its log, on one line."""
        self._log.seek(0, 2)
        self._log.seek(max(0, self._log.tell() - 4000))
        lines = [line.strip() for line in self._log.read().decode("utf-8", "replace").split("\n") if line.strip()]
        telling = [line for line in lines if "error" in line.lower() or "fail" in line.lower()]
        return (
            redact(" / ".join((telling or lines)[-2:]))[-300:] or f"it said nothing (exit code {self._process.poll()})"
        )

    def end(self) -> None:
        """Kill the process: it has nothing to save."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                pipe.close()
        if hasattr(self, "engine"):
            self.engine.close()

    def _handshake(self, spec: EngineSpec, key: str, threads: int | None) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        settings = {
            "model": spec.model_file,
            "projector": spec.projector_file,
            "name": spec.model or spec.name,
            "key": key,
            "context_tokens": spec.context_tokens,
            "threads": threads,
        }
        try:
            self._process.stdin.write(json.dumps(settings).encode() + b"\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                if line.startswith(b'{"url"'):
                    return str(json.loads(line)["url"])
        except OSError:
            pass
        self._process.kill()
        self._process.wait()
        reason = self.last_words()
        self.end()
        raise EngineUnavailable(f"The local model cannot be loaded: {reason}")
