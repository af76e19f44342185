"""Batches and sessions over plain HTTP, against the running server."""

import socket
import uuid
from pathlib import Path

import httpx2
import pytest

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_over

IMAGES = [encoded(picture(seed=seed)) for seed in range(12)]
PLAIN = {"auto_describe": "false"}


def send(http: httpx2.Client, files: list[tuple[str, bytes]], key: str | None = None, **fields: str) -> httpx2.Response:
    parts = [("files", (name, data)) for name, data in files]
    headers = {"Idempotency-Key": key} if key else {}
    return http.post("/files/upload/batch", files=parts, data=fields, headers=headers)


def numbered(count: int, start: int = 0) -> list[tuple[str, bytes]]:
    return [(f"{number:04}.png", IMAGES[number % len(IMAGES)]) for number in range(start, start + count)]


def test_a_small_batch_says_at_once_what_became_of_each_file(http: httpx2.Client) -> None:
    body = send(http, numbered(3), content_category="map", tags="a,b").json()
    assert (body["total_files"], body["accepted_files"], body["rejected_files"]) == (3, 3, 0)
    assert body["status"] == "processing"
    assert body["rejections"] is None
    assert [result["filename"] for result in body["immediate_results"]] == ["0000.png", "0001.png", "0002.png"]
    status = wait_until_over(http, body["session_id"])
    assert status["status"] == "completed"
    assert (status["completed_files"], status["pending_files"], status["progress_percentage"]) == (3, 0, 100.0)
    assert {entry["status"] for entry in status["recent_completions"]} == {"completed"}
    results = http.get(f"/files/upload/sessions/{body['session_id']}/results").json()
    assert [entry["index"] for entry in results["results"]] == [0, 1, 2]
    assert all(entry["description"] and entry["description_status"] == "completed" for entry in results["results"])
    details = http.get(f"/files/{results['results'][0]['image_id']}").json()
    assert details["content_category"] == "map"
    assert {"a", "b"} <= set(details["tags"])


def test_bad_files_cost_the_good_ones_nothing(http: httpx2.Client, server: InProcessServer) -> None:
    files = [
        ("good.png", IMAGES[0]),
        ("empty.png", b""),
        ("words.jpg", b"nothing but words in here, really"),
        ("cut.png", IMAGES[1][:-40]),
        ("also-good.png", IMAGES[2]),
    ]
    objects = len(server.stored_objects())
    response = send(http, files, **PLAIN)
    body = response.json()
    assert response.status_code == 201
    assert (body["accepted_files"], body["rejected_files"], body["status"]) == (2, 3, "partial")
    assert [(entry["index"], entry["filename"]) for entry in body["rejections"]] == [
        (1, "empty.png"),
        (2, "words.jpg"),
        (3, "cut.png"),
    ]
    assert all(entry["reason"] and entry["retryable"] is False for entry in body["rejections"])
    assert [result["status"] for result in body["immediate_results"]] == [
        "completed",
        "failed",
        "failed",
        "failed",
        "completed",
    ]
    status = http.get(f"/files/upload/sessions/{body['session_id']}").json()
    assert (status["status"], status["completed_files"], status["failed_files"]) == ("completed", 2, 3)
    assert {error["index"] for error in status["recent_errors"]} == {1, 2, 3}
    assert len(server.stored_objects()) >= objects + 2
    assert server.nothing_half_stored()


def test_a_batch_of_nothing_but_bad_files_is_rejected_and_failed(http: httpx2.Client) -> None:
    body = send(http, [("a.png", b""), ("b.png", b"words and words and words")]).json()
    assert body["status"] == "rejected"
    assert http.get(f"/files/upload/sessions/{body['session_id']}").json()["status"] == "failed"
    results = http.get(f"/files/upload/sessions/{body['session_id']}/results").json()
    assert [entry["image_id"] for entry in results["results"]] == [None, None]
    assert results["summary"] == {"total_files": 2, "completed": 0, "failed": 2, "skipped": 0}
    none = http.get(f"/files/upload/sessions/{body['session_id']}/results?include_failed=false").json()
    assert (none["results"], none["total_count"]) == ([], 0)


def test_a_larger_batch_has_no_immediate_results(http: httpx2.Client) -> None:
    body = send(http, numbered(12), **PLAIN).json()
    assert body["immediate_results"] is None
    assert body["status"] == "completed"
    first = http.get(f"/files/upload/sessions/{body['session_id']}/results?limit=5").json()
    assert (len(first["results"]), first["has_more"], first["total_count"]) == (5, True, 12)
    rest = http.get(f"/files/upload/sessions/{body['session_id']}/results?limit=500&offset=5").json()
    assert [entry["filename"] for entry in first["results"] + rest["results"]] == [name for name, _ in numbered(12)]


@ON_SQLITE
def test_the_cap_on_files_is_exact(http: httpx2.Client, server: InProcessServer) -> None:
    tiny = encoded(picture(8, 8))
    rows = http.get("/files").json()["total_count"]
    assert send(http, [(f"{n}.png", tiny) for n in range(200)], **PLAIN).json()["accepted_files"] == 200
    refused = send(http, [(f"{n}.png", tiny) for n in range(201)], **PLAIN)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "BATCH_TOO_LARGE"
    assert refused.json()["error"]["details"]["max_files"] == 200
    assert http.get("/files").json()["total_count"] == rows + 200
    assert server.nothing_half_stored()
    assert http.get("/files/quota-check?file_count=300").json()["max_batch_size"] == 200


def test_a_payload_over_two_gigabytes_is_refused_on_its_length(server: InProcessServer) -> None:
    """The refusal arrives although the client never finishes sending."""
    host, port = server.root.removeprefix("http://").split(":")
    head = (
        f"POST /api/v2/files/upload/batch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {2**31 + 1}\r\n\r\n--x\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"PAYLOAD_TOO_LARGE" in answer


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ([], {"tags": "a"}, 400),
        ([("a.png", IMAGES[0])], {"session_id": "x"}, 422),
        ([("a.png", IMAGES[0])], {"expected_files": "0"}, 422),
        ([("a.png", IMAGES[0])], {"start_index": "-1"}, 422),
        ([("a.png", IMAGES[0])], {"start_index": "9" * 40}, 422),
        ([("a.png", IMAGES[0])], {"session_id": str(uuid.uuid4())}, 404),
        ([("a.png", IMAGES[0])], {"storage_target": "custom"}, 400),
    ],
)
def test_a_request_that_is_wrong_as_a_whole(
    http: httpx2.Client, server: InProcessServer, files: list, fields: dict[str, str], status: int
) -> None:
    rows = http.get("/files").json()["total_count"]
    answer = send(http, files, **fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert http.get("/files").json()["total_count"] == rows
    assert server.nothing_half_stored()


def test_several_requests_make_one_session_in_order(http: httpx2.Client) -> None:
    session = send(http, numbered(4), expected_files="10", start_index="0", **PLAIN).json()["session_id"]
    status = http.get(f"/files/upload/sessions/{session}").json()
    assert (status["status"], status["total_files"], status["pending_files"]) == ("uploading", 10, 6)
    send(http, numbered(3, 7), session_id=session, start_index="7", **PLAIN)
    assert http.get(f"/files/upload/sessions/{session}").json()["status"] == "uploading"
    send(http, numbered(3, 4), session_id=session, start_index="4", **PLAIN)
    assert http.get(f"/files/upload/sessions/{session}").json()["status"] == "completed"
    results = http.get(f"/files/upload/sessions/{session}/results").json()["results"]
    assert [entry["filename"] for entry in results] == [name for name, _ in numbered(10)]
    beyond = send(http, numbered(1), session_id=session, start_index="10", **PLAIN)
    assert beyond.status_code == 409


def test_a_position_is_taken_once(http: httpx2.Client) -> None:
    session = send(http, numbered(2), **PLAIN).json()["session_id"]
    again = send(http, numbered(2), session_id=session, start_index="1", **PLAIN)
    assert again.status_code == 409
    assert again.json()["error"]["details"]["position"] == 1
    appended = send(http, numbered(2), session_id=session, **PLAIN)
    assert appended.status_code == 201
    assert http.get(f"/files/upload/sessions/{session}").json()["total_files"] == 4


def stored_originals(server: InProcessServer) -> set[str]:
    # Thumbnails, also of other tests' files, are made all the time.
    return {path.parent.name for path in server.stored_objects() if path.name.startswith("original.")}


def test_a_batch_is_replayed_under_its_key(http: httpx2.Client, server: InProcessServer) -> None:
    key = f"batch-{uuid.uuid4()}"
    first = send(http, numbered(3), key=key, **PLAIN)
    rows, originals = http.get("/files").json()["total_count"], stored_originals(server)
    again = send(http, numbered(3), key=key, **PLAIN)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert http.get("/files").json()["total_count"] == rows
    assert stored_originals(server) == originals
    assert send(http, numbered(2), key=key, **PLAIN).status_code == 409


def test_duplicates_within_a_batch_and_before_it_resolve_to_one_file(http: httpx2.Client) -> None:
    data = encoded(picture(seed=4711))
    body = send(http, [("a.png", data), ("b.png", data)], skip_duplicates="true", **PLAIN).json()
    first, second = body["immediate_results"]
    assert (first["skipped"], second["skipped"]) == (False, True)
    assert second["image_id"] == second["skipped_existing_image_id"] == first["image_id"]
    status = http.get(f"/files/upload/sessions/{body['session_id']}").json()
    assert (status["completed_files"], status["skipped_files"], status["status"]) == (1, 1, "completed")


def test_a_session_can_be_cancelled(http: httpx2.Client) -> None:
    # It waits for a file that never comes, so it cannot end by itself.
    session = send(http, numbered(6), expected_files="7").json()["session_id"]
    cancelled = http.post(f"/files/upload/sessions/{session}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["completed_files"] + cancelled["skipped_files"] == 6
    assert http.post(f"/files/upload/sessions/{session}/cancel").status_code == 400
    assert send(http, numbered(1), session_id=session).status_code == 409
    results = http.get(f"/files/upload/sessions/{session}/results").json()["results"]
    for entry in results:
        file = http.get(f"/files/{entry['image_id']}").json()
        assert file["description_status"] == ("completed" if entry["status"] == "completed" else "skipped")


def test_what_has_a_description_keeps_it_when_its_session_is_cancelled(tmp_path: Path, database: str) -> None:
    with serving(tmp_path, database=database, worker=False) as idle, idle.client() as http:
        session = send(http, numbered(2)).json()
        written, waiting = [entry["image_id"] for entry in session["immediate_results"]]
        http.patch(f"/files/{written}", json={"description": "A harbour."}).raise_for_status()
        cancelled = http.post(f"/files/upload/sessions/{session['session_id']}/cancel").json()
        assert (cancelled["status"], cancelled["completed_files"], cancelled["skipped_files"]) == ("cancelled", 1, 1)
        states = {file_id: http.get(f"/files/{file_id}").json()["description_status"] for file_id in (written, waiting)}
        assert states == {written: "completed", waiting: "skipped"}
        assert [item["id"] for item in http.get("/files?has_description=true").json()["items"]] == [written]
        # It can be described again, under a name that no job had before.
        assert http.post(f"/files/{written}/describe").status_code == 202


def test_sessions_are_listed_newest_first(http: httpx2.Client) -> None:
    ids = [send(http, numbered(1), **PLAIN).json()["session_id"] for _ in range(3)]
    page = http.get("/files/upload/sessions?limit=2").json()
    assert [entry["session_id"] for entry in page["items"]] == [ids[2], ids[1]]
    assert page["has_more"] is True
    completed = http.get("/files/upload/sessions?status=completed&limit=100").json()
    assert set(ids) <= {entry["session_id"] for entry in completed["items"]}
    assert http.get("/files/upload/sessions?status=expired").json()["items"] == []
    assert http.get("/files/upload/sessions?status=nonsense").status_code == 422


def test_the_paths_of_the_first_generation_lead_to_the_same(http: httpx2.Client) -> None:
    session = send(http, numbered(1), **PLAIN).json()["session_id"]
    now = http.get(f"/files/upload/sessions/{session}").json()
    assert http.get(f"/uploads/sessions/{session}/status").json() == now
    assert http.get(f"/uploads/sessions/{session}/results").json()["total_count"] == 1
    assert http.get("/uploads/sessions").status_code == 200


@pytest.mark.parametrize("session_id", ["x", "0d9c2f7e-0000-4000-8000-00000000ffff"])
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("GET", "/results"), ("POST", "/cancel")])
def test_an_unknown_session(http: httpx2.Client, session_id: str, method: str, rest: str) -> None:
    answer = http.request(method, f"/files/upload/sessions/{session_id}{rest}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
