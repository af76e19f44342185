"""POST /files/upload."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from scopix.types.files import UploadResponse
from scopix.types.vocabulary import REST_CATEGORIES
from scopix_server.api import shapes
from scopix_server.api.auth import Uploader
from scopix_server.api.forms import upload_options
from scopix_server.api.multipart import FORM_OVERHEAD_BYTES, FormRules, UploadForm, boundary_of
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, declared_length, links_of
from scopix_server.api.services import Services, services_of
from scopix_server.domain.errors import FileTooLarge, MalformedRequest
from scopix_server.domain.file import MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH
from scopix_server.pipeline.receive import Receipt

__all__ = ["FORM", "UUID", "form_body", "router"]

router = APIRouter(tags=["files"])

# What is sent, for those who build requests from the document; what is taken is told from the content.
_CONTENT_TYPES = (
    "image/jpeg, image/png, image/webp, image/gif, application/pdf, text/plain, text/markdown, "
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)
# A form knows text alone: there are several words for yes and no, and an empty field counts as left out.
_BOOLEAN = {"type": "string", "enum": ["true", "false", "1", "0", "yes", "no", "on", "off", ""]}
UUID = {"type": "string", "pattern": "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"}
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A JPEG, PNG, WebP or GIF image up to 100 MB."},
        "title": {"type": "string", "maxLength": MAX_TITLE_LENGTH},
        "tags": {
            "type": "string",
            "pattern": f"^[^,]{{0,{MAX_TAG_LENGTH}}}(,[^,]{{0,{MAX_TAG_LENGTH}}}){{0,{MAX_TAGS - 1}}}$",
            "description": f"Comma-separated, at most {MAX_TAGS} of at most {MAX_TAG_LENGTH} characters.",
        },
        "auto_describe": {**_BOOLEAN, "default": "true"},
        "skip_duplicates": {**_BOOLEAN, "default": "false"},
        "storage_target": {"type": "string", "enum": ["default", "custom"], "default": "default"},
        "folder_id": UUID,
        "project_id": UUID,
        "content_category": {"type": "string", "enum": [*REST_CATEGORIES, ""], "default": "general"},
        "custom_schema_id": UUID,
    },
}


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
    idempotency_key: IdempotencyKey = None,
) -> UploadResponse:
    """Upload one image and queue its description.

    The type is detected from the content. The answer comes as soon as the file is safely stored; the description
    follows (see the processing status).
    """
    services = services_of(request)
    boundary = boundary_of(request.headers.get("Content-Type"))
    length = declared_length(request)
    _check_size(services, length)
    with services.admission.upload(caller.tenant_id, length) as room:
        await asyncio.to_thread(room.check_promise)
        form = UploadForm(services.receiver.open, services.uploads, _rules(services), room)
        try:
            await form.read(request.stream(), boundary, idle_seconds=services.limits.body_idle_seconds)
            options = upload_options(form.fields, services.categories)
            incoming = form.files[0].incoming
            receipt = await form.run(
                lambda: services.receiver.record(caller.tenant_id, incoming, options, idempotency_key),
                services.threads_for(options.storage_target),
            )
        finally:
            await form.discard()
    services.metrics.uploaded("single", _outcome(receipt))
    services.metrics.took("single", incoming.elapsed_ms)
    if receipt.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    variants = await asyncio.to_thread(
        services.database.read, lambda transaction: transaction.variants.of([receipt.file.id])
    )
    return shapes.upload_response(receipt, variants.get(receipt.file.id, ()), links_of(request))


def _outcome(receipt: Receipt) -> str:
    if receipt.replayed:
        return "replayed"
    return "duplicate" if receipt.duplicate else "accepted"


def _rules(services: Services) -> FormRules:
    return FormRules(
        part="file",
        max_files=1,
        max_body_bytes=services.limits.max_file_bytes + FORM_OVERHEAD_BYTES,
        keep_going=False,
        too_many=lambda: MalformedRequest(
            "The form has more than one part named 'file'. Upload several files with /api/v2/files/upload/batch.",
            field="file",
        ),
    )


def _check_size(services: Services, declared: int) -> None:
    limits = services.limits
    if declared > limits.max_file_bytes + FORM_OVERHEAD_BYTES:
        raise FileTooLarge(
            f"The file is larger than {limits.max_file_bytes // (1024 * 1024)} MB, the limit for images. Compress or "
            "resize it, then upload it again.",
            max_bytes=limits.max_file_bytes,
            suggestion={"endpoint": "/api/v2/files/direct-uploads"},
        )
