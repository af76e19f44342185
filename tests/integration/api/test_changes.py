"""The live stream over all files of a tenant."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2

from tests.support.images import encoded, picture


def states(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_the_stream_tells_of_files_that_come_are_described_and_go(server, http: httpx2.Client) -> None:  # type: ignore[no-untyped-def]
    with server.client() as other, other.stream("GET", "/files/changes") as stream:
        seen = states(stream)
        before = next(seen)["total_count"]
        data = encoded(picture(seed=4711))
        file_id = http.post("/files/upload", files={"file": ("new.png", data)}).json()["image_id"]
        for state in seen:
            # However fast it was described: at last it is there, and nothing is left to do.
            if state["total_count"] == before + 1 and state["unfinished"] == 0:
                break
        assert http.delete(f"/files/{file_id}").status_code == 200
        assert next(state for state in seen if state["total_count"] == before)


def test_the_stream_ends_with_its_key(server, http: httpx2.Client) -> None:  # type: ignore[no-untyped-def]
    made = http.post("/api-keys", json={"name": "short", "scopes": ["read"]}).json()
    with server.client() as other:
        other.headers["Authorization"] = f"Bearer {made['api_key']}"
        assert other.get("/api-keys/current").json()["name"] == "short"
        with other.stream("GET", "/files/changes") as stream:
            seen = states(stream)
            next(seen)
            assert http.delete(f"/api-keys/{made['id']}").status_code == 204
            assert not list(seen)  # it ends: a second later at most
