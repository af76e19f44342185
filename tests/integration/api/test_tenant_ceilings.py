"""More keys do not make a larger plan: what all keys of a tenant may do together."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from scopix_server.wiring.keys import create_key
from tests.integration.api.test_slow_uploads import begin, upload
from tests.support.inprocess import InProcessServer, serving

PLANS = (
    '{"free": {"requests_per_minute": 4, "concurrent_uploads": 2, "tenant_multiple": 2},'
    ' "starter": {"requests_per_minute": 4, "concurrent_uploads": 2, "tenant_multiple": null}}'
)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[InProcessServer]:
    plan = getattr(request, "param", "free")
    with serving(tmp_path, worker=False, plans=PLANS, default_plan=plan) as running:
        yield running


def new_key(server: InProcessServer, name: str, scope: str) -> str:
    return create_key(server.database, name, (scope,)).secret


def ask(
    server: InProcessServer, key: str, method: str = "GET", path: str = "/files"
) -> tuple[httpx2.Response, int, int]:
    """An answer, and what its headers say: the limit, and what is left."""
    with server.client(headers={"Authorization": f"Bearer {key}"}) as client:
        answer = client.request(method, path, json={"name": "made"} if method == "POST" else None)
    return answer, int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def test_requests_of_all_keys_have_a_ceiling(server: InProcessServer) -> None:
    keys = [new_key(server, f"key {number}", "admin") for number in range(4)]
    told = [ask(server, key)[1:] for key in (keys[0], keys[0], keys[0], keys[0], keys[1], keys[1], keys[2], keys[2])]
    # The headers tell of the narrower limit: first the key's own, then that of all keys.
    assert told == [(4, 3), (4, 2), (4, 1), (4, 0), (4, 3), (4, 2), (8, 1), (8, 0)]
    for key in keys[1:]:
        refused, limit, left = ask(server, key)
        assert (refused.status_code, limit, left) == (429, 8, 0)
        assert refused.json()["error"]["code"] == "RATE_LIMIT_ERROR"
        assert "all keys of the tenant" in refused.json()["error"]["message"]
        assert int(refused.headers["Retry-After"]) >= 1
    # Whose own minute is used up hears of that.
    assert "all keys" not in ask(server, keys[0])[0].json()["error"]["message"]


@pytest.mark.parametrize("server", ["starter"], indirect=True)
def test_without_a_multiple_each_key_has_its_own_and_there_is_no_ceiling(server: InProcessServer) -> None:
    keys = [new_key(server, f"key {number}", "read") for number in range(4)]
    assert [ask(server, key)[1:] for key in keys for _ in range(4)] == [(4, left) for left in (3, 2, 1, 0)] * 4


def test_uploads_at_once_of_all_keys_have_a_ceiling(server: InProcessServer) -> None:
    keys = [new_key(server, f"key {number}", "write") for number in range(3)]
    with contextlib.ExitStack() as stack:

        def held(key: str) -> bool:
            connection: socket.socket = stack.enter_context(begin(server, key))
            return connection.recv(65536).startswith(b"HTTP/1.1 100 ")

        assert [held(key) for key in (keys[0], keys[0], keys[0], keys[1], keys[1])] == [True, True, False, True, True]
        refused = upload(server, keys[2])
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "CONCURRENT_UPLOAD_LIMIT")
        assert "all keys of the tenant" in refused.json()["error"]["message"]
        assert refused.json()["error"]["details"]["limit"] == 4
    while server_is_busy(server):
        time.sleep(0.02)
    assert upload(server, keys[2]).status_code == 201


def server_is_busy(server: InProcessServer) -> bool:
    return "scopix_uploads_under_way 0.0" not in httpx2.get(f"{server.root}/metrics").text


def test_a_key_that_makes_keys_makes_no_more_than_all_may(tmp_path: Path) -> None:
    with serving(tmp_path, worker=False, sensitive_requests_per_minute="2") as server:
        keys = [new_key(server, f"key {number}", "admin") for number in range(4)]
        made = [ask(server, key, "POST", "/api-keys")[0].status_code for key in keys for _ in range(3)]
        assert made == [201, 201, 429] * 3 + [429] * 3
