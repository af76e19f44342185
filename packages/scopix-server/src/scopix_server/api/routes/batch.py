"""POST /files/upload/batch, and the quota that a client asks for before it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix.types.sessions import BatchUploadResponse, QuotaInfo
from scopix_server.api import session_shapes
from scopix_server.api.auth import Uploader, UsageReader
from scopix_server.api.forms import session_options, upload_options
from scopix_server.api.metrics import Metrics
from scopix_server.api.multipart import FormRules, UploadForm, boundary_of
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, declared_length
from scopix_server.api.routes.uploads import FORM, UUID, form_body
from scopix_server.api.services import Services, services_of
from scopix_server.domain.errors import BatchTooLarge, PayloadTooLarge
from scopix_server.domain.plans import Allowance, month_of
from scopix_server.domain.tenant import Caller
from scopix_server.pipeline.batch import Arrival, BatchReceipt

__all__ = ["router"]

router = APIRouter(tags=["files"])

_SHARED = {name: shape for name, shape in FORM["properties"].items() if name not in {"file", "title"}}
_BATCH_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}},
        **_SHARED,
        "session_id": {**UUID, "description": "Append to this open session."},
        "expected_files": {
            "type": "integer",
            "minimum": 1,
            "maximum": 999_999_999,
            "description": "With a new session: how many files it will hold in all. It does not end before.",
        },
        "start_index": {
            "type": "integer",
            "minimum": 0,
            "maximum": 999_999_999,
            "description": "Position in the session of this request's first file.",
        },
    },
}


@router.post(
    "/files/upload/batch",
    status_code=201,
    response_model=BatchUploadResponse,
    responses=responses(400, 401, 403, 404, 408, 409, 413, 422, 503, 507),
    openapi_extra=form_body(_BATCH_FORM, "files"),
)
async def upload_batch(
    request: Request,
    response: Response,
    caller: Uploader,
    idempotency_key: IdempotencyKey = None,
) -> BatchUploadResponse:
    """Upload several images in one request, as a session or as part of one.

    A file that is refused costs the others nothing: it is listed in `rejections`.
    """
    services = services_of(request)
    boundary = boundary_of(request.headers.get("Content-Type"))
    length = declared_length(request)
    _check_size(services, length)
    with services.admission.upload(caller.tenant_id, length) as room:
        await asyncio.to_thread(room.check_promise)
        form = UploadForm(services.receiver.open, services.uploads, _rules(services, caller), room)
        try:
            await form.read(request.stream(), boundary, idle_seconds=services.limits.body_idle_seconds)
            options, session = upload_options(form.fields, services.categories), session_options(form.fields)
            arrivals = [Arrival(file.incoming, file.error) for file in form.files]
            receipt = await form.run(
                lambda: services.batches.record(caller.tenant_id, arrivals, options, session, idempotency_key),
                services.threads_for(options.storage_target),
            )
        finally:
            await form.discard()
    _count(services.metrics, receipt, arrivals)
    if receipt.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return session_shapes.batch_response(receipt, options.storage_target)


@router.get("/files/quota-check", response_model=QuotaInfo, responses=responses(401, 403, 422))
async def check_quota(
    request: Request, caller: UsageReader, file_count: Annotated[int, Query(ge=1, le=1_000_000)]
) -> QuotaInfo:
    """Tell whether so many files may be uploaded and described this month, and in which portions."""
    services, since = services_of(request), month_of(datetime.now(UTC))
    usage = await run_in_threadpool(services.database.read, lambda t: t.tenants.usage(caller.tenant_id, since))
    available = Allowance(caller.plan, usage).available
    enough = available is None or file_count <= available
    return QuotaInfo(
        can_proceed=enough,
        requested=file_count,
        available=available,
        monthly_limit=caller.plan.descriptions_per_month,
        current_usage=usage.descriptions,
        max_batch_size=_max_files(services, caller),
        max_concurrent_uploads=caller.plan.concurrent_uploads,
        message=None if enough else f"The plan '{caller.plan.name}' allows {available} more files this month (UTC).",
    )


def _count(metrics: Metrics, receipt: BatchReceipt, arrivals: Sequence[Arrival]) -> None:
    for entry in receipt.files:
        metrics.uploaded("batch", "replayed" if receipt.replayed else entry.outcome)
    for arrival in arrivals:
        if arrival.error is not None:
            metrics.refused(arrival.error.code)
    metrics.took("batch", receipt.processing_time_ms)


def _max_files(services: Services, caller: Caller) -> int:
    return min(services.limits.max_batch_files, caller.plan.files_per_batch)


def _rules(services: Services, caller: Caller) -> FormRules:
    limits, max_files = services.limits, _max_files(services, caller)
    return FormRules(
        part="files",
        max_files=max_files,
        max_body_bytes=limits.max_batch_bytes,
        keep_going=True,
        too_many=lambda: BatchTooLarge(
            f"A request may hold {max_files} files at most. Send them in several requests.", max_files=max_files
        ),
    )


def _check_size(services: Services, declared: int) -> None:
    limits = services.limits
    if declared > limits.max_batch_bytes:
        raise PayloadTooLarge(
            f"The request is larger than {limits.max_batch_bytes} bytes. Send the files in several requests.",
            max_bytes=limits.max_batch_bytes,
        )
