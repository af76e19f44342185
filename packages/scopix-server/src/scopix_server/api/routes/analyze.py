"""POST /images/analyze: one request with a picture, answered with all that was seen on it."""

import asyncio
import base64
import binascii
import contextvars
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scopix.types.files import ImageAnalysis
from scopix_server.api import shapes
from scopix_server.api.admission import UploadRoom
from scopix_server.api.auth import Uploader
from scopix_server.api.bodies import is_json
from scopix_server.api.dependencies import FetchDep, ReceptionDep
from scopix_server.api.forms import unknown_field_warnings, upload_options
from scopix_server.api.multipart import paced
from scopix_server.api.parts import Fetch, Reception
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, declared_length
from scopix_server.api.routes.uploads import FORM, check_promise, count, details_of, form_body, receive_form
from scopix_server.api.waiting import is_settled
from scopix_server.domain.errors import (
    AddressRefused,
    MalformedRequest,
    PayloadTooLarge,
    UnsupportedContentType,
    ValidationFailed,
)
from scopix_server.domain.file import MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH
from scopix_server.domain.tenant import Caller
from scopix_server.intake.accept import Arrival, Upload
from scopix_server.intake.options import UploadOptions
from scopix_server.intake.receipts import Receipt

__all__ = ["MAX_JSON_BYTES", "router"]

T = TypeVar("T")
Source = AbstractContextManager[tuple[str, Iterable[bytes]]]
"""A picture's name and content."""

router = APIRouter(tags=["files"])

MAX_JSON_BYTES = 16 * 1024 * 1024
"""Limit of a JSON body: it is held in memory, unlike a form. Room for a picture of 11 MiB, as cameras make them."""
_TIMEOUT = 30.0
_MAX_TIMEOUT = 60.0
"""Proxies hang up on an answer that takes longer, most of them (nginx's default)."""
_TIMEOUT_FIELD = "timeout"


class _AnalysisRequest(BaseModel):
    """A JSON body: a picture by its address or in itself, and what is asked beside it, as in a form."""

    # As a form's, its empty texts are left out.
    model_config = ConfigDict(extra="allow", strict=True)

    url: str = ""
    base64: str = ""
    filename: str = Field("", max_length=1000)
    timeout: float = Field(_TIMEOUT, ge=0, le=_MAX_TIMEOUT)
    title: str = ""
    tags: list[str] = Field(default_factory=list)
    skip_duplicates: bool = False
    storage_target: str = ""
    content_category: str = ""
    folder_id: str = ""
    project_id: str = ""
    custom_schema_id: str = ""

    @property
    def by_address(self) -> bool:
        """Whether the picture is to be fetched."""
        return "url" in self.model_fields_set

    def fields(self) -> dict[str, str]:
        """Return what is asked beside the picture as a form has it."""
        named = ("title", "storage_target", "content_category", "folder_id", "project_id", "custom_schema_id")
        found = {name: value for name in named if (value := getattr(self, name))}
        return {
            **found,
            "tags": json.dumps(self.tags),
            "skip_duplicates": "true" if self.skip_duplicates else "false",
        }


_TIMEOUT_SCHEMA = {
    "type": "number",
    "minimum": 0,
    "maximum": _MAX_TIMEOUT,
    "default": _TIMEOUT,
    "description": "Seconds to wait for the description to end.",
}
# A description is what is asked for, so it cannot be left out; a path, and one description, are for who uploads many.
_NOT_HERE = frozenset({"file", "auto_describe", "path", "describe_once"})
_BESIDE = {name: shape for name, shape in FORM["properties"].items() if name not in _NOT_HERE}
_FORM = {**FORM, "properties": {"file": FORM["properties"]["file"], **_BESIDE, _TIMEOUT_FIELD: _TIMEOUT_SCHEMA}}
_FIELDS = frozenset(_FORM["properties"]) - {"file"}
_JSON: dict[str, Any] = {
    "type": "object",
    # One of `base64` and `url`; generators make nothing good of alternatives.
    "minProperties": 1,
    "properties": {
        "base64": {
            "type": "string",
            "description": "The picture itself, in base64 or as a `data:` address; at most 11 MiB of it. One of "
            "`base64` and `url` is needed.",
        },
        "url": {
            "type": "string",
            "maxLength": 2048,
            "description": "The picture's http or https address, which must be public.",
        },
        "filename": {"type": "string", "maxLength": 1000, "description": "Its name; default: that of the address."},
        **{name: shape for name, shape in _BESIDE.items() if name not in {"tags", "skip_duplicates"}},
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": MAX_TAG_LENGTH},
            "maxItems": MAX_TAGS,
        },
        "title": {"type": "string", "maxLength": MAX_TITLE_LENGTH},
        "skip_duplicates": {"type": "boolean", "default": False},
        _TIMEOUT_FIELD: _TIMEOUT_SCHEMA,
    },
}


def _body() -> dict[str, Any]:
    form = form_body(_FORM, "file")
    form["requestBody"]["content"]["application/json"] = {"schema": _JSON}
    return form


@router.post(
    "/images/analyze",
    response_model=ImageAnalysis,
    responses={
        202: {"model": ImageAnalysis, "description": "The time is over, and the description has not ended."},
        **responses(400, 401, 403, 408, 409, 413, 422, 503, 507),
    },
    openapi_extra=_body(),
)
async def analyze_image(
    request: Request,
    response: Response,
    caller: Uploader,
    reception: ReceptionDep,
    fetch: FetchDep,
    idempotency_key: IdempotencyKey = None,
) -> ImageAnalysis:
    """Take one picture, describe it, and answer with all that was seen on it.

    It comes as a form, or as JSON by its `url` or in `base64`, and is stored like any upload. The answer is 200 once
    the description has ended; `description_status` tells whether it came about. It is 202 when that takes longer than
    `timeout` seconds; then ask for the file by its `id`.
    """
    if is_json(request.headers.get("Content-Type", "")):
        receipt, timeout, unknown = await _receive_json(request, response, caller, reception, fetch, idempotency_key)
    else:
        _require_form(request)
        receipt, form = await receive_form(request, response, caller, reception, idempotency_key, _FIELDS)
        timeout, unknown = _timeout_of(form.fields), form.unknown_fields
    file = receipt.file
    if timeout:
        file = await reception.waiting.until_described(request, file, timeout)
    details = await details_of(file, reception.files, reception.links.seen_from(request))
    if not is_settled(file):
        response.status_code = 202
        response.headers["Location"] = f"/api/v2/files/{file.id}/processing-status"
    return shapes.image_analysis(details, unknown_field_warnings(unknown, _FIELDS))


def _require_form(request: Request) -> None:
    content_type = request.headers.get("Content-Type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        raise UnsupportedContentType(
            "Send the picture as multipart/form-data with a part named 'file', or as application/json with its 'url' "
            "or 'base64'.",
            field="Content-Type",
        )


def _timeout_of(fields: dict[str, str]) -> float:
    text = fields.get(_TIMEOUT_FIELD, "").strip() or str(_TIMEOUT)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _MAX_TIMEOUT:  # nor is "nan" between them
        raise ValidationFailed(
            f"{_TIMEOUT_FIELD} must be a number of seconds from 0 to {_MAX_TIMEOUT:g}, not '{text[:50]}'.",
            field=_TIMEOUT_FIELD,
        )
    return seconds


async def _receive_json(
    request: Request,
    response: Response,
    caller: Caller,
    reception: Reception,
    fetch: Fetch | None,
    idempotency_key: str | None,
) -> tuple[Receipt, float, list[str]]:
    """Take in a JSON body, and the picture in it or behind its address.

    Return what came of it, the timeout, and the names of fields that are not known.
    """
    length, threads = declared_length(request), reception.threads
    if length > MAX_JSON_BYTES:
        raise _too_large()
    with reception.admission.upload(caller.tenant_id, length) as room:
        await check_promise(room, length)
        body = await _read(request, reception, room)
        requested, options = await _in(threads.uploads, lambda: _parse(body, reception))
        source = _source_of(requested, fetch)

        def take() -> tuple[Receipt, int]:
            with source as (name, chunks):
                return _accept(name, chunks, options, caller.tenant_id, idempotency_key, reception, room)

        target = options.storage_target
        takes = (
            threads.fetching(caller.tenant_id) if requested.by_address else threads.storing_to(caller.tenant_id, target)
        )
        receipt, elapsed_ms = await _in(takes, take)
    count(reception.metrics, response, receipt, elapsed_ms)
    return receipt, requested.timeout, sorted(requested.model_extra or ())


async def _read(request: Request, reception: Reception, room: UploadRoom) -> bytes:
    body = bytearray()
    async for chunk in paced(request.stream(), reception.limits.body_pace):
        room.arrived(len(chunk))
        body += chunk
        if len(body) > MAX_JSON_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The body is larger than {MAX_JSON_BYTES} bytes, the limit of JSON here. Send the picture as a form, which may"
        " be larger.",
        max_bytes=MAX_JSON_BYTES,
    )


def _parse(body: bytes, reception: Reception) -> tuple[_AnalysisRequest, UploadOptions]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"The body is no JSON: {error}.", field="body") from error
    try:
        requested = _AnalysisRequest.model_validate(members)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    if len({"url", "base64"} & requested.model_fields_set) != 1:
        raise ValidationFailed("Give one of 'url' and 'base64': the picture's address, or its content.", field="url")
    return requested, upload_options(requested.fields(), reception.categories)


def _source_of(requested: _AnalysisRequest, fetch: Fetch | None) -> Source:
    if not requested.by_address:
        return nullcontext((requested.filename or "image", _decoded(requested.base64)))
    if fetch is None:
        raise AddressRefused(
            "This server fetches no pictures from addresses (the setting SCOPIX_FETCH_URLS). Send the picture itself, "
            "as a form or in base64.",
            field="url",
        )
    return _named(fetch(requested.url), requested.filename)


@contextmanager
def _named(fetched: Source, filename: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    with fetched as (name, chunks):
        yield filename or name, chunks


def _decoded(text: str) -> Iterator[bytes]:
    # As browsers hand pictures out: data:image/png;base64,iVBOR...
    content = text.partition(",")[2] if text.startswith("data:") else text
    try:
        yield base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed(f"base64 cannot be decoded: {error}.", field="base64") from error


def _accept(
    name: str,
    chunks: Iterable[bytes],
    options: UploadOptions,
    tenant_id: str,
    idempotency_key: str | None,
    reception: Reception,
    room: UploadRoom,
) -> tuple[Receipt, int]:
    """Store and record a picture; return what came of it and the milliseconds that it took. Blocks."""
    incoming = reception.intake.open(name)
    try:
        for chunk in chunks:
            room.check_disk()
            incoming.write(chunk)
        upload = Upload(tenant_id, [Arrival(incoming)], options, idempotency_key=idempotency_key)
        return reception.intake.accept(upload), incoming.elapsed_ms
    finally:
        if not incoming.is_settled:
            incoming.discard()


async def _in(threads: Executor, work: Callable[[], T]) -> T:
    # What logs and jobs name goes along to the thread.
    return await asyncio.get_running_loop().run_in_executor(threads, contextvars.copy_context().run, work)
