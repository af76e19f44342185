"""What bad input gets: each its own clear error in the envelope, a server that stays up, and nothing half-stored."""

import io
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest

from scopix.types.problems import ErrorEnvelope
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, noise, padded_png, picture
from tests.support.inprocess import InProcessServer

pytestmark = ON_SQLITE
LIMIT = 100 * 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_is_left(server: InProcessServer, http: httpx2.Client) -> Iterator[None]:
    """Whatever a test here sends, afterwards the server lives and has neither a row nor a byte more."""
    objects, rows = set(server.stored_objects()), http.get("/files").json()["total_count"]
    yield
    assert httpx2.get(f"{server.root}/health").json()["status"] == "ok"
    deadline = time.monotonic() + 10
    while set(server.stored_objects()) != objects and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(server.stored_objects()) == objects
    assert http.get("/files").json()["total_count"] == rows


def upload(http: httpx2.Client, data: bytes, name: str = "picture.png", **headers: str) -> httpx2.Response:
    return http.post("/files/upload", files={"file": (name, io.BytesIO(data))}, headers=headers)


def problem(response: httpx2.Response, status: int, code: str) -> ErrorEnvelope:
    assert response.status_code == status, response.text
    envelope = ErrorEnvelope.model_validate(response.json())
    assert envelope.error.code == code
    assert envelope.error.message
    assert envelope.request_id == response.headers["X-Request-ID"]
    return envelope


def test_an_empty_file(http: httpx2.Client) -> None:
    error = problem(upload(http, b""), 400, "VALIDATION_ERROR").error
    assert error.message.startswith("picture.png: The file is empty")
    assert error.details["issue"] == "empty"


@pytest.mark.parametrize(
    ("name", "data", "hint"),
    [
        ("a.jpg", b"just some words that are no picture at all", "no known type"),
        ("a.jpg", b"MZ\x90\x00" + bytes(60), "Windows program"),
        ("a.gif", b"#!/bin/sh\nrm -rf everything\n", "script"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        ("a.jpg", b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "video"),
        ("a.jpg", b"x", "no known type"),
    ],
)
def test_an_unknown_type(http: httpx2.Client, name: str, data: bytes, hint: str) -> None:
    error = problem(upload(http, data, name), 400, "UNSUPPORTED_FILE_TYPE").error
    assert hint in error.message
    assert "JPEG, PNG, WebP, GIF, HEIC, HEIF, AVIF, TIFF, BMP, ICO, PSD, JPEG 2000, JPEG XL" in error.message


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_image(http: httpx2.Client, format: str, kept: float) -> None:
    data = encoded(noise(400, 300), format)
    error = problem(upload(http, data[: int(len(data) * kept)], f"cut.{format.lower()}"), 400, "VALIDATION_ERROR").error
    assert error.details["issue"] == "truncated"
    assert error.details["filename"] == f"cut.{format.lower()}"


def test_an_image_cut_off_within_its_header(http: httpx2.Client) -> None:
    error = problem(upload(http, encoded(picture(), "JPEG")[:40]), 400, "VALIDATION_ERROR").error
    assert error.details["issue"] == "unreadable_header"


def test_one_byte_over_the_limit(http: httpx2.Client) -> None:
    envelope = problem(upload(http, padded_png(LIMIT + 1), "big.png"), 413, "FILE_TOO_LARGE")
    assert "Compress or resize" in envelope.error.message
    assert envelope.suggestion is not None
    assert envelope.suggestion.endpoint == envelope.error.details["suggestion"]["endpoint"]


def test_one_byte_over_the_limit_without_a_declared_length(http: httpx2.Client) -> None:
    boundary = "frontier"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.png"\r\n\r\n'.encode()

    def body() -> Iterator[bytes]:
        yield head
        yield padded_png(LIMIT + 1)
        yield f"\r\n--{boundary}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    problem(http.post("/files/upload", content=body(), headers=headers), 413, "FILE_TOO_LARGE")


def test_a_body_far_over_the_limit_is_refused_before_it_is_read(server: InProcessServer) -> None:
    """The refusal arrives although the client never finishes sending."""
    host, port = server.root.removeprefix("http://").split(":")
    head = (
        f"POST /api/v2/files/upload HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {5 * LIMIT}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + b"--x\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()
    assert b"FILE_TOO_LARGE" in answer


def test_no_key(server: InProcessServer) -> None:
    with httpx2.Client(base_url=server.base_url) as stranger:
        problem(upload(stranger, encoded(picture())), 401, "MISSING_API_KEY")
        assert stranger.get("/files").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["scopix_wrong", "x", "scopix_" + "a" * 43, "Ω" * 40])
def test_a_wrong_key(server: InProcessServer, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}".encode()}
    with httpx2.Client(base_url=server.base_url, headers=headers) as stranger:
        problem(upload(stranger, encoded(picture())), 401, "INVALID_API_KEY")


def test_a_key_whose_last_character_is_wrong(server: InProcessServer) -> None:
    key = server.api_key[:-1] + ("a" if server.api_key[-1] != "a" else "b")
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}) as stranger:
        problem(stranger.get("/files"), 401, "INVALID_API_KEY")


def test_a_large_body_with_a_wrong_key_still_gets_its_answer(server: InProcessServer) -> None:
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": "Bearer scopix_wrong"}) as stranger:
        problem(upload(stranger, padded_png(4 * 1024 * 1024)), 401, "INVALID_API_KEY")


_PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data; boundary=x", b"this is no multipart body", 400),
        ("multipart/form-data; boundary=x", b"", 400),
        ("multipart/form-data; boundary=x", _PART + encoded(picture()), 400),  # never closed
        ("multipart/form-data; boundary=x", b"--x\r\nNonsense\r\n\r\nabc\r\n--x--\r\n", 400),
        ("multipart/form-data; boundary=x", _PART.replace(b"file", b"other", 1) + b"abc\r\n--x--\r\n", 400),
        ("multipart/form-data", _PART + b"abc\r\n--x--\r\n", 400),
        ("application/json", b'{"file": "a.png"}', 400),
        ("application/x-www-form-urlencoded", b"tags=a", 400),
        ("image/png", encoded(picture()), 415),
        ("multipart/form-data; boundary=x", (_PART + encoded(picture()) + b"\r\n") * 2 + b"--x--\r\n", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"X-A: b\r\n" * 2000 + b"\r\n\r\n--x--\r\n", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + b"t" * 70_000 + b"\r\n--x--\r\n",
            400,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nabc\r\n' * 100 + b"--x--\r\n",
            400,
        ),
    ],
)
def test_a_malformed_body(http: httpx2.Client, content_type: str, body: bytes, status: int) -> None:
    response = http.post("/files/upload", content=body, headers={"Content-Type": content_type})
    problem(response, status, "UNSUPPORTED_CONTENT_TYPE" if status == 415 else "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "t" * 256),
        ("tags", ",".join(f"tag{number}" for number in range(41))),
        ("tags", "t" * 51),
        ("auto_describe", "perhaps"),
        ("skip_duplicates", "2"),
        ("storage_target", "moon"),
        ("folder_id", "not-a-uuid"),
        ("content_category", "poetry"),
    ],
)
def test_a_field_that_is_not_acceptable(http: httpx2.Client, field: str, value: str) -> None:
    files = {"file": ("a.png", encoded(picture()))}
    error = problem(http.post("/files/upload", files=files, data={field: value}), 422, "VALIDATION_ERROR").error
    assert error.details["field"] == field


def test_custom_storage_that_is_not_configured(http: httpx2.Client) -> None:
    files = {"file": ("a.png", encoded(picture()))}
    response = http.post("/files/upload", files=files, data={"storage_target": "custom"})
    problem(response, 400, "STORAGE_NOT_CONFIGURED")


@pytest.mark.parametrize("key", ["", "a b", "ü", "k" * 129])
def test_an_idempotency_key_that_is_none(http: httpx2.Client, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode()}
    files = {"file": ("a.png", encoded(picture()))}
    problem(http.post("/files/upload", files=files, headers=headers), 422, "VALIDATION_ERROR")


def test_a_client_that_hangs_up_half_way(server: InProcessServer) -> None:
    host, port = server.root.removeprefix("http://").split(":")
    data = padded_png(8 * 1024 * 1024)
    head = (
        f"POST /api/v2/files/upload HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(data) + 500}\r\n\r\n"
    )
    before = server.log.count("Traceback")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + _PART + data[: len(data) // 2])
        deadline = time.monotonic() + 10
        while not server.setup.half_stored() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.setup.half_stored(), "the upload was never under way"
    deadline = time.monotonic() + 10
    while server.setup.half_stored() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.setup.half_stored()
    assert server.log.count("Traceback") == before


@pytest.mark.parametrize("path", ["/nowhere", "/files/upload/nowhere", "/api-keys-but-not"])
def test_an_unknown_route(http: httpx2.Client, path: str) -> None:
    problem(http.get(path), 404, "NOT_FOUND")


def test_an_unknown_method(http: httpx2.Client) -> None:
    answer = http.put("/files/00000000")
    problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "offset=-1", "offset=99999999999999999999"])
def test_a_page_that_is_out_of_range(http: httpx2.Client, query: str) -> None:
    problem(http.get(f"/files?{query}"), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "file_id", ["00000000-0000-0000-0000-000000000000", "abcdefgh", "00000000", "no-id", "a" * 5000, "%00", "..%2f.."]
)
@pytest.mark.parametrize("rest", ["", "/processing-status", "/download", "/variants/small_256"])
def test_an_unknown_file(http: httpx2.Client, file_id: str, rest: str) -> None:
    problem(http.get(f"/files/{file_id}{rest}"), 404, "NOT_FOUND")


def test_an_unknown_variant(http: httpx2.Client) -> None:
    problem(http.get("/files/00000000/variants/huge"), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize("token", ["x", "a.b.c", "WyJhIl0.aSF0.6ah"])
def test_a_forged_link(server: InProcessServer, token: str) -> None:
    problem(httpx2.get(f"{server.base_url}/content/{token}"), 403, "AUTHZ_ERROR")
