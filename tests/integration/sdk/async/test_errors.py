"""Which error each answer becomes, and what the error carries."""

import pickle

import pytest

from scopix import (
    AuthenticationError,
    CircuitBreakerError,
    ConflictError,
    PaymentRequiredError,
    QuotaExceededError,
    RateLimitError,
    ResourceNotFoundError,
    ScopixError,
    ScopixPermissionError,
    ScopixTimeoutError,
    ServerError,
    ValidationError,
)
from tests.integration.sdk.faulty_server import Reply, json_reply, problem
from tests.integration.sdk.happy import DETAILS, IMAGE_ID

from .conftest import connect

# Status and code of the answer, the error, the error's own code.
ANSWERS = [
    (400, "VALIDATION_ERROR", ValidationError, "VALIDATION_ERROR"),
    (400, "UNSUPPORTED_FILE_TYPE", ValidationError, "VALIDATION_ERROR"),
    (400, "STORAGE_NOT_CONFIGURED", ValidationError, "VALIDATION_ERROR"),
    (401, "MISSING_API_KEY", AuthenticationError, "AUTH_ERROR"),
    (401, "INVALID_API_KEY", AuthenticationError, "AUTH_ERROR"),
    (401, "EXPIRED_API_KEY", AuthenticationError, "AUTH_ERROR"),
    (402, "PAYMENT_REQUIRED", PaymentRequiredError, "PAYMENT_REQUIRED"),
    (403, "AUTHZ_ERROR", ScopixPermissionError, "PERMISSION_DENIED"),
    (403, "USAGE_LIMIT_EXCEEDED", QuotaExceededError, "QUOTA_EXCEEDED"),
    (413, "STORAGE_QUOTA_EXCEEDED", QuotaExceededError, "QUOTA_EXCEEDED"),
    (429, "USAGE_LIMIT_EXCEEDED", QuotaExceededError, "QUOTA_EXCEEDED"),
    (404, "NOT_FOUND", ResourceNotFoundError, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED", ScopixError, "METHOD_NOT_ALLOWED"),
    (409, "CONFLICT", ConflictError, "CONFLICT"),
    (410, "GONE", ScopixError, "GONE"),
    (413, "FILE_TOO_LARGE", ValidationError, "VALIDATION_ERROR"),
    (422, "VALIDATION_ERROR", ValidationError, "VALIDATION_ERROR"),
    (429, "RATE_LIMIT_ERROR", RateLimitError, "RATE_LIMIT"),
    (429, "CONCURRENT_UPLOAD_LIMIT", RateLimitError, "RATE_LIMIT"),
    (408, "TIMEOUT", ScopixTimeoutError, "TIMEOUT"),
    (500, "SERVER_ERROR", ServerError, "SERVER_ERROR"),
    (501, "STORAGE_NOT_CONFIGURED", ServerError, "SERVER_ERROR"),
    (503, "SERVICE_UNAVAILABLE", ServerError, "SERVER_ERROR"),
    (504, "TIMEOUT", ServerError, "SERVER_ERROR"),
    (507, "STORAGE_FULL", ServerError, "SERVER_ERROR"),
]


@pytest.mark.parametrize(("status", "code", "kind", "own_code"), ANSWERS, ids=lambda value: str(value)[:30])
async def test_every_refusal_has_its_class(server, status, code, kind, own_code):
    server.faults += [problem(status, code, "not so", details={"field": "x", "available": 0, "limit": 10})]
    async with connect(server, max_retries=0) as client:
        with pytest.raises(ScopixError) as caught:
            await client.files.get(IMAGE_ID)
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.message, str(error)) == (own_code, "not so", f"[{own_code}] not so")
    assert error.details == {
        "field": "x",
        "available": 0,
        "limit": 10,
        "http_status": status,
        "server_code": code,
        "request_id": "req-1",
        "attempts": 1,
    }
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.code, again.details) == (kind, own_code, error.details)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ValidationError),
        (401, AuthenticationError),
        (402, PaymentRequiredError),
        (403, ScopixPermissionError),
        (404, ResourceNotFoundError),
        (407, ScopixError),
        (409, ConflictError),
        (413, ValidationError),
        (418, ScopixError),
        (422, ValidationError),
        (429, RateLimitError),
        (500, ServerError),
        (502, ServerError),
        (599, ServerError),
    ],
)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html><body>Bad gateway</body></html>", "text/html"),
        (b"", ""),
        (b'{"detail": "not ours"}', "application/json"),
        (b'{"error": "a word"}', "application/json"),
        (b'{"error": {"code": 7, "message": null, "details": []}, "request_id": 9}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe\x00", "application/octet-stream"),
    ],
    ids=["page", "nothing", "another's", "word", "types", "deep", "bytes"],
)
async def test_answers_that_are_none_of_ours_become_the_class_of_their_status(server, status, kind, body, content_type):
    server.faults += [Reply(status, body, {"Content-Type": content_type, "X-Request-ID": "from-the-header"})]
    async with connect(server, max_retries=0) as client:
        with pytest.raises(ScopixError) as caught:
            await client.files.get(IMAGE_ID)
    error = caught.value
    assert type(error) is kind
    assert error.details["http_status"] == status
    assert error.details["request_id"] == "from-the-header"
    assert str(status) in error.message
    assert "<html>" not in str(error)


async def test_a_limit_tells_what_is_left(server):
    headers = {
        "Retry-After": "17",
        "X-RateLimit-Limit": "30",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1767225600",
    }
    server.faults += [problem(429, "RATE_LIMIT_ERROR", **headers), problem(429, "RATE_LIMIT_ERROR")]
    async with connect(server, max_retries=0) as client:
        with pytest.raises(RateLimitError) as caught:
            await client.files.list()
        error = caught.value
        assert (error.retry_after, error.limit, error.remaining, error.reset) == (17.0, 30, 0, 1767225600)
        with pytest.raises(RateLimitError) as caught:
            await client.files.list()
        error = caught.value
        assert (error.retry_after, error.limit, error.remaining, error.reset) == (None, None, None, None)


async def test_the_breaker_lets_one_try_after_a_while_and_closes_after_two_successes(server):
    server.faults += [Reply(500)] * 2
    settings = {"circuit_breaker_failure_threshold": 2, "circuit_breaker_timeout": 0.2}
    async with connect(server, max_retries=0, **settings) as client:
        for _ in range(2):
            with pytest.raises(ServerError):
                await client.files.get(IMAGE_ID)
        with pytest.raises(CircuitBreakerError) as caught:
            await client.files.get(IMAGE_ID)
        assert caught.value.endpoint == "GET /files/{id}"
        # On probation one failure opens it again.
        server.faults += [Reply(500)]
        await until_it_lets_through(client, ServerError)
        with pytest.raises(CircuitBreakerError):
            await client.files.get(IMAGE_ID)
        server.routes[f"GET /api/v2/files/{IMAGE_ID}"] = json_reply(DETAILS)
        await until_it_lets_through(client, None)
        assert (await client.files.get(IMAGE_ID)).id == IMAGE_ID
        # Closed: one failure is not enough any more.
        server.faults += [Reply(500)]
        with pytest.raises(ServerError):
            await client.files.get(IMAGE_ID)
        assert (await client.files.get(IMAGE_ID)).id == IMAGE_ID


async def until_it_lets_through(client, failure):
    while True:
        try:
            await client.files.get(IMAGE_ID)
        except CircuitBreakerError:
            continue
        except ScopixError as error:
            assert failure is not None and isinstance(error, failure)
        return


async def test_the_caller_s_own_mistakes_open_no_breaker(server):
    server.faults += [problem(404, "NOT_FOUND")] * 6
    async with connect(server, max_retries=0) as client:
        for _ in range(6):
            with pytest.raises(ResourceNotFoundError):
                await client.files.get(IMAGE_ID)
    assert len(server.seen) == 6
