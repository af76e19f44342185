"""POST /files/upload."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix.types.files import FileDetails, UploadResponse
from scopix.types.sniff import DOCUMENT_TYPES, IMAGE_TYPES
from scopix.types.vocabulary import REST_CATEGORIES
from scopix_server.api import shapes
from scopix_server.api.admission import UploadRoom
from scopix_server.api.auth import Uploader
from scopix_server.api.dependencies import ReceptionDep
from scopix_server.api.file_links import Links
from scopix_server.api.forms import file_paths, unknown_field_warnings, upload_options
from scopix_server.api.metrics import Metrics
from scopix_server.api.multipart import FORM_OVERHEAD_BYTES, HAND_OVER_BYTES, FormRules, UploadForm, boundary_of
from scopix_server.api.parts import ApiLimits, Reception
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, declared_length
from scopix_server.api.waiting import WaitSeconds
from scopix_server.domain.errors import FileTooLarge, MalformedRequest
from scopix_server.domain.file import MAX_PATH_LENGTH, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH, File, Variant
from scopix_server.domain.session import FileOutcome
from scopix_server.domain.tenant import Caller
from scopix_server.intake.accept import Arrival, Upload
from scopix_server.intake.receipts import Receipt
from scopix_server.library.files import Files

__all__ = [
    "FIELDS",
    "FORM",
    "PATH",
    "UUID",
    "check_promise",
    "count",
    "details_of",
    "form_body",
    "receive_form",
    "router",
    "variants_of",
]

router = APIRouter(tags=["files"])

# What is sent, for those who build requests from the document; what is taken is told from the content.
_CONTENT_TYPES = ", ".join((*IMAGE_TYPES, *DOCUMENT_TYPES))
_TAKEN = (
    "A picture up to 100 MB: JPEG, PNG, WebP, GIF, HEIC, HEIF, AVIF, TIFF, BMP, ICO, PSD, JPEG 2000, JPEG XL, or a "
    "camera's raw file. Or a document up to 50 MB: PDF, DOCX, TXT, MD."
)
# A form knows text alone: there are several words for yes and no, and an empty field counts as left out.
_BOOLEAN = {"type": "string", "enum": ["true", "false", "1", "0", "yes", "no", "on", "off", ""]}
# What is not asked for stays empty where the page at /docs sends a form, instead of "string".
_EMPTY = {"example": ""}
UUID = {"type": "string", "pattern": "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$", **_EMPTY}
PATH = {"type": "string", "maxLength": MAX_PATH_LENGTH, **_EMPTY}
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": _TAKEN},
        "title": {"type": "string", "maxLength": MAX_TITLE_LENGTH, **_EMPTY},
        "tags": {
            "type": "string",
            "pattern": f"^[^,]{{0,{MAX_TAG_LENGTH}}}(,[^,]{{0,{MAX_TAG_LENGTH}}}){{0,{MAX_TAGS - 1}}}$",
            "description": f"Comma-separated, at most {MAX_TAGS} of at most {MAX_TAG_LENGTH} characters; or several "
            "fields of this name, or a JSON list.",
            **_EMPTY,
        },
        "auto_describe": {**_BOOLEAN, "default": "true"},
        "skip_duplicates": {**_BOOLEAN, "default": "false"},
        "describe_once": {
            **_BOOLEAN,
            "default": "false",
            "description": "Take the description of a file with the same bytes and category, if there is one.",
        },
        "storage_target": {"type": "string", "enum": ["default", "custom"], "default": "default"},
        "folder_id": UUID,
        "project_id": UUID,
        "content_category": {"type": "string", "enum": [*REST_CATEGORIES, ""], "default": "general"},
        "custom_schema_id": UUID,
        "path": {**PATH, "description": "Where the file is at its client, relative; kept and given back."},
    },
}

FIELDS = frozenset(FORM["properties"]) - {"file"}


def form_body(schema: dict[str, Any], part: str) -> dict[str, Any]:
    """Return the OpenAPI entry of a form whose parts named `part` are files."""
    content = {"schema": schema, "encoding": {part: {"contentType": _CONTENT_TYPES}}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


@router.post(
    "/files/upload",
    status_code=201,
    response_model=UploadResponse,
    responses=responses(400, 401, 403, 408, 409, 413, 422, 503, 507),
    openapi_extra=form_body(FORM, "file"),
)
async def upload_file(
    request: Request,
    response: Response,
    caller: Uploader,
    reception: ReceptionDep,
    idempotency_key: IdempotencyKey = None,
    wait: WaitSeconds = 0,
) -> UploadResponse:
    """Upload one image and queue its description.

    The type is detected from the content. The answer comes as soon as the file is safely stored; the description
    follows (see the processing status). With `wait` the answer comes when the description has ended, or the time is
    over, and has all that is known of the file in `details`.
    """
    receipt, form = await receive_form(request, response, caller, reception, idempotency_key)
    links = reception.links.seen_from(request)
    details = None
    if wait:
        file = await reception.waiting.until_described(request, receipt.file, wait)
        details = await details_of(file, reception.files, links)
    return shapes.upload_response(
        receipt,
        await variants_of(receipt, reception.files),
        links,
        warnings=unknown_field_warnings(form.unknown_fields, FIELDS),
        details=details,
    )


async def receive_form(
    request: Request,
    response: Response,
    caller: Caller,
    reception: Reception,
    idempotency_key: str | None,
    known_fields: frozenset[str] = FIELDS,
) -> tuple[Receipt, UploadForm]:
    """Take in the form of a request with one file, and accept the file. `response` is told when it was replayed.

    Raises all that there is to say against the form, the file and the time.
    """
    boundary = boundary_of(request.headers.get("Content-Type"))
    length = declared_length(request)
    _check_size(reception.limits, length)
    with reception.admission.upload(caller.tenant_id, length) as room:
        await check_promise(room, length)
        rules = _rules(reception.limits, known_fields)
        form = UploadForm(reception.intake.open, reception.threads.uploads, rules, room)
        try:
            await form.read(request.stream(), boundary, reception.limits.body_pace)

            def prepare() -> Upload:
                known = {name: value for name, value in form.fields.items() if name in known_fields}
                options = upload_options(known, reception.categories)
                (path,) = file_paths(form.paths, len(form.files))
                arrivals = [Arrival(form.files[0].incoming, path=path)]
                return Upload(caller.tenant_id, arrivals, options, idempotency_key=idempotency_key)

            receipt = await form.run(prepare, reception.intake.accept, reception.threads.storing)
        finally:
            await form.discard()
    count(reception.metrics, response, receipt, form.files[0].incoming.elapsed_ms)
    return receipt, form


def count(metrics: Metrics, response: Response, receipt: Receipt, elapsed_ms: int) -> None:
    """Count an accepted file, and tell its client when the answer is that of an earlier request."""
    metrics.uploaded("single", receipt.outcome)
    metrics.took("single", elapsed_ms)
    if receipt.replayed:
        response.headers["Idempotent-Replayed"] = "true"


async def details_of(file: File, files: Files, links: Links) -> FileDetails:
    """Return all that is known of a file, as a client sees it."""
    found, known = await run_in_threadpool(files.details, file.tenant_id, file.id)
    return shapes.file_details(found, known.variants, known.versions, known.perception, links, known.document)


async def variants_of(receipt: Receipt, files: Files) -> tuple[Variant, ...]:
    """Return the variants of a request's only file; one that is new has none yet, so nobody is asked."""
    if receipt.outcome == FileOutcome.ACCEPTED.value:
        return ()
    return await asyncio.to_thread(files.variants_of, receipt.file.id)


async def check_promise(room: UploadRoom, length: int) -> None:
    """Raise OutOfSpace before a large body is read for which there is no room; a small one is asked for as it comes."""
    if length > HAND_OVER_BYTES or not length:  # 0: it was not declared, so it may be large
        await asyncio.to_thread(room.check_promise)


def _rules(limits: ApiLimits, known_fields: frozenset[str]) -> FormRules:
    return FormRules(
        file_field="file",
        known_fields=known_fields,
        max_files=1,
        max_body_bytes=limits.max_file_bytes + FORM_OVERHEAD_BYTES,
        keep_going=False,
        too_many=lambda: MalformedRequest(
            "The form has more than one part named 'file'. Upload several files with /api/v2/files/upload/batch.",
            field="file",
        ),
    )


def _check_size(limits: ApiLimits, declared: int) -> None:
    if declared > limits.max_file_bytes + FORM_OVERHEAD_BYTES:
        raise FileTooLarge(
            f"The file is larger than {limits.max_file_bytes // (1024 * 1024)} MB, the limit for images. Compress or "
            "resize it, then upload it again.",
            max_bytes=limits.max_file_bytes,
            suggestion={"endpoint": "/api/v2/files/direct-uploads"},
        )
