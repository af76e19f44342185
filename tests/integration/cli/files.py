"""Files on the real server for the tests of the command line, and looking at them past it."""

import json
from typing import Any

from rich.cells import cell_len

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described


def put(server: InProcessServer, tag: str, data: bytes | None = None, name: str = "a.png", **fields: Any) -> str:
    """Upload one file; described unless told otherwise, and waited for."""
    describe = fields.pop("describe", False)
    form = {"tags": tag, "auto_describe": str(describe).lower(), **fields}
    with server.client() as http:
        response = http.post("/files/upload", files={"file": (name, data or encoded(picture(32, 32)))}, data=form)
        assert response.status_code == 201, response.text
        file_id = str(response.json()["image_id"])
        if describe:
            wait_until_described(http, file_id)
    return file_id


def put_many(server: InProcessServer, tag: str, count: int) -> list[str]:
    """Upload small pictures, named by their number, without descriptions; return their ids in order."""
    ids: list[str] = []
    with server.client() as http:
        for start in range(0, count, 100):
            numbers = range(start, min(start + 100, count))
            files = [("files", (f"{number:04}.png", encoded(picture(16, 16, number)))) for number in numbers]
            answer = http.post("/files/upload/batch", files=files, data={"tags": tag, "auto_describe": "false"})
            assert answer.status_code == 201, answer.text
            session = answer.json()["session_id"]
            results = http.get(f"/files/upload/sessions/{session}/results?limit=500").json()["results"]
            ids += [result["image_id"] for result in sorted(results, key=lambda one: one["index"])]
    return ids


def listed(server: InProcessServer, **query: Any) -> list[dict[str, Any]]:
    """The first hundred files that meet the filter, asked for past the command line."""
    with server.client() as http:
        return list(http.get("/files", params={"limit": 100, **query}).json()["items"])


def json_lines(text: str) -> list[dict[str, Any]]:
    """The objects printed, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def widths(text: str) -> int:
    """How many columns the widest line takes."""
    return max(cell_len(line) for line in text.splitlines())
