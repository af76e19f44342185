"""Direct uploads: announce a file, send it in parts by signed links, complete it."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix.types import direct as wire
from scopix.types.vocabulary import StorageTarget
from scopix_server.api import direct_shapes
from scopix_server.api.admission import UploadRoom
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.multipart import with_timeout
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey, is_uuid, links_of
from scopix_server.api.services import Services, services_of
from scopix_server.categories import Catalogue
from scopix_server.domain.direct import DirectUpload
from scopix_server.domain.errors import Forbidden, NotFound, ValidationFailed
from scopix_server.domain.file import check_tags, check_title
from scopix_server.pipeline.direct import Announcement, Completion
from scopix_server.pipeline.incoming_part import IncomingPart
from scopix_server.pipeline.receive import UploadOptions

__all__ = ["router"]

router = APIRouter(prefix="/files/direct-uploads", tags=["direct uploads"], route_class=JsonRoute)

_HAND_OVER_BYTES = 512 * 1024
_PART_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "",
    status_code=201,
    response_model=wire.DirectUpload,
    responses=responses(400, 401, 403, 409, 413, 422, 507),
)
async def create_direct_upload(
    request: Request, caller: Writer, wanted: wire.CreateDirectUploadRequest, idempotency_key: IdempotencyKey = None
) -> wire.DirectUpload:
    """Announce a file and get the links to send it by. For files that are too large for one request, or to resume."""
    services = services_of(request)
    if wanted.resume and wanted.checksum_sha256 is None:
        raise ValidationFailed("resume needs checksum_sha256, to know the file again.", field="checksum_sha256")
    announcement = Announcement(
        wanted.filename,
        wanted.size_bytes,
        wanted.checksum_sha256.lower() if wanted.checksum_sha256 else None,
        _options(wanted, services.categories),
        wanted.resume,
    )
    key = idempotency_key or wanted.idempotency_key
    await asyncio.to_thread(_check_room, services, wanted.size_bytes)
    upload = await run_in_threadpool(services.direct.announce, caller.tenant_id, announcement, key)
    # Signing a thousand links takes a while.
    return await run_in_threadpool(
        direct_shapes.direct_upload, upload, _addresses(request, upload), services.direct.max_bytes
    )


@router.get("/{upload_id}", response_model=wire.DirectUploadProgress, responses=responses(401, 403, 404))
async def get_direct_upload(request: Request, caller: Reader, upload_id: str) -> wire.DirectUploadProgress:
    """Return which parts have arrived and which are missing."""
    direct = services_of(request).direct

    def read() -> wire.DirectUploadProgress:
        upload = direct.find(caller.tenant_id, _known(upload_id))
        return direct_shapes.progress(upload, direct.sent(upload), datetime.now(UTC))

    return await run_in_threadpool(read)


@router.post("/{upload_id}/parts", response_model=wire.PartLinks, responses=responses(401, 403, 404, 409, 410, 422))
async def renew_part_links(
    request: Request, caller: Writer, upload_id: str, wanted: wire.PartLinksRequest
) -> wire.PartLinks:
    """Return new links for parts: for those whose links have expired, and for those beyond the first 1,000."""
    direct = services_of(request).direct
    upload = await run_in_threadpool(direct.find_open, caller.tenant_id, _known(upload_id))
    beyond = [number for number in wanted.part_numbers if number > upload.total_parts]
    if beyond:
        raise ValidationFailed(
            f"The upload has {upload.total_parts} parts; there is no part {beyond[0]}.", field="part_numbers"
        )
    addresses = _addresses(request, upload)
    return await run_in_threadpool(
        lambda: wire.PartLinks(parts=[addresses.of(number) for number in wanted.part_numbers])
    )


@router.put(
    "/{upload_id}/parts/{part_number}",
    response_class=Response,
    responses={
        200: {
            "description": "The part has arrived.",
            "headers": {
                "ETag": {"description": "MD5 of its bytes, in hex.", "required": True, "schema": {"type": "string"}}
            },
        },
        **responses(400, 403, 404, 408, 409, 410, 413, 422, 429, 507),
    },
    openapi_extra=_PART_BODY,
)
async def send_part(request: Request, upload_id: str, part_number: int, token: str) -> Response:
    """Take in one part. Needs no key: the link is the permission. A part that is sent again replaces the earlier."""
    services = services_of(request)
    try:
        grant = services.part_links.read(token)
        if (grant.upload_id, grant.number) != (upload_id.lower(), part_number):
            raise Forbidden("This link is for another part.")
    except Forbidden:
        services.rates.count_failure(request.scope)
        raise
    loop = asyncio.get_running_loop()
    part = await loop.run_in_executor(
        services.uploads, services.direct.open_part, grant.tenant_id, grant.upload_id, grant.number
    )
    try:
        with services.admission.upload(grant.tenant_id, part.size_bytes) as room:
            await asyncio.to_thread(room.check_promise)
            await asyncio.shield(_take(request, services, part, room))
            kept = loop.run_in_executor(
                services.uploads, services.direct.keep_part, grant.tenant_id, grant.upload_id, part
            )
            etag = await asyncio.shield(kept)
    finally:
        await asyncio.shield(loop.run_in_executor(services.uploads, part.discard))
    return Response(status_code=200, headers={"ETag": f'"{etag}"'})


@router.post(
    "/{upload_id}/complete",
    status_code=201,
    response_model=wire.DirectUploadResult,
    responses=responses(400, 401, 403, 404, 409, 410, 413, 422, 503, 507),
)
async def complete_direct_upload(
    request: Request, caller: Writer, upload_id: str, sent: wire.CompleteDirectUploadRequest | None = None
) -> wire.DirectUploadResult:
    """Check what has arrived (size, SHA-256, type) and make it a file, whose description is queued.

    Parts that are missing can be sent after a 409; any other refusal ends the upload.
    """
    services = services_of(request)
    etags = {part.part_number: part.etag for part in sent.parts or ()} if sent else {}
    claimed = Completion(sent.size_bytes, sent.checksum, etags) if sent else Completion()
    upload = await run_in_threadpool(services.direct.find, caller.tenant_id, _known(upload_id))
    threads = services.threads_for(StorageTarget(upload.options["storage_target"]))
    loop = asyncio.get_running_loop()
    receipt = await loop.run_in_executor(threads, services.direct.complete, caller.tenant_id, upload.id, claimed)
    outcome = "duplicate" if receipt.duplicate else "accepted"
    services.metrics.uploaded("direct", "replayed" if receipt.replayed else outcome)
    variants = await run_in_threadpool(services.database.read, lambda t: t.variants.of([receipt.file.id]))
    return direct_shapes.result(receipt, variants.get(receipt.file.id, ()), links_of(request))


@router.delete("/{upload_id}", response_model=wire.DirectUploadProgress, responses=responses(401, 403, 404, 409))
async def abort_direct_upload(request: Request, caller: Writer, upload_id: str) -> wire.DirectUploadProgress:
    """Give an upload up and remove what has arrived of it."""
    direct = services_of(request).direct

    def abort() -> wire.DirectUploadProgress:
        upload: DirectUpload = direct.abort(caller.tenant_id, _known(upload_id))
        return direct_shapes.progress(upload, {}, datetime.now(UTC))

    return await run_in_threadpool(abort)


async def _take(request: Request, services: Services, part: IncomingPart, room: UploadRoom) -> None:
    """Write the body as it arrives, in pieces worth a thread's while."""

    def write(data: bytes) -> None:
        room.check_disk()
        part.write(data)

    loop = asyncio.get_running_loop()
    held: list[bytes] = []
    size = 0
    async for chunk in with_timeout(request.stream(), services.limits.body_idle_seconds):
        room.arrived(len(chunk))
        held.append(chunk)
        size += len(chunk)
        if size >= _HAND_OVER_BYTES:
            await loop.run_in_executor(services.uploads, write, b"".join(held))
            held, size = [], 0
    if held:
        await loop.run_in_executor(services.uploads, write, b"".join(held))


def _known(upload_id: str) -> str:
    wanted = upload_id.lower()
    if not is_uuid(wanted):
        raise NotFound(f"There is no direct upload '{upload_id[:64]}'.", resource_type="direct_upload")
    return wanted


def _options(wanted: wire.CreateDirectUploadRequest, known: Catalogue) -> UploadOptions:
    return UploadOptions(
        title=check_title(wanted.title),
        tags=check_tags(wanted.tags or []),
        auto_describe=wanted.auto_describe,
        skip_duplicates=wanted.skip_duplicates,
        storage_target=wanted.storage_target,
        folder_id=str(wanted.folder_id) if wanted.folder_id else None,
        project_id=str(wanted.project_id) if wanted.project_id else None,
        content_category=known.check(wanted.content_category),
        custom_schema_id=str(wanted.custom_schema_id) if wanted.custom_schema_id else None,
    )


def _addresses(request: Request, upload: DirectUpload) -> direct_shapes.PartAddresses:
    services = services_of(request)
    base_url = services.public_url or str(request.base_url)
    return direct_shapes.PartAddresses(upload, services.direct, services.part_links, base_url, datetime.now(UTC))


def _check_room(services: Services, size: int) -> None:
    # The parts and, while they are put together, the file itself.
    services.admission.require(2 * size)
