"""Logs: one line an event on standard error, for people or as JSON, ours and the libraries' alike.

What is logged may quote strangers: names of files, paths, what a library says of a request. So every line is redacted,
and nothing in it can be taken for a command by a terminal.
"""

import json as json_library
import logging
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from scopix_server.domain.printable import printable
from scopix_server.domain.redaction import redact

__all__ = ["bound", "configure_logs", "current_context"]

_log = logging.getLogger("scopix")
_OURS = frozenset({"timestamp", "level", "logger"})


def configure_logs(*, level: str, json: bool) -> None:
    """Send all logs to standard error, with time, level and the ids bound to the current request or file."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    _log_what_nobody_caught()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if json
        # A plain traceback: the renderer's own choice shows local variables, and these may hold keys and pictures.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    last: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, _fit_to_be_shown, renderer]
    handler = logging.StreamHandler(sys.stderr)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_meta, *last])
    handler.setFormatter(formatter)
    # Our own lines, one a request, go straight to the handler's stream: by way of the standard library's records they
    # take twice as long.
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="": _Lines(name, handler),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # The job engine would write by itself, past all this.
    dbos = logging.getLogger("dbos")
    dbos.handlers, dbos.propagate = [handler], False
    # Our own access log has the request id; the library's would say everything twice.
    logging.getLogger("uvicorn.access").disabled = True
    # What these report at start concerns their authors more than ours; and botocore tells what it signs, and for whom.
    for name in ("alembic", "dbos", "httpx2", "uvicorn.error", "botocore", "httpcore2", "filelock"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines:
    """Writes rendered lines between those of the standard library's handler."""

    def __init__(self, name: str, handler: "logging.StreamHandler[Any]") -> None:
        self.name = name
        self._handler = handler

    def msg(self, line: str) -> None:
        self._handler.acquire()
        try:
            self._handler.stream.write(line + self._handler.terminator)
            self._handler.flush()
        except OSError:
            # A log that nobody takes, a full disk, say, fails no request; the standard library prints and goes on, too.
            pass
        finally:
            self._handler.release()

    debug = info = warning = warn = error = critical = exception = msg


@contextmanager
def bound(**ids: str | int | None) -> Iterator[None]:
    """Let every line that is logged in this context, and in this thread, name these ids; None names nothing."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def current_context() -> dict[str, Any]:
    """Return the ids that lines name now: to be bound in another process that works on the same."""
    return structlog.contextvars.get_contextvars()


def _fit_to_be_shown(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact every value of a line, and let none hold what a terminal obeys."""
    return {
        name: _shown(value, lines=name in {"exception", "stack"}) if name not in _OURS else value
        for name, value in event.items()
    }


def _shown(value: Any, *, lines: bool = False) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {_shown(str(name)): _shown(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    # What is no text is written as one by the renderer; as this is the last look, here.
    return printable(redact(value if isinstance(value, str) else repr(value)), lines=lines)


def _log_what_nobody_caught() -> None:
    """Let exceptions that end a thread or the process be lines like all others."""
    sys.excepthook = lambda kind, error, trace: _log.critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            exc_info = (found.exc_type, found.exc_value, found.exc_traceback)
            _log.critical("uncaught in thread %s", found.thread.name if found.thread else "?", exc_info=exc_info)

    threading.excepthook = in_thread


def _to_json(event: Mapping[str, Any], **options: Any) -> str:
    try:
        return json_library.dumps(event, allow_nan=False, **options)
    except ValueError:
        # JSON knows no NaN, and no value that holds itself. A line that says it as text is better than none.
        return json_library.dumps({str(name): str(value) for name, value in event.items()})
