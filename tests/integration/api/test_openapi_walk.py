"""One walk over everything the API describes: each wrong request gets its own status and code, in the one envelope.

The walk takes its routes, parameters and bodies from the document of the running server, so new routes are walked as
they come. What a document cannot tell stands in the four tables below; an entry that fits nothing any more fails.
"""

import re
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from scopix.types.problems import ErrorEnvelope
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.openapi import METHODS, Document, Field, Operation

# Routes that ask for no key. A new one must be meant.
PUBLIC = {
    "GET /health",
    "GET /ready",
    "GET /metrics",  # its own key: see test_metrics.py
    "GET /api/v2/content/{token}",
    "GET /api/v2/content/{token}/tiles.dzi",
    "GET /api/v2/content/{token}/tiles/{level}/{column}_{row}.jpg",
    "PUT /api/v2/files/direct-uploads/{upload_id}/parts/{part_number}",
}

# Routes that change nothing though their method says so, and are let to those who may read.
READING = {"POST /api/v2/ask", "POST /api/v2/files/check-duplicates"}

# Fields of which some values get 400, as the refusal of a whole request.
BAD_REQUEST = {("POST /api/v2/files/direct-uploads", "size_bytes"): [0]}

# Path parameters: where in the world below the id stands; None for those that name no thing of a tenant's.
PATH_PARAMETERS: dict[str, str | None] = {
    "file_id": "file_id",
    "session_id": "session_id",
    "key_id": "key_id",
    "upload_id": "upload_id",
    "webhook_id": "webhook_id",
    "delivery_id": "delivery_id",
    "rule_id": "rule_id",
    "review_id": "review_id",
    "part_number": None,
    "version": None,
    "variant_type": None,
    "token": None,
    "level": None,
    "column": None,
    "row": None,
}

# Few requests a minute whatever the plan, for each key: there each request comes with a key of its own.
FEW_A_MINUTE = "/api/v2/tenant/s3-config"

LIMIT_OF_JSON = 1024 * 1024
LIMITS_OF_JSON = {"POST /api/v2/images/analyze": 16 * 1024 * 1024}  # a picture may be in it
PNG = encoded(picture())


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    folder, many = tmp_path_factory.mktemp("walk"), "1000000"
    settings = {"failed_requests_per_minute": many, "sensitive_requests_per_minute": many, "max_url_bytes": many}
    settings |= {"plans": '{"custom": {"tenant_multiple": 100000}}'}  # all its keys are of one tenant
    with serving(folder, database=database, worker=False, **settings) as running:
        yield running
    assert "Traceback" not in running.log


@pytest.fixture(scope="module")
def document(server: InProcessServer) -> Document:
    with server.client() as client:
        return Document(client.get("/openapi.json").json())


class Walker:
    """Sends requests to operations and says what is wrong with the answers."""

    def __init__(self, server: InProcessServer) -> None:
        self._client = httpx2.Client(base_url=server.root, timeout=60, follow_redirects=False)
        self.key = server.api_key
        with server.client() as admin:
            rule = {"name": "walk", "trigger": "uploaded", "actions": [{"do": "review"}]}
            rule_id = admin.post("/rules", json=rule).json()["id"]
            sent = admin.post("/files/upload/batch", files=[("files", ("a.png", PNG))]).json()
            announced = admin.post("/files/direct-uploads", json={"filename": "b.png", "size_bytes": 9}).json()
            webhook = admin.post("/webhooks", json={"url": "https://example.com/hook"}).json()["id"]
            admin.put(f"/rules/{rule_id}", json={**rule, "is_active": False})
            self.world = {
                "rule_id": rule_id,
                "review_id": admin.get("/reviews").json()["items"][0]["id"],
                "webhook_id": webhook,
                "delivery_id": admin.post(f"/webhooks/{webhook}/ping").json()["id"],
                "upload_id": announced["id"],
                "file_id": sent["immediate_results"][0]["image_id"],
                "session_id": sent["session_id"],
                "key_id": admin.get("/api-keys").json()["items"][0]["id"],
            }
        self.wrong: list[str] = []

    def close(self) -> None:
        self._client.close()

    def send(self, operation: Operation, *, key: str | None = "", path: str | None = None, **options: Any):
        """Send a request; by default one that fits, but for the ids in its path, which are nobody's."""
        headers = options.pop("headers", {})
        shown = self._own_key(operation) if key == "" else key
        if shown is not None:
            headers = {"Authorization": f"Bearer {shown}", **headers}
        if not {"json", "files", "data", "content"} & set(options):
            options |= fitting_body(operation)
        required = {one.name: text_of(operation, one) for one in operation.parameters if is_needed(one)}
        params = {**required, **options.pop("params", {})}
        options["params"] = {name: value for name, value in params.items() if value is not None}
        target = path or path_of(operation)
        request = self._client.build_request(operation.method, target, headers=headers, **options)
        response = self._client.send(request, stream=True)
        # A stream of events goes on for as long as somebody listens.
        is_endless = response.headers.get("Content-Type", "").startswith("text/event-stream")
        response.close() if is_endless else response.read()
        return response

    def _own_key(self, operation: Operation) -> str:
        if not operation.path.startswith(FEW_A_MINUTE):
            return self.key
        headers = {"Authorization": f"Bearer {self.key}"}
        made = self._client.post("/api/v2/api-keys", json={"name": "one request"}, headers=headers)
        return str(made.json()["api_key"])

    def expect(self, operation: Operation, answer: httpx2.Response, status: int, code: str, why: str) -> bool:
        """Note what is wrong with the answer; True when nothing is."""
        faults = list(self._faults(operation, answer, status, code))
        self.wrong += [f"{operation.label} ({why}): {fault}" for fault in faults]
        return not faults

    def _faults(self, operation: Operation, answer: httpx2.Response, status: int, code: str) -> Iterator[str]:
        if answer.status_code != status:
            yield f"{answer.status_code} instead of {status}: {answer.text[:200]}"
            return
        if status not in operation.statuses | {404, 405}:
            yield f"{status} is not in the document"
        yield from faults_of_headers(answer)
        try:
            envelope = ErrorEnvelope.model_validate(answer.json())
        except ValueError as error:
            yield f"no envelope: {error}"
            return
        if envelope.error.code != code:
            yield f"{envelope.error.code} instead of {code}"
        if not envelope.error.message or "Traceback" in answer.text:
            yield f"no message for people: {answer.text[:200]}"
        if envelope.request_id != answer.headers.get("X-Request-ID"):
            yield "the request's id is not that of the header"


def faults_of_headers(answer: httpx2.Response) -> Iterator[str]:
    for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        if not answer.headers.get(name, "").isdecimal():
            yield f"no {name}"
    if not answer.headers.get("X-Request-ID"):
        yield "no X-Request-ID"
    if answer.status_code == 401 and answer.headers.get("WWW-Authenticate") != "Bearer":
        yield "401 without WWW-Authenticate"


def is_needed(field: Field) -> bool:
    return field.required and field.place == "query"


def is_number(field: Field) -> bool:
    return field.schema.get("type") in ("integer", "number")


def text_of(operation: Operation, field: Field) -> str:
    return str(operation.document.fitting(field.schema))


def path_of(operation: Operation, **ids: str) -> str:
    written = [one for one in operation.parameters if one.place == "path"]
    fixed = {one.name: text_of(operation, one) for one in written if "enum" in one.schema or is_number(one)}
    nobodys = {name: str(uuid.uuid4()) for name in operation.path_names}
    return operation.path.format(**{**nobodys, **fixed, **ids})


def fitting_body(operation: Operation, **changed: Any) -> dict[str, Any]:
    """A body that fits; `changed` fields replace its own."""
    if operation.json_schema is not None:
        return {"json": {**operation.document.fitting(operation.json_schema), **changed}}
    if operation.form_schema is None:
        return {}
    # Files are the fields without a text of their own.
    names = [one.name for one in operation.body_fields if "binary" in str(one.schema)]
    return {"files": [(name, ("a.png", PNG)) for name in names], "data": changed}


@pytest.fixture(scope="module")
def shared_walker(server: InProcessServer) -> Iterator[Walker]:
    walking = Walker(server)
    yield walking
    walking.close()


@pytest.fixture
def walker(shared_walker: Walker) -> Iterator[Walker]:
    shared_walker.wrong.clear()
    yield shared_walker
    assert shared_walker.wrong == []


# The tables -----------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_the_tables_are_true(document: Document) -> None:
    operations = {operation.label: operation for operation in document.operations}
    assert {label for label, one in operations.items() if one.scope is None} == PUBLIC
    reading = {label for label, one in operations.items() if one.method != "get" and one.scope == "read"}
    assert reading == READING
    assert {name for one in operations.values() for name in one.path_names} == set(PATH_PARAMETERS)
    fields = {(label, field.name) for label, one in operations.items() for field in one.body_fields}
    assert set(BAD_REQUEST) <= fields
    assert len(operations) >= 28


@ON_SQLITE
def test_the_document_is_whole(document: Document) -> None:
    names = [operation.spec["operationId"] for operation in document.operations]
    assert len(set(names)) == len(names)
    envelope = {"$ref": "#/components/schemas/ErrorEnvelope"}
    for operation in document.operations:
        assert operation.spec["summary"], operation.label
        assert operation.spec["description"], operation.label
        for status, answer in operation.spec["responses"].items():
            assert {"X-Request-ID", "X-RateLimit-Limit"} < set(answer["headers"]), (operation.label, status)
            for content_type, content in answer.get("content", {}).items():
                assert content.get("schema"), (operation.label, status, content_type)
                if int(status) >= 400:
                    assert content["schema"] == envelope, (operation.label, status)
            assert answer.get("content") or status in ("204", "302") or "ETag" in answer["headers"], operation.label
        expected = {401, 403, 429} if operation.scope else set()
        assert expected <= operation.statuses, operation.label
        if operation.json_schema:
            assert {400, 413} <= operation.statuses, operation.label


# Who calls ------------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_without_a_good_key(server: InProcessServer, document: Document, walker: Walker) -> None:
    with server.client() as admin:
        dead, late = (admin.post("/api-keys", json={"name": name}).json() for name in ("dead", "late"))
        admin.delete(f"/api-keys/{dead['id']}")
    server.setup.rows("UPDATE api_keys SET expires_at = '2026-01-01T00:00:00.000000Z' WHERE id = ?", late["id"])
    keys = {
        "a malformed key": ("scopix_short", "INVALID_API_KEY"),
        "an unknown key": (f"scopix_{'a' * 51}", "INVALID_API_KEY"),
        "a wrong secret": (f"{server.api_key[:-1]}{'a' if server.api_key[-1] != 'a' else 'b'}", "INVALID_API_KEY"),
        "an expired key": (late["api_key"], "EXPIRED_API_KEY"),
        "a deactivated key": (dead["api_key"], "DEACTIVATED_API_KEY"),
    }
    for operation in document.operations:
        if operation.scope is None:
            continue
        walker.expect(operation, walker.send(operation, key=None), 401, "MISSING_API_KEY", "no key")
        for header in ("Bearer", f"Basic {server.api_key}", server.api_key):
            answer = walker.send(operation, key=None, headers={"Authorization": header})
            walker.expect(operation, answer, 401, "INVALID_API_KEY", f"header {header[:6]}")
        for why, (key, code) in keys.items():
            walker.expect(operation, walker.send(operation, key=key), 401, code, why)


@ON_SQLITE
def test_who_has_no_key_hears_of_nothing_else(document: Document, walker: Walker) -> None:
    """The key comes before the body: a stranger cannot even find out what a route takes."""
    for operation in document.operations:
        if operation.scope is not None and operation.json_schema:
            headers = {"Content-Type": "application/json"}
            for why, body in {"no JSON": b"{", "too large": b" " * (LIMIT_OF_JSON + 1), "a wrong value": b"[]"}.items():
                answer = walker.send(operation, key=None, content=body, headers=headers)
                walker.expect(operation, answer, 401, "MISSING_API_KEY", why)


def test_scopes(server: InProcessServer, document: Document, walker: Walker) -> None:
    """What the document says of scopes is so: without the scope 403, with it alone the way is free."""
    scopes = {operation.scope for operation in document.operations if operation.scope is not None}
    with server.client() as admin:

        def key_with(scope: str) -> str:
            return str(admin.post("/api-keys", json={"name": "one scope", "scopes": [scope]}).json()["api_key"])

        holders = {scope: key_with(scope) for scope in scopes}
        lacking = {scope: key_with("usage:share" if scope != "usage:share" else "usage:delete") for scope in scopes}
    for operation in document.operations:
        scope = operation.scope
        if scope is None:
            continue
        answer = walker.send(operation, key=lacking[scope])
        if walker.expect(operation, answer, 403, "AUTHZ_ERROR", "scope"):
            assert answer.json()["error"]["details"]["needed"] == scope
        allowed = walker.send(operation, key=holders[scope])
        if allowed.status_code in (401, 403) or allowed.status_code >= 500:
            walker.wrong.append(f"{operation.label}: {scope} is not enough: {allowed.text[:200]}")
        walker.wrong += [f"{operation.label}: {fault}" for fault in faults_of_headers(allowed)]


# What there is not ----------------------------------------------------------------------------------------------------


def test_what_is_unknown_and_what_is_another_s_are_the_same(
    server: InProcessServer, document: Document, walker: Walker
) -> None:
    stranger = server.new_tenant("stranger")
    walked = 0
    for operation in document.operations:
        owned = {name: PATH_PARAMETERS[name] for name in operation.path_names if PATH_PARAMETERS[name]}
        if not owned or operation.scope is None:
            continue
        walked += 1
        ids = {name: walker.world[place] for name, place in owned.items() if place}
        answers = []
        for why, key, used in (
            ("unknown", walker.key, {name: str(uuid.uuid4()) for name in ids}),
            ("another's", stranger, ids),
        ):
            answer = walker.send(operation, key=key, path=path_of(operation, **used))
            if walker.expect(operation, answer, 404, "NOT_FOUND", why):
                answers.append(without(answer.json()["error"], used))
        if len(answers) == 2 and answers[0] != answers[1]:
            walker.wrong.append(f"{operation.label} tells the unknown from another's: {answers}")
        for nonsense in ("nonsense", "%00", "..%2f..", "a" * 3000):
            path = path_of(operation, **dict.fromkeys(ids, "?")).replace("?", nonsense)
            walker.expect(operation, walker.send(operation, path=path), 404, "NOT_FOUND", f"id {nonsense[:10]}")
    assert walked >= 14


def without(error: dict[str, Any], ids: dict[str, str]) -> str:
    text = str(error)
    for value in ids.values():
        text = text.replace(value, "ID")
    return text


@ON_SQLITE
def test_unknown_routes_and_methods(document: Document, walker: Walker) -> None:
    methods: dict[str, set[str]] = {}
    for operation in document.operations:
        methods.setdefault(operation.path, set()).add(operation.method)
    for operation in document.operations:
        answer = walker.send(operation, path=f"{path_of(operation)}/no/where")
        walker.expect(operation, answer, 404, "NOT_FOUND", "unknown route")
        for method in set(METHODS) - methods_that_reach(operation, document):
            other = Operation(method, operation.path, {**operation.spec, "requestBody": {}}, document)
            answer = walker.send(other)
            if method == "head":
                # It is answered wherever GET is; without a body there is nothing to compare.
                if (answer.status_code == 405) == ("get" in methods_that_reach(operation, document)):
                    walker.wrong.append(f"{other.label}: {answer.status_code}")
                continue
            if walker.expect(other, answer, 405, "METHOD_NOT_ALLOWED", "unknown method"):
                allowed = {name.strip().lower() for name in answer.headers["Allow"].split(",")}
                known = methods[operation.path]
                if allowed != known | ({"head"} if "get" in known else set()):
                    walker.wrong.append(f"{other.label}: Allow says {sorted(allowed)}")


def methods_that_reach(operation: Operation, document: Document) -> set[str]:
    """The methods of its path; those too that take what is written there for an id, as in /files/upload."""
    path = path_of(operation)
    patterns = {one: re.sub(r"{\w+}", "[^/]+", one.path) for one in document.operations}
    return {one.method for one, pattern in patterns.items() if re.fullmatch(pattern, path)}


# What does not fit ----------------------------------------------------------------------------------------------------


def test_values_that_do_not_fit(document: Document, walker: Walker) -> None:
    tried = 0
    for operation in document.operations:
        for field in [*operation.parameters, *operation.body_fields]:
            for value in document.unfitting(field):
                sent = as_sent(operation, field, value)
                if sent is None:
                    continue
                tried += 1
                answer = walker.send(operation, **sent)
                why = f"{field.place} {field.name} = {str(value)[:30]}"
                status = 400 if value in BAD_REQUEST.get((operation.label, field.name), []) else 422
                if walker.expect(operation, answer, status, "VALIDATION_ERROR", why):
                    details = answer.json()["error"]["details"]
                    # Where a body has several faults, all are told, and one of them comes first.
                    issues = [issue["field"] for issue in details.get("issues", [])]
                    named = {name.split(".")[0].lower() for name in [details["field"], *issues]}
                    if field.name.lower() not in named:
                        walker.wrong.append(f"{operation.label} ({why}): names the fields {named}")
    assert tried >= 100


def as_sent(operation: Operation, field: Field, value: Any) -> dict[str, Any] | None:
    if field.place == "query":
        return {"params": {field.name: value}}
    if field.place == "header":
        return {"headers": {field.name: str(value)}}
    if field.place == "path":
        return {"path": path_of(operation, **{field.name: str(value)})}
    if field.place == "form" and not isinstance(value, str | int):
        return None
    return fitting_body(operation, **{field.name: str(value) if field.place == "form" else value})


def test_required_fields_are_required(document: Document, walker: Walker) -> None:
    for operation in document.operations:
        for field in operation.body_fields:
            if field.required and field.place == "json":
                body = fitting_body(operation)["json"]
                del body[field.name]
                answer = walker.send(operation, json=body)
                walker.expect(operation, answer, 422, "VALIDATION_ERROR", f"no {field.name}")
        for field in operation.parameters:
            if is_needed(field):
                answer = walker.send(operation, params={field.name: None})
                walker.expect(operation, answer, 422, "VALIDATION_ERROR", f"no {field.name}")


@ON_SQLITE
def test_bodies_that_cannot_be_read(document: Document, walker: Walker) -> None:
    json_type = {"Content-Type": "application/json"}
    wrong: dict[str, tuple[dict[str, str], bytes]] = {
        "no JSON": (json_type, b'{"a": '),
        "text after JSON": (json_type, b"{} {}"),
        "half a character": (json_type, b'{"a": "\xff"}'),
        "nested too deep": (json_type, b"[" * 100_000),
        "a number too long": (json_type, b"9" * 5000),
        "text": ({"Content-Type": "text/plain"}, b"{}"),
        "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b"),
        "XML": ({"Content-Type": "application/xml"}, b"<a/>"),
        "no type": ({}, b"{}"),
        "a strange type": ({"Content-Type": "json"}, b"{}"),
    }
    for operation in document.operations:
        if operation.json_schema:
            for why, (headers, body) in wrong.items():
                answer = walker.send(operation, content=body, headers=headers)
                walker.expect(operation, answer, *status_of_unread(headers), why)
            for body in (b"[]", b'""', b"7", b"null"):
                answer = walker.send(operation, content=body, headers=json_type)
                if body == b"null" and not operation.spec["requestBody"].get("required"):
                    continue
                walker.expect(operation, answer, 422, "VALIDATION_ERROR", f"body {body!r}")
        elif operation.form_schema:
            for why in ("text", "a form", "XML", "no type"):
                headers, body = wrong[why]
                answer = walker.send(operation, content=body, headers=headers)
                # Fields without a file are a form, too.
                expected = (400, "VALIDATION_ERROR") if why == "a form" else status_of_unread(headers)
                walker.expect(operation, answer, *expected, why)
            for body in (b"", b"--x", b"--x\r\n\r\n\r\n--x--\r\n"):
                headers = {"Content-Type": "multipart/form-data; boundary=x"}
                answer = walker.send(operation, content=body, headers=headers)
                walker.expect(operation, answer, 400, "VALIDATION_ERROR", f"form {body!r}")


def status_of_unread(headers: dict[str, str]) -> tuple[int, str]:
    """What is no JSON though it says so is malformed; what says that it is something else is of an unknown type."""
    says_json = headers.get("Content-Type") == "application/json"
    return (400, "VALIDATION_ERROR") if says_json else (415, "UNSUPPORTED_CONTENT_TYPE")


@ON_SQLITE
def test_bodies_that_are_too_large(server: InProcessServer, document: Document, walker: Walker) -> None:
    for operation in document.operations:
        if operation.json_schema:
            headers = {"Content-Type": "application/json"}
            exact = b" " * (LIMITS_OF_JSON.get(operation.label, LIMIT_OF_JSON) - 2) + b"[]"
            walker.expect(operation, walker.send(operation, content=exact, headers=headers), 422, *FITS)
            for why, content in {"told": exact + b" ", "untold": iter([exact, b" "])}.items():
                answer = walker.send(operation, content=content, headers=headers)
                walker.expect(operation, answer, 413, "PAYLOAD_TOO_LARGE", f"{why} length")
        elif operation.form_schema:
            answer = announce(server, operation, 10 * 1024**3)
            assert re.match(rb"HTTP/1.1 413 ", answer), (operation.label, answer[:200])
            assert re.search(rb"FILE_TOO_LARGE|PAYLOAD_TOO_LARGE", answer), (operation.label, answer[:400])


FITS = ("VALIDATION_ERROR", "at the limit")


def announce(server: InProcessServer, operation: Operation, length: int) -> bytes:
    """The answer to a form that is told to be so long, of which nothing is sent."""
    head = (
        f"{operation.method.upper()} {path_of(operation)} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
        f"Authorization: Bearer {server.api_key}\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode())
        return connection.makefile("rb").read()


# Ids of requests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [None, "mine-1.2_3", "a b", "", "x" * 129, "ü", "a\tb"])
def test_every_answer_has_an_id(document: Document, walker: Walker, sent: str | None) -> None:
    good = sent is not None and re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", sent)
    for operation in document.operations[:6]:
        headers = {} if sent is None else {b"X-Request-ID": sent.encode()}
        shown = {"headers": headers, "key": None, "path": "/api/v2/nowhere"}
        told = walker.send(operation, **shown).headers["X-Request-ID"]
        assert told == sent if good else uuid.UUID(told)
