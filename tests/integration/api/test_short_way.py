"""Uploads take a short way past the framework; whoever compares the answers of both ways sees no difference."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from scopix_server.intake.accept import Intake
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE

PNG = encoded(picture(seed=3))
UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|/[0-9a-f]{2}/")
TIMES = {"processing_time_ms", "created_at"}
LONG = [("Idempotency-Key", "twice"), ("Idempotency-Key", "twice")]
"""What is sent twice goes the long way, and the first counts there."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with serving(tmp_path_factory.mktemp("own"), worker=False) as running:
        yield running


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that went the long way."""
    paths: list[str] = []
    call = FastAPI.__call__

    async def noted(self: FastAPI, scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await call(self, scope, receive, send)

    monkeypatch.setattr(FastAPI, "__call__", noted)
    return paths


def told(response: httpx2.Response) -> tuple[int, str, dict[str, str]]:
    """An answer without what differs from request to request."""
    body = json.loads(
        UUIDS.sub("an id", response.text), object_hook=lambda read: {**read, **dict.fromkeys(TIMES & read.keys())}
    )
    changing = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "content-length"}
    headers = {name: value if name not in changing else "" for name, value in response.headers.items()}
    return response.status_code, body, headers


def both(own: InProcessServer, long_ways: list[str], path: str, **request: Any) -> tuple[int, dict[str, Any]]:
    """Send a request both ways; return the status and the body of the answer, which is the same."""
    sent = request.pop("headers", {"Authorization": f"Bearer {own.api_key}"})
    with httpx2.Client(base_url=own.base_url, timeout=60) as http:
        short = http.post(path, headers=list(sent.items()), **request)
        assert long_ways == []
        long = http.post(path, headers=[*sent.items(), *LONG], **request)
        assert len(long_ways) == 1
    long_ways.clear()
    assert told(short) == told(long)
    return short.status_code, short.json()


def test_a_file_and_a_batch_are_answered_alike(own: InProcessServer, long_ways: list[str]) -> None:
    form = {"title": "Ä title", "tags": "a,b", "auto_describe": "false"}
    status, body = both(own, long_ways, "/files/upload", files={"file": ("a.png", PNG)}, data=form)
    assert (status, body["filename"], body["content_type"]) == (201, "a.png", "image/png")
    several = [("files", ("a.png", PNG)), ("files", ("b.png", b"no picture"))]
    with httpx2.Client(base_url=own.base_url, timeout=60) as http:
        headers = {"Authorization": f"Bearer {own.api_key}"}
        short = http.post("/files/upload/batch", headers=headers, files=several)
        assert long_ways == []
        long = http.post(
            "/files/upload/batch",
            headers=[*headers.items(), ("Idempotency-Key", "batch"), ("Idempotency-Key", "batch")],
            files=several,
        )
        assert long_ways == ["/api/v2/files/upload/batch"]
        assert short.status_code == 201 and len(short.json()["rejections"]) == 1
        assert told(short) == told(long)
        again = http.post("/files/upload/batch", headers={**headers, "Idempotency-Key": "batch"}, files=several)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["session_id"] == long.json()["session_id"]


@pytest.mark.parametrize("path", ["/files/upload", "/files/upload/batch"])
def test_refusals_are_answered_alike(own: InProcessServer, long_ways: list[str], path: str) -> None:
    file = {"file" if path.endswith("upload") else "files": ("a.png", PNG)}
    assert both(own, long_ways, path, files=file, headers={})[0] == 401
    assert both(own, long_ways, path, files=file, headers={"Authorization": "Bearer scopix_wrong"})[0] == 401
    assert both(own, long_ways, path, content=b"no form")[0] == 415
    assert both(own, long_ways, path, files={"other": ("a.png", PNG)})[0] == 400
    status, body = both(own, long_ways, path, files=file, data={"auto_describe": "perhaps"})
    assert (status, body["error"]["details"]["field"]) == (422, "auto_describe")


def test_a_malformed_key_and_another_method_go_the_long_way(own: InProcessServer, long_ways: list[str]) -> None:
    with own.client() as http:
        refused = http.post("/files/upload", headers={"Idempotency-Key": "a b"}, files={"file": ("a.png", PNG)})
        assert refused.status_code == 422
        assert http.get("/files/upload/batch").status_code == 405
        # A route of the same router that is not posted to.
        assert http.post("/files/quota-check").status_code == 405
    assert len(long_ways) == 3


def test_a_fault_of_ours_is_answered_alike(
    own: InProcessServer, long_ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault")

    faults: list[logging.LogRecord] = []
    logger = logging.getLogger("uvicorn.error")
    with monkeypatch.context() as patched:
        patched.setattr(Intake, "accept", fail)
        # Not to the log of this process, in which other tests look for faults.
        patched.setattr(logger, "propagate", False)
        patched.setattr(logger, "handlers", [])
        patched.setattr(logger, "filters", [lambda record: faults.append(record) or True])
        headers = {"Authorization": f"Bearer {own.api_key}"}
        with httpx2.Client(base_url=own.base_url, timeout=60) as http:
            short = http.post("/files/upload", headers=headers, files={"file": ("a.png", PNG)})
        assert long_ways == []
        with httpx2.Client(base_url=own.base_url, timeout=60) as http:
            long = http.post("/files/upload", headers=[*headers.items(), *LONG], files={"file": ("a.png", PNG)})
        assert len(long_ways) == 1
        # The traceback is logged once the answer is sent.
        wait_until(lambda: len(faults) == 2)
    assert all(record.exc_info and "a fault" in str(record.exc_info[1]) for record in faults)
    assert short.status_code == 500 and short.json()["error"]["code"] == "SERVER_ERROR"
    for answer in (short, long):
        assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
        assert answer.headers["Connection"] == "close"
