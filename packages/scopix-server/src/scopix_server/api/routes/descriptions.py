"""The versions of a file's description: listed, compared, chosen."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool

from scopix.types.descriptions import DescriptionVersionList
from scopix.types.files import FullDescription
from scopix_server.api import shapes
from scopix_server.api.auth import Reader, Writer
from scopix_server.api.dependencies import EditorDep, FilesDep
from scopix_server.api.problems import responses

__all__ = ["router"]

router = APIRouter(tags=["files"])


@router.get(
    "/files/{file_id}/descriptions", response_model=DescriptionVersionList, responses=responses(401, 403, 404, 409)
)
async def list_descriptions(caller: Reader, files: FilesDep, file_id: str) -> DescriptionVersionList:
    """List all versions of a file's description, newest first: who wrote them, how, and what it cost."""
    file, versions = await run_in_threadpool(files.versions, caller.tenant_id, file_id)
    return DescriptionVersionList(image_id=file.id, items=[shapes.full_description(version) for version in versions])


@router.post(
    "/files/{file_id}/descriptions/{version}/current",
    response_model=FullDescription,
    responses=responses(401, 403, 404, 409, 422),
)
async def set_current_description(
    caller: Writer, editor: EditorDep, file_id: str, version: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> FullDescription:
    """Make a version the one that counts: it is shown, searched and listed, until an engine gives another.

    A version written by a person counts until another one is chosen here.
    """
    chosen = await run_in_threadpool(editor.choose_version, caller.tenant_id, file_id, version)
    return shapes.full_description(chosen)
