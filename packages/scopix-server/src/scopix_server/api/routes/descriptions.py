"""The versions of a file's description: listed, compared, chosen."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.descriptions import DescriptionVersionList
from scopix.types.files import FullDescription
from scopix_server.api import shapes
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.problems import responses
from scopix_server.api.requests import find_file
from scopix_server.api.services import services_of
from scopix_server.domain.ports import Transaction
from scopix_server.pipeline.revise import choose_version

__all__ = ["router"]

router = APIRouter(tags=["files"])


@router.get(
    "/files/{file_id}/descriptions", response_model=DescriptionVersionList, responses=responses(401, 403, 404, 409)
)
async def list_descriptions(request: Request, caller: Reader, file_id: str) -> DescriptionVersionList:
    """List all versions of a file's description, newest first: who wrote them, how, and what it cost."""
    file = await find_file(request, caller.tenant_id, file_id)
    versions = await run_in_threadpool(
        services_of(request).database.read, lambda transaction: transaction.descriptions.versions(file.id)
    )
    return DescriptionVersionList(image_id=file.id, items=[shapes.full_description(version) for version in versions])


@router.post(
    "/files/{file_id}/descriptions/{version}/current",
    response_model=FullDescription,
    responses=responses(401, 403, 404, 409, 422),
)
async def set_current_description(
    request: Request, caller: Writer, file_id: str, version: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> FullDescription:
    """Make a version the one that counts: it is shown, searched and listed, until an engine gives another.

    A version written by a person counts until another one is chosen here.
    """
    file = await find_file(request, caller.tenant_id, file_id)
    now = datetime.now(UTC)

    def choose(transaction: Transaction) -> FullDescription:
        choose_version(transaction, file, version, now)
        found = next(v for v in transaction.descriptions.versions(file.id) if v.is_current)
        return shapes.full_description(found)

    return await run_in_threadpool(services_of(request).database.write, choose)
