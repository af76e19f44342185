"""What the client does when the server, or the road to it, fails: how often it tries, and what it raises in the end."""

import logging

import pytest

from scopix import (
    CircuitBreakerError,
    QuotaExceededError,
    RateLimitError,
    ResourceNotFoundError,
    ScopixConnectionError,
    ScopixTimeoutError,
    ServerError,
    ValidationError,
)
from tests.integration.sdk.faulty_server import Drop, Hang, Reply, json_reply, problem
from tests.integration.sdk.happy import DETAILS, IMAGE_ID, behave

from .conftest import connect

HTML_502 = Reply(502, b"<html><body>Bad gateway</body></html>", {"Content-Type": "text/html"})
PASSING_FAULTS = {
    "503": problem(503, "SERVICE_UNAVAILABLE"),
    "502 with a web page": HTML_502,
    "500 with nothing": Reply(500),
    "504 with a JSON list": Reply(504, b"[1, 2]", {"Content-Type": "application/json"}),
    "429 with seconds": problem(429, "RATE_LIMIT_ERROR", **{"Retry-After": "0"}),
    "429 with a date": problem(429, "RATE_LIMIT_ERROR", **{"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"}),
    "408": problem(408, "TIMEOUT"),
    "409 still being worked on": problem(409, "CONFLICT", **{"Retry-After": "0"}),
    "cut before the body": Drop("head"),
    "cut after the body": Drop("body"),
    "cut in the answer": Drop("answer"),
}


@pytest.mark.parametrize("fault", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
async def test_an_upload_survives_a_passing_fault_with_one_key(server, client, png, fault):
    behave(server)
    server.faults += [fault, fault]
    result = await client.files.upload(png)
    attempts = server.attempts("POST", "/files/upload")
    assert result.is_completed
    assert len(attempts) == 3
    assert len({attempt.headers["idempotency-key"] for attempt in attempts}) == 1
    assert len({attempt.body for attempt in attempts if attempt.body}) == 1


@pytest.mark.parametrize("fault", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
async def test_a_question_survives_a_passing_fault(server, client, fault):
    behave(server)
    server.faults += [fault]
    assert (await client.files.get(IMAGE_ID)).id == IMAGE_ID
    assert len(server.seen) == 2


async def test_two_uploads_have_two_keys(server, client, png):
    behave(server)
    await client.files.upload(png)
    await client.files.upload(png)
    first, second = server.attempts("POST", "/files/upload")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


@pytest.mark.parametrize("max_retries", [0, 1, 3])
async def test_attempts_are_counted(server, png, max_retries):
    server.faults += [problem(503, "SERVICE_UNAVAILABLE", "later")] * 10
    async with connect(server, max_retries=max_retries) as client:
        with pytest.raises(ServerError) as caught:
            await client.files.upload(png)
    assert len(server.seen) == max_retries + 1
    assert caught.value.details["attempts"] == max_retries + 1
    assert caught.value.details["http_status"] == 503
    assert caught.value.details["request_id"] == "req-1"
    assert str(caught.value) == "[SERVER_ERROR] later"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(400, "UNSUPPORTED_FILE_TYPE"), ValidationError),
        (problem(413, "FILE_TOO_LARGE"), ValidationError),
        (problem(422, "VALIDATION_ERROR"), ValidationError),
        (problem(403, "USAGE_LIMIT_EXCEEDED", details={"available": 0, "limit": 10}), QuotaExceededError),
        (problem(429, "USAGE_LIMIT_EXCEEDED", **{"Retry-After": "0"}), QuotaExceededError),
        (problem(501, "STORAGE_NOT_CONFIGURED"), ServerError),
    ],
)
async def test_a_refusal_is_not_repeated(server, client, png, answer, error):
    server.faults += [answer]
    with pytest.raises(error) as caught:
        await client.files.upload(png)
    assert len(server.seen) == 1
    assert caught.value.details["server_code"].isupper()


async def test_a_long_retry_after_is_told_at_once(server, client):
    limits = {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767225600"}
    server.faults += [problem(429, "RATE_LIMIT_ERROR", **{"Retry-After": "3600", **limits})]
    with pytest.raises(RateLimitError) as caught:
        await client.files.get(IMAGE_ID)
    error = caught.value
    assert (error.retry_after, error.limit, error.remaining, error.reset) == (3600.0, 30, 0, 1767225600)
    assert len(server.seen) == 1


@pytest.mark.parametrize(("size", "when"), [(200_000, "head"), (40_000_000, "part")])
async def test_an_early_413_is_shown(server, client, tmp_path, size, when):
    big = tmp_path / "big.png"
    big.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(size))
    suggestion = {"endpoint": "/api/v2/files/direct-uploads"}
    server.faults += [problem(413, "FILE_TOO_LARGE", "too large", details={"suggestion": suggestion}, when=when)]
    with pytest.raises(ValidationError, match="too large") as caught:
        await client.files.upload(big)
    assert caught.value.details["suggestion"] == suggestion
    assert len(server.seen) == 1


async def test_no_server_is_a_connection_error(server, png):
    server.stop()
    async with connect(server, max_retries=2) as client:
        with pytest.raises(ScopixConnectionError, match="cannot reach") as caught:
            await client.files.upload(png)
    assert caught.value.details["attempts"] == 3
    assert caught.value.__cause__ is not None


async def test_no_answer_is_a_timeout(server):
    server.faults += [Hang(), Hang()]
    async with connect(server, timeout=0.05, max_retries=1) as client:
        with pytest.raises(ScopixTimeoutError, match="did not answer"):
            await client.files.get(IMAGE_ID)
    assert len(server.seen) == 2


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b"[]", b"null", b'{"id": 7}', b"\xff"])
async def test_a_good_status_with_a_strange_body_is_a_server_error(server, client, body):
    server.faults += [Reply(200, body, {"Content-Type": "text/html"})]
    with pytest.raises(ServerError, match="base_url"):
        await client.files.get(IMAGE_ID)


async def test_the_breaker_opens_after_five_failed_calls_and_counts_each_endpoint_alone(server):
    server.faults += [Reply(500)] * 5
    async with connect(server, max_retries=0) as client:
        for _ in range(5):
            with pytest.raises(ServerError):
                await client.files.get(IMAGE_ID)
        with pytest.raises(CircuitBreakerError) as caught:
            await client.files.get(IMAGE_ID)
        assert caught.value.endpoint == "GET /files/{id}"
        assert 0 < caught.value.retry_after <= 30
        assert len(server.seen) == 5
        with pytest.raises(ResourceNotFoundError):
            await client.files.get_processing_status(IMAGE_ID)
    assert len(server.seen) == 6


async def test_the_breaker_can_be_switched_off(server):
    server.faults += [Reply(500)] * 7
    async with connect(server, max_retries=0, circuit_breaker_enabled=False) as client:
        for _ in range(7):
            with pytest.raises(ServerError):
                await client.files.get(IMAGE_ID)
    assert len(server.seen) == 7


async def test_a_delete_whose_answer_was_lost_is_a_success(server, client):
    server.faults += [Drop("body"), problem(404, "NOT_FOUND")]
    assert (await client.files.delete(IMAGE_ID)).id == IMAGE_ID


async def test_a_delete_of_nothing_is_an_error(server, client):
    server.faults += [problem(404, "NOT_FOUND", details={"resource_type": "file", "resource_id": IMAGE_ID})]
    with pytest.raises(ResourceNotFoundError) as caught:
        await client.files.delete(IMAGE_ID)
    assert caught.value.details["resource_id"] == IMAGE_ID


async def test_neither_log_nor_error_shows_the_key(server, client, caplog):
    caplog.set_level(logging.DEBUG)
    server.faults += [Drop("head"), Reply(500), json_reply(DETAILS)]
    await client.files.get(IMAGE_ID)
    assert client.config.api_key not in caplog.text
    assert client.config.api_key not in repr(client) + repr(client.config)
    assert "attempt 1 failed" in caplog.text
