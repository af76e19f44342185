"""From error to answer: the one table of statuses, and the one body for everything that is not 2xx."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from scopix.types.problems import ErrorBody, ErrorEnvelope, ErrorSuggestion
from scopix_server.api.bodies import body_refusal
from scopix_server.api.parts import parts_of
from scopix_server.domain import errors
from scopix_server.domain.redaction import redact, redact_values

__all__ = ["STATUS_OF", "install", "respond_to", "respond_to_unexpected", "responses", "status_of"]

STATUS_OF: dict[type[errors.DomainError], int] = {
    errors.ValidationFailed: 422,
    errors.MalformedRequest: 400,
    errors.EmptyFile: 400,
    errors.CorruptImage: 400,
    errors.CorruptDocument: 400,
    errors.TooManyPixels: 400,
    errors.AddressRefused: 422,
    errors.UnsupportedContentType: 415,
    errors.UnsupportedFileType: 400,
    errors.WrongMediaType: 400,
    errors.StorageNotConfigured: 400,
    errors.BucketRefused: 400,
    errors.FileTooLarge: 413,
    errors.BatchTooLarge: 413,
    errors.PayloadTooLarge: 413,
    errors.RequestTimedOut: 408,
    errors.UrlTooLong: 414,
    errors.HeadersTooLarge: 431,
    errors.MissingApiKey: 401,
    errors.InvalidApiKey: 401,
    errors.ExpiredApiKey: 401,
    errors.DeactivatedApiKey: 401,
    errors.Forbidden: 403,
    errors.UsageLimitExceeded: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.RateLimited: 429,
    errors.ConcurrentUploads: 429,
    errors.TooManyBytes: 429,
    errors.OutOfSpace: 507,
    errors.ServiceUnavailable: 503,
    errors.BucketUnavailable: 503,
    errors.RecordsMissing: 503,
    errors.OutcomeUnknown: 503,
}

_CODE_OF_STATUS = {400: "VALIDATION_ERROR", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE"}
_log = logging.getLogger(__name__)


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status of an error: its own, or that of its nearest ancestor."""
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            return STATUS_OF[kind]
    return 500


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of a route's error answers.

    Where a key is asked for, its requests are counted (429), and its query is read closely (400).
    """
    always = (400, 429) if 401 in statuses else ()
    return {status: {"model": ErrorEnvelope} for status in sorted({*statuses, *always})}


def install(app: FastAPI) -> None:
    """Let the application answer every error in the envelope."""
    app.add_exception_handler(errors.DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, respond_to_unexpected)


async def respond_to(request: Request, error: Exception) -> Response | None:
    """Return the answer to an error that is foreseen, whichever way the request came; None if it is not."""
    if isinstance(error, errors.DomainError):
        return await _domain_error(request, error)
    return await _gone(request, error) if isinstance(error, ClientDisconnect) else None


def _response(
    request: Request,
    status: int,
    code: str,
    message: str,
    details: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    parts_of(request).reception.metrics.refused(code)
    message, details = redact(message), redact_values(details)
    suggestion = details.get("suggestion")
    envelope = ErrorEnvelope(
        error=ErrorBody(code=code, message=message, details=details),
        request_id=request.scope.get("request_id", ""),
        suggestion=ErrorSuggestion(**suggestion) if suggestion else None,
    )
    body = envelope.model_dump(mode="json", exclude=None if suggestion else {"suggestion"})
    return JSONResponse(body, status, headers)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.DomainError)
    status = status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status in {429, 503}:
        headers["Retry-After"] = str(error.details.get("retry_after", 5))
    return _response(request, status, error.code, error.message, error.details, headers)


async def _invalid_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    refusal = body_refusal(request)
    if refusal is not None:
        return await _domain_error(request, refusal)
    issues = [
        {"field": ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0]), "issue": found["msg"]}
        for found in error.errors()
    ]
    first = issues[0] if issues else {"field": "", "issue": "invalid"}
    message = f"{first['field']}: {first['issue']}."
    return _response(request, 422, "VALIDATION_ERROR", message, {**first, "issues": issues})


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODE_OF_STATUS.get(error.status_code, "SERVER_ERROR" if error.status_code >= 500 else "VALIDATION_ERROR")
    message = str(error.detail)
    if error.status_code == 404:
        message = f"There is no {request.method} {request.url.path}. The API is described at /docs."
    elif error.status_code == 405:
        message = f"{request.method} is not possible here."
        allowed = (error.headers or {}).get("Allow", "")
        return _response(request, 405, code, message, {}, {"Allow": _methods(request) or allowed})
    return _response(request, error.status_code, code, message, {}, dict(error.headers or {}))


def _methods(request: Request) -> str:
    """Return every method that the API describes for the request's path; the router names one route's only."""
    paths = request.app.openapi()["paths"]
    if request.url.path in paths:
        # A path that is written out is none of those with a variable in its place.
        return ", ".join(_with_head({method.upper() for method in paths[request.url.path]}))
    found: set[str] = set()
    for path, methods in paths.items():
        pattern, _, _ = compile_path(path)
        if pattern.match(request.url.path):
            found |= {method.upper() for method in methods}
    return ", ".join(_with_head(found))


def _with_head(methods: set[str]) -> list[str]:
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _gone(request: Request, error: Exception) -> Response:
    # Nobody will read this; it only keeps a client's hang-up from being reported as a fault of ours.
    _log.info("the client hung up during %s %s", request.method, request.url.path)
    return Response(status_code=400)


async def respond_to_unexpected(request: Request, error: Exception) -> Response:
    """Return the answer to an error that is our fault."""
    # The server logs the traceback under the same request id; the client gets no inside view.
    request_id = request.scope.get("request_id", "")
    message = f"Something went wrong inside the server. Its log says more under the request id {request_id}."
    # Said, since the web server closes the connection after a fault.
    headers = {"X-Request-ID": request_id, "Connection": "close"}
    return _response(request, 500, "SERVER_ERROR", message, {}, headers)
