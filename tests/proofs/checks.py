"""What must hold once everything has come to rest: nothing lost, nothing doubled, nobody left waiting."""

import hashlib
import json
from collections import Counter
from typing import Any

import httpx2

from tests.proofs.model import KnownFile, KnownSession, Model
from tests.proofs.world import World, wait_for

__all__ = ["check_objects", "settle"]

_WAITING = {"description_statuses": ["pending", "queued", "processing"], "limit": 1}
_VARIANTS = {"tiny_64", "small_256", "medium_750", "large_1024"}


def settle(world: World, http: httpx2.Client, model: Model) -> None:
    """Wait until everything has ended, and check all of it."""
    wait_for(lambda: _number(http, **_WAITING) == 0, "all descriptions have ended", world)
    wait_for(lambda: world.unended_jobs() == 0, "all jobs have ended", world)
    listed = _all(http)
    assert listed.keys() == {file.id for file in model.live()}
    for file in model.live():
        _check_file(http, file, listed[file.id])
    for file in model.deleted():
        for path in ("", "/processing-status", "/download", "/variants/small_256"):
            assert http.get(f"/files/{file.id}{path}").status_code == 404
    for session in model.sessions.values():
        _check_session(http, session)


def check_objects(world: World) -> int:
    """Sweep; then the store has each file's objects once, and no others. Returns how many belonged to no file."""
    files = {file.id: file for model in world.models for file in model.files.values()}
    wait_for(lambda: world.unended_jobs() == 0, "all jobs have ended", world)
    swept = world.server.setup.clear()
    owners = world.owners_of_objects()
    assert owners.keys() == files.keys(), f"{len(owners.keys() - files.keys())} are not known"
    for file_id, names in owners.items():
        assert Counter(name.partition(".")[0] for name in names)["original"] == 1, names
        if files[file_id].is_image and not files[file_id].is_damaged:
            assert {name.partition(".")[0] for name in names} >= _VARIANTS, names
    return swept


def _number(http: httpx2.Client, **query: Any) -> int:
    response = http.get("/files", params=query)
    assert response.status_code == 200, response.text
    return int(response.json()["total_count"])


def _all(http: httpx2.Client) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    query: dict[str, Any] = {"include": "details", "limit": 100, "sort_by": "created_at"}
    while True:
        page = http.get("/files", params=query).json()
        found |= {item["id"]: item for item in page["items"]}
        assert page["total_count"] >= len(found)
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


def _check_file(http: httpx2.Client, file: KnownFile, body: dict[str, Any]) -> None:
    state = body["description_status"]
    assert (body["hash"], body["original_filename"]) == (file.sha256, file.name)
    assert state in file.ends, f"{file.id} is {state}, and should be {file.ends}"
    file.ends, file.is_settled = {state}, True
    versions = body["full_descriptions"] or []
    assert len(versions) <= file.requests, f"{file.id} was described more often than asked for"
    assert (body["upload_description"] is not None) == (state == "completed") == bool(versions), body
    if state == "completed":
        assert versions
        assert body["variant_status"] == "completed"
    response = http.get(f"/files/{file.id}/download", follow_redirects=True)
    assert response.status_code == 200, response.text
    assert hashlib.sha256(response.content).hexdigest() == file.sha256


def _check_session(http: httpx2.Client, session: KnownSession) -> None:
    path = f"/files/upload/sessions/{session.id}"
    body, results = http.get(path).json(), http.get(f"{path}/results?limit=500").json()["results"]
    assert len(results) == len(session.entries)
    for number, (entry, result) in enumerate(zip(session.entries, results, strict=True)):
        assert result["index"] == number
        assert result["image_id"] == (entry.file.id if entry.file else None)
        assert result["status"] in entry.progress(), f"{result} where {entry} was expected"
    counted = Counter(result["status"] for result in results)
    assert body["total_files"] == max(len(results), session.expected or 0), body
    sums = {state: body[f"{state}_files"] for state in ("completed", "failed", "skipped", "pending")}
    assert sums == {state: counted[state] for state in sums} | {"pending": session.missing}
    expected = "cancelled" if session.is_cancelled else "uploading" if session.missing else None
    expected = expected or ("failed" if counted["failed"] == len(results) else "completed")
    assert body["status"] == expected, body
    if expected != "uploading":
        _check_events(http, path, counted)


def _check_events(http: httpx2.Client, path: str, counted: Counter[str]) -> None:
    """The events of an ended session are numbered without gaps, and come to the same as its totals."""
    blocks = http.get(f"{path}/events").text.strip().split("\n\n")
    events = [dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")) for block in blocks]
    files = [event for event in events if event.get("event") == "file"]
    assert [int(event["id"]) for event in files] == list(range(1, len(files) + 1))
    body = [json.loads(event["data"]) for event in files]
    last = {event["index"]: event["status"] for event in body}
    assert Counter(last.values()) == counted, (body, counted)
    assert events[-1]["event"] == "end"
