"""POST /files/upload/batch, and the quota that a client asks for before it."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix.types.sessions import BatchUploadResponse, QuotaInfo
from scopix.types.vocabulary import StorageTarget
from scopix_server.api import session_shapes
from scopix_server.api.auth import Uploader, UsageReader
from scopix_server.api.dependencies import LimitsDep, ReceptionDep, UsagesDep
from scopix_server.api.forms import file_paths, session_options, unknown_field_warnings, upload_options
from scopix_server.api.metrics import Metrics
from scopix_server.api.multipart import FormFile, FormRules, UploadForm, boundary_of
from scopix_server.api.parts import ApiLimits
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, declared_length
from scopix_server.api.routes.uploads import FORM, PATH, UUID, check_promise, form_body
from scopix_server.domain.errors import BatchTooLarge, PayloadTooLarge
from scopix_server.domain.plans import Allowance
from scopix_server.domain.tenant import Caller
from scopix_server.intake.accept import Arrival, Upload
from scopix_server.intake.receipts import Receipt

__all__ = ["router"]

router = APIRouter(tags=["files"])

_SHARED = {name: shape for name, shape in FORM["properties"].items() if name not in {"file", "title", "path"}}
_BATCH_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}},
        **_SHARED,
        "path": {
            "type": "array",
            "items": PATH,
            "description": "Where each file is at its client, relative, in their order; one for each, or none.",
        },
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

_FIELDS = frozenset(_BATCH_FORM["properties"]) - {"files"}


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
    reception: ReceptionDep,
    idempotency_key: IdempotencyKey = None,
) -> BatchUploadResponse:
    """Upload several images in one request, as a session or as part of one.

    A file that is refused costs the others nothing: it is listed in `rejections`.
    """
    boundary = boundary_of(request.headers.get("Content-Type"))
    length = declared_length(request)
    _check_size(reception.limits, length)
    with reception.admission.upload(caller.tenant_id, length) as room:
        await check_promise(room, length)
        form = UploadForm(reception.intake.open, reception.threads.uploads, _rules(reception.limits, caller), room)
        try:
            await form.read(request.stream(), boundary, reception.limits.body_pace)

            def prepare() -> Upload:
                options, session = upload_options(form.fields, reception.categories), session_options(form.fields)
                paths = file_paths(form.paths, len(form.files))
                arrivals = [
                    Arrival(file.incoming, file.error, path=path) for file, path in zip(form.files, paths, strict=True)
                ]
                return Upload(caller.tenant_id, arrivals, options, session, idempotency_key)

            def accept(upload: Upload) -> tuple[Receipt, StorageTarget]:
                return reception.intake.accept(upload), upload.options.storage_target

            receipt, target = await form.run(prepare, accept, reception.threads.storing)
        finally:
            await form.discard()
    _count(reception.metrics, receipt, form.files)
    if receipt.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    warnings = unknown_field_warnings(form.unknown_fields, _FIELDS)
    return session_shapes.batch_response(receipt, target, warnings)


@router.get("/files/quota-check", response_model=QuotaInfo, responses=responses(401, 403, 422))
async def check_quota(
    caller: UsageReader, usages: UsagesDep, limits: LimitsDep, file_count: Annotated[int, Query(ge=1, le=1_000_000)]
) -> QuotaInfo:
    """Tell whether so many files may be uploaded and described this month, and in which portions."""
    usage = await run_in_threadpool(usages.of, caller.tenant_id)
    available = Allowance(caller.plan, usage).available
    enough = available is None or file_count <= available
    return QuotaInfo(
        can_proceed=enough,
        requested=file_count,
        available=available,
        monthly_limit=caller.plan.descriptions_per_month,
        current_usage=usage.descriptions,
        max_batch_size=_max_files(limits, caller),
        max_concurrent_uploads=caller.plan.concurrent_uploads,
        message=None if enough else f"The plan '{caller.plan.name}' allows {available} more files this month (UTC).",
    )


def _count(metrics: Metrics, receipt: Receipt, files: Sequence[FormFile]) -> None:
    for entry in receipt.files:
        metrics.uploaded("batch", "replayed" if receipt.replayed else entry.outcome)
    for file in files:
        if file.error is not None:
            metrics.refused(file.error.code)
    metrics.took("batch", receipt.processing_time_ms)


def _max_files(limits: ApiLimits, caller: Caller) -> int:
    return min(limits.max_batch_files, caller.plan.files_per_batch)


def _rules(limits: ApiLimits, caller: Caller) -> FormRules:
    max_files = _max_files(limits, caller)
    return FormRules(
        file_field="files",
        known_fields=_FIELDS,
        max_files=max_files,
        max_body_bytes=limits.max_batch_bytes,
        keep_going=True,
        too_many=lambda: BatchTooLarge(
            f"A request may hold {max_files} files at most. Send them in several requests.", max_files=max_files
        ),
    )


def _check_size(limits: ApiLimits, declared: int) -> None:
    if declared > limits.max_batch_bytes:
        raise PayloadTooLarge(
            f"The request is larger than {limits.max_batch_bytes} bytes. Send the files in several requests.",
            max_bytes=limits.max_batch_bytes,
        )
