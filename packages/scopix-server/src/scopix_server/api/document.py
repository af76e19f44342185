"""The OpenAPI document: what FastAPI derives from the routes, made true to the last status and header."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from scopix.types.vocabulary import REST_CATEGORIES

__all__ = ["install", "operation_id"]

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}}
_READ_AS = frozenset({"application/json", "multipart/form-data"})
_ON_BODIES = {
    "400": "Bad Request",
    "408": "Request Timeout",
    "413": "Content Too Large",
    "415": "Unsupported Media Type",
}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")

_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The request's id: the one that was sent, or a fresh one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,128}$"},
    },
    "X-RateLimit-Limit": {
        "description": "Requests that may be made in a minute; 2147483647 where there is no limit.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "Unix time at which the minute ends.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "How to show who calls.", "schema": {"type": "string"}},
    "Location": {"description": "Where the bytes are: a signed link.", "schema": {"type": "string", "format": "uri"}},
}
_ON_EVERY_RESPONSE = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_ON_STATUS = {
    "302": ("Location",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}

# What the page at /docs sends unless it is changed: nothing that would be stored, or describe everything again.
_EXAMPLES: dict[str, dict[str, Any]] = {
    "CreateDirectUploadRequest": {"filename": "plan.png", "size_bytes": 1000},
    "UpdateFileRequest": {"title": "Ground floor"},
    "DescribeRequest": {},
    "DescribeMatchingRequest": {"ids": ["00000000-0000-4000-8000-000000000000"]},
    "CreateApiKeyRequest": {"name": "laptop", "scopes": ["read"]},
    "UpdateApiKeyRequest": {"description": "the laptop in the office"},
}

# What an answer brings forth, and the path parameter that asks for it.
_SOURCES = {
    ("/api/v2/files/upload", "post", "201"): ("file_id", "$response.body#/image_id"),
    ("/api/v2/files/upload/batch", "post", "201"): ("session_id", "$response.body#/session_id"),
    ("/api/v2/files/direct-uploads", "post", "201"): ("upload_id", "$response.body#/id"),
    ("/api/v2/files/direct-uploads/{upload_id}/complete", "post", "201"): ("file_id", "$response.body#/image_id"),
    ("/api/v2/api-keys", "post", "201"): ("key_id", "$response.body#/id"),
}


def operation_id(route: APIRoute) -> str:
    """Name an operation in the document as its function is named, for clients that are generated from it."""
    return route.name


def install(app: FastAPI, categories: Sequence[str]) -> None:
    """Let the application describe itself truly; `categories` are the names of those that this server knows."""
    derive = app.openapi

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = derive()
            _amend(document)
            _name_categories(document, list(categories))
        assert app.openapi_schema is not None
        return app.openapi_schema

    # FastAPI's own way to replace the document (its guide "Extending OpenAPI").
    app.openapi = describe  # type: ignore[method-assign]


def _amend(document: dict[str, Any]) -> None:
    components = document["components"]
    for name in _FRAMEWORKS_OWN:
        components["schemas"].pop(name, None)
    components["headers"] = {name: {"required": True, **header} for name, header in _HEADERS.items()}
    for _, _, operation in _operations(document):
        _tell_all_errors(operation)
        _tell_headers(operation)
        _drop_titles([one["schema"] for one in operation.get("parameters", [])])
        _drop_titles([content.get("schema") for content in _contents(operation)])
    for schema in components["schemas"].values():
        _drop_titles(schema.get("properties", {}))
    for name, example in _EXAMPLES.items():
        components["schemas"][name]["example"] = example
    _link(document)


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from body.get("content", {}).values()


def _drop_titles(node: Any) -> None:
    """Drop the titles that pydantic makes of the names of fields.

    Generators name what they make of a field by its title, and there are schemas named so ("Media Type", `MediaType`).
    """
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for name, inner in node.items():
            if name != "example":
                _drop_titles(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_titles(inner)


def _name_categories(node: Any, names: list[str]) -> None:
    """Name the server's own categories wherever the document names the contract's."""
    if isinstance(node, dict):
        allowed = node.get("enum")
        if isinstance(allowed, list) and allowed[: len(REST_CATEGORIES)] == list(REST_CATEGORIES):
            # What an upload form may say besides, the empty text for a field left out, stays behind them.
            node["enum"] = [*names, *allowed[len(REST_CATEGORIES) :]]
        for inner in node.values():
            _name_categories(inner, names)
    elif isinstance(node, list):
        for inner in node:
            _name_categories(inner, names)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield path, method, operation


def _tell_all_errors(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        # Added for every route with a parameter; ids are any text, and those that name nothing get 404.
        del responses["422"]
    if operation.get("requestBody", {}).get("content", {}).keys() & _READ_AS:
        for status, meaning in _ON_BODIES.items():
            responses.setdefault(status, {"description": meaning, "content": _ERROR})


def _tell_headers(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        names = (*_ON_EVERY_RESPONSE, *_ON_STATUS.get(status, ()))
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        response["headers"] = {**headers, **response.get("headers", {})}


def _link(document: dict[str, Any]) -> None:
    for (path, method, status), (parameter, expression) in _SOURCES.items():
        links = {
            operation["operationId"]: {"operationId": operation["operationId"], "parameters": {parameter: expression}}
            for target, _, operation in _operations(document)
            if f"{{{parameter}}}" in target
        }
        document["paths"][path][method]["responses"][status]["links"] = links
