"""Direct uploads: announced, sent in parts by links, completed; interrupted, tampered with, expired."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from scopix import SyncScopix, ValidationError
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, padded_png, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_described

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")

MIB = 1024 * 1024
ROUTE = "/files/direct-uploads"
BIG = padded_png(40 * MIB + 123)


@pytest.fixture
def own(tmp_path: Path, database: str) -> Iterator[InProcessServer]:
    """A server with nothing in it yet, which can be started again."""
    with serving(tmp_path, database=database) as running:
        yield running


def announce(http: httpx2.Client, content: bytes, name: str = "plan.png", **more: object) -> dict:
    body = {"filename": name, "size_bytes": len(content), "checksum_sha256": sha256(content), **more}
    response = http.post(ROUTE, json=body)
    assert response.status_code == 201, response.text
    return response.json()


def send(upload: dict, content: bytes, *, leave_out: tuple[int, ...] = ()) -> dict[int, str]:
    """Send the parts as any HTTP client would, without a key; return their ETags."""
    size = upload["part_size_bytes"]
    parts = upload["parts"] or [{"part_number": 1, "upload_url": upload["upload_url"]}]
    etags = {}
    for part in parts:
        number = part["part_number"]
        if number not in leave_out:
            response = httpx2.put(part["upload_url"], content=content[(number - 1) * size : number * size])
            assert response.status_code == 200, response.text
            etags[number] = response.headers["etag"]
    return etags


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def tamper(http: httpx2.Client, upload: dict, content: bytes, etags: dict[int, str]) -> None:
    """Replace the first part, whose ETag is in `etags`, by another of its length; see the completion refuse it."""
    other = bytearray(content[: 16 * MIB])
    other[5000] ^= 1
    assert httpx2.put(upload["parts"][0]["upload_url"], content=bytes(other)).status_code == 200
    parts = [{"part_number": number, "etag": etag} for number, etag in etags.items()]
    refused = http.post(f"{ROUTE}/{upload['id']}/complete", json={"parts": parts})
    assert code(refused) == (409, "CONFLICT")
    assert "Part 1" in refused.json()["error"]["message"]
    assert http.get(f"{ROUTE}/{upload['id']}").json()["status"] == "refused"
    assert http.get(f"/files/{upload['image_id']}").status_code == 404


def waiting_parts(server: InProcessServer) -> list[Path]:
    return [path for path in server.stored_objects() if "direct" in path.parts]


def test_where_the_file_was_is_kept_and_makes_no_other_upload_of_it(http: httpx2.Client) -> None:
    content = encoded(picture(seed=5060))
    upload = announce(http, content, path="C:\\..\\May\\plan.png", resume=True)
    assert announce(http, content, path="June/plan.png", resume=True)["id"] == upload["id"]
    send(upload, content)
    assert http.post(f"{ROUTE}/{upload['id']}/complete").status_code == 201
    assert http.get(f"/files/{upload['image_id']}").json()["path"] == "May/plan.png"
    refused = http.post(ROUTE, json={"filename": "a.png", "size_bytes": 9, "path": "x" * 1025})
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (422, "path")


def test_a_small_file_is_sent_by_one_put(http: httpx2.Client, server: InProcessServer) -> None:
    content = encoded(picture(seed=5001))
    upload = announce(http, content, title="A plan", tags=["one", "two"])
    assert (upload["total_parts"], upload["parts"], upload["upload_method"]) == (1, [], "PUT")
    etags = send(upload, content)
    assert etags[1].strip('"') == hashlib.md5(content).hexdigest()
    parts = [{"part_number": 1, "etag": etags[1]}]
    done = http.post(f"{ROUTE}/{upload['id']}/complete", json={"size_bytes": len(content), "parts": parts})
    assert done.status_code == 201, done.text
    answer = done.json()
    assert answer["image_id"] == upload["image_id"]
    assert (answer["media_type"], answer["status"], answer["deduplicated"]) == ("image", "processing", False)
    assert answer["object_key"].endswith("original.png")
    assert answer["upload_method"] == "PRESIGNED"
    assert wait_until_described(http, upload["image_id"])["unified_status"] == "completed"
    details = http.get(f"/files/{upload['image_id']}").json()
    assert (details["title"], details["hash"]) == ("A plan", sha256(content))
    assert {"one", "two"} <= set(details["tags"])
    assert http.get(f"/files/{upload['image_id']}/download", follow_redirects=True).content == content
    assert not waiting_parts(server)


@ON_SQLITE
def test_a_large_file_is_sent_in_parts(http: httpx2.Client, server: InProcessServer) -> None:
    upload = announce(http, BIG, auto_describe=False)
    assert upload["upload_url"] is None
    assert [part["size_bytes"] for part in upload["parts"]] == [16 * MIB, 16 * MIB, 8 * MIB + 123]
    send(upload, BIG, leave_out=(2,))
    progress = http.get(f"{ROUTE}/{upload['id']}").json()
    assert (progress["status"], progress["missing_parts"]) == ("open", [2])
    assert progress["received_bytes"] == len(BIG) - 16 * MIB
    early = http.post(f"{ROUTE}/{upload['id']}/complete")
    assert code(early) == (409, "CONFLICT")
    assert early.json()["error"]["details"]["missing_parts"] == [2]
    renewed = http.post(f"{ROUTE}/{upload['id']}/parts", json={"part_numbers": [2]}).json()["parts"]
    assert httpx2.put(renewed[0]["upload_url"], content=BIG[16 * MIB : 32 * MIB]).status_code == 200
    done = http.post(f"{ROUTE}/{upload['id']}/complete", json={"checksum": sha256(BIG)})
    assert done.status_code == 201, done.text
    again = http.post(f"{ROUTE}/{upload['id']}/complete")
    assert again.status_code == 201
    assert (done.json()["is_idempotent_retry"], again.json()["is_idempotent_retry"]) == (False, True)
    assert again.json()["image_id"] == done.json()["image_id"]
    assert sha256(http.get(f"/files/{upload['image_id']}/download", follow_redirects=True).content) == sha256(BIG)
    assert http.get(f"{ROUTE}/{upload['id']}").json()["status"] == "completed"
    assert not waiting_parts(server)


@ON_SQLITE
def test_what_was_tampered_with_is_refused(http: httpx2.Client, server: InProcessServer) -> None:
    upload = announce(http, BIG)
    etags = send(upload, BIG)
    tamper(http, upload, BIG, etags)
    assert not waiting_parts(server)
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == (409, "CONFLICT")


@pytest.mark.parametrize("where", ["announced", "completed"])
def test_another_checksum_is_refused(http: httpx2.Client, where: str) -> None:
    content = encoded(picture(seed=5002))
    wrong = "0" * 64
    upload = announce(http, content, **({"checksum_sha256": wrong} if where == "announced" else {}))
    send(upload, content)
    refused = http.post(f"{ROUTE}/{upload['id']}/complete", json={"checksum": wrong} if where == "completed" else {})
    assert code(refused) == (409, "CONFLICT")
    assert "SHA-256" in refused.json()["error"]["message"]


@pytest.mark.parametrize("change", [-1, 1, 600_000])
def test_a_part_of_another_size_is_refused(http: httpx2.Client, server: InProcessServer, change: int) -> None:
    content = encoded(picture(seed=5003))
    upload = announce(http, content)
    sent = content[:change] if change < 0 else content + b"x" * change
    assert code(httpx2.put(upload["upload_url"], content=sent)) == (400, "VALIDATION_ERROR")
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == (409, "CONFLICT")
    assert not waiting_parts(server)


def test_a_wrong_size_is_refused(http: httpx2.Client) -> None:
    content = encoded(picture(seed=5004))
    upload = announce(http, content)
    send(upload, content)
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete", json={"size_bytes": 7})) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"PK\x03\x04" + bytes(500), "UNSUPPORTED_FILE_TYPE"), (encoded(picture())[:900], "VALIDATION_ERROR")],
)
def test_what_is_no_file_that_is_taken_is_refused(http: httpx2.Client, content: bytes, problem: str) -> None:
    upload = announce(http, content)
    send(upload, content)
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == (400, problem)
    progress = http.get(f"{ROUTE}/{upload['id']}").json()
    assert progress["status"] == "refused"
    assert "plan.png" in progress["reason"]


def test_links_are_for_one_part_and_end_with_the_upload(http: httpx2.Client) -> None:
    content = encoded(picture(seed=5005))
    upload, other = announce(http, content), announce(http, content)
    link = upload["upload_url"]
    assert code(httpx2.put(link[:-3] + "xyz", content=content)) == (403, "AUTHZ_ERROR")
    assert code(httpx2.put(link.replace(upload["id"], other["id"]), content=content)) == (403, "AUTHZ_ERROR")
    assert code(httpx2.put(link.replace("/parts/1", "/parts/2"), content=content)) == (403, "AUTHZ_ERROR")
    assert httpx2.put(link.partition("?")[0], content=content).status_code == 422
    send(upload, content)
    assert http.post(f"{ROUTE}/{upload['id']}/complete").status_code == 201
    assert code(httpx2.put(link, content=content)) == (409, "CONFLICT")
    assert http.delete(f"{ROUTE}/{upload['id']}").status_code == 409
    assert http.delete(f"{ROUTE}/{other['id']}").json()["status"] == "aborted"
    assert http.delete(f"{ROUTE}/{other['id']}").json()["status"] == "aborted"
    assert code(httpx2.put(other["upload_url"], content=content)) == (409, "CONFLICT")
    assert code(http.post(f"{ROUTE}/{other['id']}/parts", json={"part_numbers": [1]})) == (409, "CONFLICT")


def test_an_upload_that_expired_is_gone_and_swept(own: InProcessServer) -> None:
    content = encoded(picture(seed=5006))
    with own.client() as http:
        upload = announce(http, content)
        send(upload, content)
        own.setup.rows("UPDATE direct_uploads SET expires_at = '2020-01-01T00:00:00.000000Z'")
        assert code(httpx2.put(upload["upload_url"], content=content)) == (410, "EXPIRED")
        assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == (410, "EXPIRED")
        assert http.get(f"{ROUTE}/{upload['id']}").json()["status"] == "expired"
    assert waiting_parts(own)
    own.stop()
    own.start()
    assert not waiting_parts(own)
    with own.client() as http:
        assert http.get("/files").json()["total_count"] == 0


def test_announcing_twice(http: httpx2.Client) -> None:
    content = encoded(picture(seed=5007))
    first = announce(http, content, idempotency_key="once-5007")
    assert announce(http, content, idempotency_key="once-5007")["id"] == first["id"]
    body = {"filename": "other.png", "size_bytes": 9, "idempotency_key": "once-5007"}
    assert code(http.post(ROUTE, json=body)) == (409, "CONFLICT")
    assert announce(http, content)["id"] != first["id"]
    assert announce(http, content, resume=True)["id"] == first["id"]
    assert announce(http, content, resume=True, title="Another")["id"] != first["id"]
    assert http.post(ROUTE, json={"filename": "a.png", "size_bytes": 9, "resume": True}).status_code == 422


def test_an_existing_file_is_found(http: httpx2.Client) -> None:
    content = encoded(picture(seed=5008))
    existing = http.post("/files/upload", files={"file": ("a.png", content)}).json()["image_id"]
    upload = announce(http, content, skip_duplicates=True)
    send(upload, content)
    done = http.post(f"{ROUTE}/{upload['id']}/complete").json()
    assert (done["deduplicated"], done["image_id"]) == (True, existing)
    assert http.get(f"/files/{upload['image_id']}").status_code == 404


def test_a_file_over_the_limit_is_refused_when_it_is_announced(http: httpx2.Client) -> None:
    body = {"filename": "huge.png", "size_bytes": 100 * MIB + 1}
    refused = http.post(ROUTE, json=body)
    assert code(refused) == (413, "FILE_TOO_LARGE")
    assert "ompress or resize" in refused.json()["error"]["message"]
    assert code(http.post(ROUTE, json={"filename": "none.png", "size_bytes": 0})) == (400, "VALIDATION_ERROR")


@ON_SQLITE
def test_the_sdk_asks_before_it_sends_a_file_over_the_limit(server: InProcessServer, tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(padded_png(100 * MIB + 1))
    with (
        SyncScopix(server.api_key, base_url=server.base_url) as client,
        pytest.raises(ValidationError, match=r"larger than 100 MB.*ompress or resize"),
    ):
        client.files.upload(path)
