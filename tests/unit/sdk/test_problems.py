"""From any answer to one of our errors."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopix
from scopix import ScopixError
from scopix._problems import error_from_response, read_code

names = st.sampled_from(["error", "code", "message", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("status", "code", "kind", "own_code"),
    [
        (400, "VALIDATION_ERROR", "ValidationError", "VALIDATION_ERROR"),
        (400, "UNSUPPORTED_FILE_TYPE", "ValidationError", "VALIDATION_ERROR"),
        (401, "EXPIRED_API_KEY", "AuthenticationError", "AUTH_ERROR"),
        (402, "PAYMENT_REQUIRED", "PaymentRequiredError", "PAYMENT_REQUIRED"),
        (403, "AUTHZ_ERROR", "ScopixPermissionError", "PERMISSION_DENIED"),
        (403, "USAGE_LIMIT_EXCEEDED", "QuotaExceededError", "QUOTA_EXCEEDED"),
        (429, "USAGE_LIMIT_EXCEEDED", "QuotaExceededError", "QUOTA_EXCEEDED"),
        (413, "STORAGE_QUOTA_EXCEEDED", "QuotaExceededError", "QUOTA_EXCEEDED"),
        (404, "NOT_FOUND", "ResourceNotFoundError", "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED", "ScopixError", "METHOD_NOT_ALLOWED"),
        (408, None, "ScopixTimeoutError", "TIMEOUT"),
        (409, "CONFLICT", "ConflictError", "CONFLICT"),
        (410, None, "ScopixError", "HTTP_410"),
        (413, "FILE_TOO_LARGE", "ValidationError", "VALIDATION_ERROR"),
        (422, "VALIDATION_ERROR", "ValidationError", "VALIDATION_ERROR"),
        (429, "CONCURRENT_UPLOAD_LIMIT", "RateLimitError", "RATE_LIMIT"),
        (500, "SERVER_ERROR", "ServerError", "SERVER_ERROR"),
        (501, "STORAGE_NOT_CONFIGURED", "ServerError", "SERVER_ERROR"),
        (503, "IMAGE_PROCESSING_ERROR", "ServerError", "SERVER_ERROR"),
        (504, "TIMEOUT", "ServerError", "SERVER_ERROR"),
        (999, None, "ServerError", "SERVER_ERROR"),
    ],
)
def test_each_answer_has_its_class(status, code, kind, own_code):
    envelope = {"error": {"code": code, "message": "m", "details": {"field": "f"}}, "request_id": "r"}
    error = error_from_response(status, {}, json.dumps(envelope).encode())
    assert type(error) is getattr(scopix, kind)
    assert (error.code, error.message, str(error)) == (own_code, "m", f"[{own_code}] m")
    assert error.details["http_status"] == status
    assert error.details["request_id"] == "r"
    assert error.details["field"] == "f"
    assert error.details.get("server_code") == code


@given(st.integers(300, 599), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_body_is_too_strange(status, body):
    error = error_from_response(status, {"content-type": "text/html; charset=x"}, body)
    assert isinstance(error, ScopixError)
    assert error.message
    assert error.details["http_status"] == status
    assert read_code(body) is None or isinstance(read_code(body), str)


def test_a_body_nested_too_deep():
    assert error_from_response(502, {}, b"[" * 100_000).details == {"http_status": 502}


def test_a_web_page_is_named_not_quoted():
    error = error_from_response(502, {"content-type": "text/html"}, b"<html><script>alert(1)</script></html>")
    assert error.message == "HTTP 502 Bad Gateway, without an error body of Scopix (38 bytes, text/html)"


def test_the_request_id_may_come_in_a_header():
    assert error_from_response(500, {"x-request-id": "r"}, b"").details["request_id"] == "r"


@pytest.mark.parametrize("value", ["", "many", "1e999", "-1", "9" * 40, "٣"])
def test_rate_limit_headers_may_be_nonsense(value):
    error = error_from_response(429, {"x-ratelimit-limit": value}, b"")
    assert error.limit is None


def test_every_error_crosses_a_process():
    samples = [
        getattr(scopix, name)("m", details={"a": 1})
        for name in scopix.__all__
        if name.endswith("Error") and name not in ("ScopixError", "CircuitBreakerError")
    ]
    samples += [ScopixError("C", "m"), scopix.CircuitBreakerError("m", endpoint="e", retry_after=1.0)]
    for error in samples:
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)
        assert isinstance(error, ScopixError)
