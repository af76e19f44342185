"""Query parameters that a route does not read are refused, and HEAD is answered wherever GET is."""

import httpx2
import pytest

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.openapi import Document

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    ("method", "path", "parameter", "meant"),
    [
        ("GET", "/files", "tag", "tags"),
        ("GET", "/files", "has_descriptions", "has_description"),
        ("GET", "/files/upload/sessions", "state", None),
        ("GET", "/search", "lim", "limit"),
        ("POST", "/files/upload", "skip_duplicates", None),
        ("GET", "/files/quota-check", "files", None),
    ],
)
def test_queries_that_no_route_reads_are_refused(
    http: httpx2.Client, method: str, path: str, parameter: str, meant: str | None
) -> None:
    answer = http.request(method, path, params={parameter: "1", "q": "roof"} if path == "/search" else {parameter: "1"})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR" and error["details"]["field"] == parameter
    assert f"no query parameter '{parameter}'" in error["message"]
    assert meant is None or (f"Did you mean '{meant}'?" in error["message"] and meant in error["details"]["known"])


def test_queries_are_read_after_the_key(server: InProcessServer) -> None:
    assert httpx2.get(f"{server.base_url}/files?nonsense=1").status_code == 401


def test_queries_that_the_document_names_are_known(server: InProcessServer, http: httpx2.Client) -> None:
    """Whatever the document says a route reads, it reads: 400 is about another parameter than these."""
    document = Document(http.get("/openapi.json").json())
    checked = 0
    for operation in document.operations:
        if operation.method != "get" or "{" in operation.path or not operation.path.startswith("/api/v2"):
            continue
        for field in (one for one in operation.parameters if one.place == "query"):
            answer = http.get(operation.path.removeprefix("/api/v2"), params={field.name: "\x00"})
            assert "no query parameter" not in answer.text, (operation, field)
            checked += 1
    assert checked > 30


def test_heads_are_those_of_get(server: InProcessServer, http: httpx2.Client) -> None:
    sent = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))}).json()
    session = http.post("/files/upload/batch", files={"files": ("b.png", encoded(picture()))}).json()["session_id"]
    for path in ("/files", f"/files/{sent['image_id']}", "/tenant/limits", "/openapi.json"):
        got, head = http.get(path), http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
    # A stream of events has a head as well, and the connection is free after it.
    events = http.head(f"/files/upload/sessions/{session}/events")
    assert (events.status_code, events.content) == (200, b"")
    assert events.headers["Content-Type"].startswith("text/event-stream")
    assert http.head("/files/upload/batch").status_code == 405
    assert http.head("/files/nobody").status_code == 404
    assert httpx2.head(f"{server.base_url}/files").status_code == 401
    assert httpx2.head(f"{server.root}/health").status_code == 200
