"""The limits of the plans, on servers of their own."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, padded_png
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until

UNLIMITED = 2_147_483_647


@pytest.fixture(scope="module")
def idle(database: str) -> dict[str, Any]:
    """Of servers that describe nothing."""
    return {"database": database, "worker": False}


@pytest.fixture(scope="module")
def custom(idle: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    folder = tmp_path_factory.mktemp("custom")
    with serving(folder, **idle, failed_requests_per_minute="5") as running:
        yield running


def limits_of(answer: httpx2.Response) -> tuple[int, int, int]:
    names = ("Limit", "Remaining", "Reset")
    limit, remaining, reset = (int(answer.headers[f"X-RateLimit-{name}"]) for name in names)
    return limit, remaining, reset


def png(number: int) -> bytes:
    """A small picture, another one for each number."""
    return encoded(Image.new("RGB", (16, 16), (number % 256, number // 256, 77)))


def files(number: int, start: int = 0) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"{index}.png", png(start + index))) for index in range(number)]


# Requests a minute ----------------------------------------------------------------------------------------------------


def test_the_eleventh_request_of_a_free_minute_is_refused(tmp_path: Path, idle: dict[str, Any]) -> None:
    with serving(tmp_path, **idle, default_plan="free") as server, server.client() as client:
        started = time.time()
        answers = [client.get("/files") for _ in range(11)]
        # Long-polls, refusals and unknown files are requests like all others: there is no way around.
        answers.append(client.post("/files/upload", files={"file": ("a.png", png(0))}))
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
        assert [limits_of(answer)[:2] for answer in answers] == [(10, left) for left in [*range(9, -1, -1), 0, 0]]
        assert {limits_of(answer)[2] for answer in answers} == {limits_of(answers[0])[2]}
        assert started <= limits_of(answers[0])[2] <= time.time() + 61
        refused = answers[10]
        error = refused.json()["error"]
        assert error["code"] == "RATE_LIMIT_ERROR"
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert error["details"] == {"limit": 10, "retry_after": int(refused.headers["Retry-After"])}
        assert refused.json()["request_id"] == refused.headers["X-Request-ID"]
        # It is the key that is limited.
        assert httpx2.get(f"{server.root}/health").status_code == 200


def test_limits_count_for_each_key_alone_and_plans_change_within_a_second(tmp_path: Path, idle: dict[str, Any]) -> None:
    plans = '{"free": {"requests_per_minute": 3}, "starter": {"requests_per_minute": null}}'
    (tmp_path / "plans.json").write_text(plans)
    with (
        serving(tmp_path / "data", **idle, default_plan="free", plans=str(tmp_path / "plans.json")) as server,
        server.client() as first,
    ):
        second_key = first.post("/api-keys", json={"name": "second"}).json()["api_key"]
        assert [first.get("/files").status_code for _ in range(3)] == [200, 200, 429]
        with server.client(headers={"Authorization": f"Bearer {second_key}"}) as second:
            assert limits_of(second.get("/files"))[:2] == (3, 2)
        server.database.write(lambda t: t.tenants.set_plan(t.tenants.first_tenant().id, "starter"))
        wait_until(lambda: limits_of(first.get("/files"))[:2] == (UNLIMITED, UNLIMITED))


def test_every_answer_tells_the_limits(custom: InProcessServer) -> None:
    started = int(time.time())
    with custom.client() as client:
        answers = [
            client.get("/files"),
            client.post("/files/upload"),
            client.get("/files/nonsense"),
            client.get("/nowhere"),
            client.delete("/files"),
            client.get("/files", params={"limit": 1000}),
            httpx2.get(f"{custom.root}/health"),
            httpx2.get(f"{custom.root}/ready"),
            httpx2.get(f"{custom.root}/docs"),
        ]
        assert limits_of(answers[0])[:2] == (UNLIMITED, UNLIMITED)
        for answer in answers:
            assert limits_of(answer)[2] >= started


def test_guessing_keys_is_limited_by_address_and_shuts_nobody_else_out(custom: InProcessServer) -> None:
    guess = {"Authorization": "Bearer scopix_abcdefghijklmnopqrstuvwxyz"}
    url = f"{custom.base_url}/files"
    answers = [httpx2.get(url, headers=guess if number % 2 else {}) for number in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert [limits_of(answer)[:2] for answer in answers] == [(5, left) for left in (4, 3, 2, 1, 0, 0, 0)]
    assert answers[-1].json()["error"]["code"] == "RATE_LIMIT_ERROR"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    with custom.client() as client:
        assert client.get("/files").status_code == 200
    # A proxy on this machine is believed.
    assert httpx2.get(url, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_changing_keys_has_a_narrower_limit(tmp_path: Path, idle: dict[str, Any]) -> None:
    with (
        serving(tmp_path, **idle, sensitive_requests_per_minute="3") as server,
        server.client() as client,
    ):
        made = [client.post("/api-keys", json={"name": "made"}) for _ in range(3)]
        assert [answer.status_code for answer in made] == [201] * 3
        assert [limits_of(answer)[:2] for answer in made] == [(3, left) for left in (2, 1, 0)]
        key_id = made[0].json()["id"]
        refused = [
            client.post("/api-keys", json={"name": "made"}),
            client.put(f"/api-keys/{key_id}", json={"name": "renamed"}),
            client.delete(f"/api-keys/{key_id}"),
        ]
        assert [answer.status_code for answer in refused] == [429] * 3
        assert int(refused[0].headers["Retry-After"]) >= 1
        # Looking is no change, and what another key does is its own affair.
        assert limits_of(client.get("/api-keys"))[0] == UNLIMITED
        with server.client(headers={"Authorization": f"Bearer {made[1].json()['api_key']}"}) as other:
            assert other.post("/api-keys", json={"name": "made"}).status_code == 201


# Uploads --------------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    ("plan", "most"), [("free", 10), ("starter", 50), ("professional", 100), ("enterprise", 200), ("custom", 200)]
)
def test_files_of_a_batch_by_plan(tmp_path: Path, idle: dict[str, Any], plan: str, most: int) -> None:
    plans = f'{{"{plan}": {{"descriptions_per_month": null}}}}'
    with (
        serving(tmp_path, **idle, default_plan=plan, plans=plans) as server,
        server.client() as client,
    ):
        asked = client.get("/files/quota-check", params={"file_count": 1}).json()
        assert asked["max_batch_size"] == most
        fitting = client.post("/files/upload/batch", files=files(most), data={"auto_describe": "false"})
        assert fitting.status_code == 201
        assert fitting.json()["accepted_files"] == most
        for number in (most + 1, most + 100):
            refused = client.post("/files/upload/batch", files=files(number))
            assert refused.status_code == 413
            assert refused.json()["error"]["code"] == "BATCH_TOO_LARGE"
            assert refused.json()["error"]["details"]["max_files"] == most
        assert client.get("/files").json()["total_count"] == most


def test_uploads_at_once(tmp_path: Path, idle: dict[str, Any]) -> None:
    plans = '{"custom": {"concurrent_uploads": 2}}'
    with serving(tmp_path, **idle, plans=plans) as server, server.client() as client:
        held = [_half_an_upload(server) for _ in range(2)]
        while len(server.setup.half_stored()) < 2:  # their first bytes are not on the disk yet
            time.sleep(0.05)
        refused = client.post("/files/upload", files={"file": ("a.png", png(1))})
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "CONCURRENT_UPLOAD_LIMIT"
        assert refused.headers["Retry-After"] == "1"
        assert client.post("/files/upload/batch", files=files(1)).status_code == 429
        assert client.get("/files").status_code == 200
        for connection in held:
            connection.close()
        while (again := client.post("/files/upload", files={"file": ("b.png", png(2))})).status_code == 429:
            time.sleep(0.05)
        assert again.status_code == 201


def _half_an_upload(server: InProcessServer) -> socket.socket:
    host, port = server.root.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    head = (
        "POST /api/v2/files/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n"
        f"Authorization: Bearer {server.api_key}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    )
    connection.sendall(head.encode() + padded_png(1_000_000))
    return connection


# A month --------------------------------------------------------------------------------------------------------------


QUOTA = '{"free": {"requests_per_minute": null, "descriptions_per_month": 4, "uploads_per_month": 8}}'


def quota(client: httpx2.Client, number: int = 1) -> dict[str, object]:
    return client.get("/files/quota-check", params={"file_count": number}).json()


def test_descriptions_of_a_month(tmp_path: Path, idle: dict[str, Any]) -> None:
    with (
        serving(tmp_path, **idle, default_plan="free", plans=QUOTA) as server,
        server.client() as client,
    ):

        def upload(number: int, **fields: str) -> httpx2.Response:
            return client.post("/files/upload", files={"file": ("a.png", png(number))}, data=fields)

        assert quota(client, 4) == {
            "can_proceed": True,
            "requested": 4,
            "available": 4,
            "monthly_limit": 4,
            "current_usage": 0,
            "prepaid_credits": 0,
            "max_batch_size": 10,
            "max_concurrent_uploads": 10,
            "message": None,
        }
        first = [upload(number).json()["image_id"] for number in range(3)]
        batch = client.post("/files/upload/batch", files=files(3, start=3))
        assert batch.status_code == 201
        assert (batch.json()["accepted_files"], batch.json()["status"]) == (1, "partial")
        assert [(entry["index"], entry["retryable"]) for entry in batch.json()["rejections"]] == [
            (1, False),
            (2, False),
        ]
        assert "4 descriptions a month" in batch.json()["rejections"][0]["reason"]
        for refused in (upload(9), client.post("/files/upload/batch", files=files(2, start=9))):
            assert refused.status_code == 403
            error = refused.json()["error"]
            assert error["code"] == "USAGE_LIMIT_EXCEEDED"
            assert (error["details"]["available"], error["details"]["limit"]) == (0, 4)
        told = quota(client)
        assert (told["can_proceed"], told["available"], told["current_usage"]) == (False, 0, 4)
        assert "0 more files" in str(told["message"])
        # What was refused left nothing behind; what is known already costs nothing.
        assert client.get("/files").json()["total_count"] == 4
        assert len(server.stored_objects()) == 4
        assert upload(0, skip_duplicates="true").json()["skipped"]
        # A file deleted before it was described gives its description back.
        client.delete(f"/files/{first[0]}")
        assert upload(10).status_code == 201
        assert upload(11).status_code == 403
        # Files without descriptions are limited too, by the uploads.
        assert [upload(number, auto_describe="false").status_code for number in range(12, 16)] == [201, 201, 201, 403]


def test_a_cancelled_session_gives_its_descriptions_back(tmp_path: Path, idle: dict[str, Any]) -> None:
    with (
        serving(tmp_path, **idle, default_plan="free", plans=QUOTA) as server,
        server.client() as client,
    ):
        session = client.post("/files/upload/batch", files=files(4)).json()["session_id"]
        assert quota(client)["available"] == 0
        assert client.post(f"/files/upload/sessions/{session}/cancel").status_code == 200
        assert quota(client)["available"] == 4


def test_describing_later_is_no_way_around_the_limit(tmp_path: Path, idle: dict[str, Any]) -> None:
    with (
        serving(tmp_path, **idle, default_plan="free", plans=QUOTA) as server,
        server.client() as client,
    ):
        sent = client.post("/files/upload/batch", files=files(5), data={"auto_describe": "false"}).json()
        ids = [entry["image_id"] for entry in sent["immediate_results"]]
        answers = [client.post(f"/files/{file_id}/describe", json={}) for file_id in ids]
        assert [answer.is_success for answer in answers] == [True] * 4 + [False]
        assert answers[-1].status_code == 403
        assert answers[-1].json()["error"]["code"] == "USAGE_LIMIT_EXCEEDED"
        assert quota(client)["current_usage"] == 4


def test_an_answer_is_replayed_though_the_month_is_used_up(tmp_path: Path, idle: dict[str, Any]) -> None:
    with (
        serving(tmp_path, **idle, default_plan="free", plans=QUOTA) as server,
        server.client() as client,
    ):
        sent = {"files": files(4), "headers": {"Idempotency-Key": "once"}}
        first = client.post("/files/upload/batch", **sent)
        again = client.post("/files/upload/batch", **sent)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["session_id"] == first.json()["session_id"]


def test_without_a_limit_nothing_is_missing(custom: InProcessServer) -> None:
    with custom.client() as client:
        told = quota(client, 1_000_000)
    assert told["can_proceed"]
    assert told["available"] is told["monthly_limit"] is told["max_concurrent_uploads"] is told["message"] is None


def test_the_limits_of_a_tenant(tmp_path: Path, idle: dict[str, Any]) -> None:
    with serving(tmp_path, **idle, default_plan="free", plans=QUOTA, max_document_bytes="1000") as server:
        with server.client() as client:
            sent = client.post("/files/upload/batch", files=files(3)).json()["immediate_results"]
            client.delete(f"/files/{sent[0]['image_id']}")
            told = client.get("/tenant/limits").json()
        assert told["tier"] == "free"
        assert told["limits"] == {
            "requests_per_minute": None,
            "max_batch_size": 10,
            "max_concurrent_uploads": 10,
            "tenant_requests_per_minute": None,
            "tenant_concurrent_uploads": 30,
            "descriptions_per_month": 4,
            "uploads_per_month": 8,
            "max_image_bytes": 100 * 1024 * 1024,
            "max_document_bytes": 1000,
            "max_batch_bytes": 2 * 1024 * 1024 * 1024,
        }
        stored = len(png(1)) + len(png(2))
        assert told["usage"] == {
            "descriptions": 2,
            "uploads": 3,
            "descriptions_left": 2,
            "uploads_left": 5,
            "stored_files": 2,
            "stored_bytes": stored,
        }
        start, end = (datetime.fromisoformat(told[name]) for name in ("period_start", "period_end"))
        assert start <= datetime.now(UTC) < end
        assert (start.day, start.hour, end.day, end.hour) == (1, 0, 1, 0)
        assert 28 <= (end - start).days <= 31


# Tenants --------------------------------------------------------------------------------------------------------------


def test_no_tenant_reaches_what_is_another_s(tmp_path: Path, idle: dict[str, Any]) -> None:
    with serving(tmp_path, **idle) as server, server.client() as mine:
        other_key = server.new_tenant("other")
        uploaded = mine.post("/files/upload/batch", files=files(1)).json()
        ids = {
            "file_id": uploaded["immediate_results"][0]["image_id"],
            "session_id": uploaded["session_id"],
            "key_id": mine.get("/api-keys").json()["items"][0]["id"],
            "variant_type": "original",
            "version": "1",
            "level": "0",
            "column": "0",
            "row": "0",
        }
        routes = mine.get("/openapi.json").json()["paths"]
        walked = 0
        with server.client(headers={"Authorization": f"Bearer {other_key}"}) as other:
            for path, methods in routes.items():
                if not any(f"{{{name}}}" in path for name in ids if name.endswith("_id")):
                    continue
                own = path.removeprefix("/api/v2").format(**ids)
                for method in methods:
                    body = {"json": {"title": "t", "name": "n"}} if method in {"post", "put", "patch"} else {}
                    if method == "put":
                        body = {"json": {"name": "n"}}
                    answer = other.request(method, own, follow_redirects=False, **body)
                    assert answer.status_code == 404, (method, path, answer.text)
                    walked += 1
            assert walked >= 14
            appended = other.post("/files/upload/batch", files=files(1), data={"session_id": ids["session_id"]})
            assert appended.status_code == 404
            for listed in ("/files", "/files/upload/sessions"):
                assert other.get(listed).json()["total_count"] == 0
            # Equal bytes are found again within a tenant only.
            again = {"files": {"file": ("0.png", png(0))}, "data": {"skip_duplicates": "true"}}
            assert not other.post("/files/upload", **again).json()["skipped"]
            assert other.post("/files/upload", **again).json()["skipped"]
            assert mine.post("/files/upload", **again).json()["skipped_existing_image_id"] == ids["file_id"]
        assert mine.get(f"/files/{ids['file_id']}").json()["title"] is None
        assert mine.get("/api-keys").json()["items"][0]["is_active"]
        assert mine.get(f"/files/upload/sessions/{ids['session_id']}").json()["status"] == "processing"
