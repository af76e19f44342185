"""Logs: one line an event on standard error, for people or as JSON, ours and the libraries' alike."""

import json as json_library
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog

__all__ = ["bound", "configure_logs", "current_context"]

_log = logging.getLogger("scopix")


def configure_logs(*, level: str, json: bool) -> None:
    """Send all logs to standard error, with time, level and the ids bound to the current request or file."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if json:
        shared.append(structlog.processors.format_exc_info)
        _log_what_nobody_caught()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if json
        # A plain traceback: the renderer's own choice shows local variables, and these may hold keys and pictures.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # Our own access log has the request id; the library's would say everything twice.
    logging.getLogger("uvicorn.access").disabled = True
    # What these report at start concerns their authors more than ours; and botocore tells what it signs, and for whom.
    for name in ("alembic", "dbos", "httpx2", "uvicorn.error", "botocore", "httpcore2", "filelock"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def bound(**ids: str | int | None) -> Iterator[None]:
    """Let every line that is logged in this context, and in this thread, name these ids; None names nothing."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def current_context() -> dict[str, Any]:
    """Return the ids that lines name now: to be bound in another process that works on the same."""
    return structlog.contextvars.get_contextvars()


def _log_what_nobody_caught() -> None:
    """Let exceptions that end a thread or the process be lines like all others."""
    sys.excepthook = lambda kind, error, trace: _log.critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            told = (found.exc_type, found.exc_value, found.exc_traceback)
            _log.critical("uncaught in thread %s", found.thread.name if found.thread else "?", exc_info=told)

    threading.excepthook = in_thread


def _to_json(event: Mapping[str, Any], **options: Any) -> str:
    try:
        return json_library.dumps(event, allow_nan=False, **options)
    except ValueError:
        # JSON knows no NaN, and no value that holds itself. A line that says it as text is better than none.
        return json_library.dumps({str(name): str(value) for name, value in event.items()})
