"""Direct uploads: announce a file, send it in parts by signed links, complete it."""

import asyncio
import contextvars
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix.types import direct as wire
from scopix.types.vocabulary import StorageTarget
from scopix_server.api import direct_shapes
from scopix_server.api.admission import UploadRoom
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import (
    AdmissionDep,
    CatalogueDep,
    DirectUploadsDep,
    LinkFactoryDep,
    LinksDep,
    PartSignerDep,
    RatesDep,
    ReceptionDep,
)
from scopix_server.api.multipart import paced
from scopix_server.api.parts import Reception
from scopix_server.api.problems import responses
from scopix_server.api.requests import IdempotencyKey
from scopix_server.api.routes.uploads import variants_of
from scopix_server.categories import Catalogue
from scopix_server.domain.direct import DirectUpload
from scopix_server.domain.errors import Forbidden, NotFound, ValidationFailed
from scopix_server.domain.file import check_tags, check_title, display_path
from scopix_server.domain.ids import is_uuid
from scopix_server.intake.direct import Announcement, Completion
from scopix_server.intake.incoming_part import IncomingPart
from scopix_server.intake.options import UploadOptions

__all__ = ["router"]

router = APIRouter(prefix="/files/direct-uploads", tags=["direct uploads"], route_class=JsonRoute)

_HAND_OVER_BYTES = 512 * 1024
_PART_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def _addresses_of(
    request: Request, direct: DirectUploadsDep, signer: PartSignerDep, links: LinkFactoryDep
) -> Callable[[DirectUpload], direct_shapes.PartAddresses]:
    base_url = links.base_url(request)
    return lambda upload: direct_shapes.PartAddresses(upload, direct, signer, base_url, datetime.now(UTC))


_AddressesDep = Annotated[Callable[[DirectUpload], direct_shapes.PartAddresses], Depends(_addresses_of)]


@router.post(
    "",
    status_code=201,
    response_model=wire.DirectUpload,
    responses=responses(400, 401, 403, 409, 413, 422, 507),
)
async def create_direct_upload(
    caller: Writer,
    direct: DirectUploadsDep,
    known: CatalogueDep,
    admission: AdmissionDep,
    addresses: _AddressesDep,
    body: wire.CreateDirectUploadRequest,
    idempotency_key: IdempotencyKey = None,
) -> wire.DirectUpload:
    """Announce a file and get the links to send it by. For files that are too large for one request, or to resume."""
    if body.resume and body.checksum_sha256 is None:
        raise ValidationFailed("resume needs checksum_sha256, to know the file again.", field="checksum_sha256")
    announcement = Announcement(
        body.filename,
        body.size_bytes,
        body.checksum_sha256.lower() if body.checksum_sha256 else None,
        _options(body, known),
        body.resume,
        display_path(body.path or ""),
    )
    key = idempotency_key or body.idempotency_key
    # The parts and, while they are put together, the file itself.
    await asyncio.to_thread(admission.require, 2 * body.size_bytes)
    upload = await run_in_threadpool(direct.announce, caller.tenant_id, announcement, key)
    # Signing a thousand links takes a while.
    return await run_in_threadpool(direct_shapes.direct_upload, upload, addresses(upload), direct.max_bytes)


@router.get("/{upload_id}", response_model=wire.DirectUploadProgress, responses=responses(401, 403, 404))
async def get_direct_upload(caller: Reader, direct: DirectUploadsDep, upload_id: str) -> wire.DirectUploadProgress:
    """Return which parts have arrived and which are missing."""

    def read() -> wire.DirectUploadProgress:
        upload = direct.find(caller.tenant_id, _known(upload_id))
        return direct_shapes.progress(upload, direct.sent(upload), datetime.now(UTC))

    return await run_in_threadpool(read)


@router.post("/{upload_id}/parts", response_model=wire.PartLinks, responses=responses(401, 403, 404, 409, 410, 422))
async def renew_part_links(
    caller: Writer, direct: DirectUploadsDep, addresses: _AddressesDep, upload_id: str, body: wire.PartLinksRequest
) -> wire.PartLinks:
    """Return new links for parts: for those whose links have expired, and for those beyond the first 1,000."""
    upload = await run_in_threadpool(direct.find_open, caller.tenant_id, _known(upload_id))
    beyond = [number for number in body.part_numbers if number > upload.total_parts]
    if beyond:
        raise ValidationFailed(
            f"The upload has {upload.total_parts} parts; there is no part {beyond[0]}.", field="part_numbers"
        )
    links = addresses(upload)
    return await run_in_threadpool(lambda: wire.PartLinks(parts=[links.of(number) for number in body.part_numbers]))


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
async def send_part(
    request: Request,
    direct: DirectUploadsDep,
    signer: PartSignerDep,
    reception: ReceptionDep,
    rates: RatesDep,
    upload_id: str,
    part_number: int,
    token: str,
) -> Response:
    """Take in one part. Needs no key: the link is the permission. A part that is sent again replaces the earlier."""
    try:
        grant = signer.read(token)
        if (grant.upload_id, grant.number) != (upload_id.lower(), part_number):
            raise Forbidden("This link is for another part.")
    except Forbidden:
        rates.count_failure(request.scope)
        raise
    loop, threads = asyncio.get_running_loop(), reception.threads.uploads
    part = await loop.run_in_executor(threads, direct.open_part, grant.tenant_id, grant.upload_id, grant.number)
    try:
        with reception.admission.upload(grant.tenant_id, part.size_bytes) as room:
            await asyncio.to_thread(room.check_promise)
            await asyncio.shield(_take(request, reception, part, room))
            kept = loop.run_in_executor(threads, direct.keep_part, grant.tenant_id, grant.upload_id, part)
            etag = await asyncio.shield(kept)
    finally:
        await asyncio.shield(loop.run_in_executor(threads, part.discard))
    return Response(status_code=200, headers={"ETag": f'"{etag}"'})


@router.post(
    "/{upload_id}/complete",
    status_code=201,
    response_model=wire.DirectUploadResult,
    responses=responses(400, 401, 403, 404, 409, 410, 413, 422, 503, 507),
)
async def complete_direct_upload(
    caller: Writer,
    direct: DirectUploadsDep,
    reception: ReceptionDep,
    links: LinksDep,
    upload_id: str,
    sent: wire.CompleteDirectUploadRequest | None = None,
) -> wire.DirectUploadResult:
    """Check what has arrived (size, SHA-256, type) and make it a file, whose description is queued.

    Parts that are missing can be sent after a 409; any other refusal ends the upload.
    """
    etags = {part.part_number: part.etag for part in sent.parts or ()} if sent else {}
    claimed = Completion(sent.size_bytes, sent.checksum, etags) if sent else Completion()
    upload = await run_in_threadpool(direct.find, caller.tenant_id, _known(upload_id))
    threads = reception.threads.storing_to(caller.tenant_id, StorageTarget(upload.options["storage_target"]))
    loop = asyncio.get_running_loop()
    run = contextvars.copy_context().run
    receipt = await loop.run_in_executor(threads, run, direct.complete, caller.tenant_id, upload.id, claimed)
    reception.metrics.uploaded("direct", receipt.outcome)
    return direct_shapes.result(receipt, await variants_of(receipt, reception.files), links)


@router.delete("/{upload_id}", response_model=wire.DirectUploadProgress, responses=responses(401, 403, 404, 409))
async def abort_direct_upload(caller: Writer, direct: DirectUploadsDep, upload_id: str) -> wire.DirectUploadProgress:
    """Give an upload up and remove what has arrived of it."""

    def abort() -> wire.DirectUploadProgress:
        upload: DirectUpload = direct.abort(caller.tenant_id, _known(upload_id))
        return direct_shapes.progress(upload, {}, datetime.now(UTC))

    return await run_in_threadpool(abort)


async def _take(request: Request, reception: Reception, part: IncomingPart, room: UploadRoom) -> None:
    """Write the body as it arrives, in pieces worth a thread's while."""

    def write(data: bytes) -> None:
        room.check_disk()
        part.write(data)

    loop, threads = asyncio.get_running_loop(), reception.threads.uploads
    held: list[bytes] = []
    size = 0
    async for chunk in paced(request.stream(), reception.limits.body_pace):
        room.arrived(len(chunk))
        held.append(chunk)
        size += len(chunk)
        if size >= _HAND_OVER_BYTES:
            await loop.run_in_executor(threads, write, b"".join(held))
            held, size = [], 0
    if held:
        await loop.run_in_executor(threads, write, b"".join(held))


def _known(upload_id: str) -> str:
    known_id = upload_id.lower()
    if not is_uuid(known_id):
        raise NotFound(f"There is no direct upload '{upload_id[:64]}'.", resource_type="direct_upload")
    return known_id


def _options(body: wire.CreateDirectUploadRequest, known: Catalogue) -> UploadOptions:
    return UploadOptions(
        title=check_title(body.title),
        tags=check_tags(body.tags or []),
        auto_describe=body.auto_describe,
        skip_duplicates=body.skip_duplicates,
        describe_once=body.describe_once,
        storage_target=body.storage_target,
        folder_id=str(body.folder_id) if body.folder_id else None,
        project_id=str(body.project_id) if body.project_id else None,
        content_category=known.check(body.content_category),
        custom_schema_id=str(body.custom_schema_id) if body.custom_schema_id else None,
    )
