"""Logs: one line an event on standard error, for people or as JSON, ours and the libraries' alike."""

import logging
import sys

import structlog

__all__ = ["configure_logs"]


def configure_logs(*, level: str, json: bool) -> None:
    """Send all logs to standard error, with time, level and the ids bound to the current request."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if json:
        shared.append(structlog.processors.format_exc_info)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
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
    # Our own access log has the request id; the library's would say everything twice.
    logging.getLogger("uvicorn.access").disabled = True
    # What these report at start concerns their authors more than ours.
    for name in ("alembic", "dbos", "httpx2", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
