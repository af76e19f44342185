"""A line in the log is no longer because a stranger asked for something long."""

import asyncio
from typing import Any

import pytest
import structlog

from scopix_server.api.middleware import RequestContext


async def nothing_there(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def drop(message: Any) -> None:
    pass


def test_a_long_path_is_cut_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    # A logger that was used before keeps what it was set up with then.
    monkeypatch.setattr("scopix_server.api.middleware._log", structlog.get_logger("scopix.access"))
    scope = {"type": "http", "method": "GET", "path": "/" + "a" * 30_000, "headers": []}
    with structlog.testing.capture_logs() as lines:
        asyncio.run(RequestContext(nothing_there)(scope, drop, drop))
    assert [(line["event"], line["status"], line["path"]) for line in lines] == [("request", 404, "/" + "a" * 299)]
