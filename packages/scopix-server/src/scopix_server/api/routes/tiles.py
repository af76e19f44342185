"""Deep-zoom tiles of large pictures (DZI), by key or by a signed link.

Both ways lead to the same names, so that a viewer that is given the address of the descriptor finds the tiles by it.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import FilesDep, LinkFactoryDep, TilesDep
from scopix_server.api.problems import responses
from scopix_server.domain.errors import NotFound
from scopix_server.domain.file import File
from scopix_server.domain.tiles import TILES, TileGrid

__all__ = ["router"]

router = APIRouter(tags=["files"])

_HEADERS: Final = {
    # A file's tiles are made once and never change.
    "Cache-Control": "private, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
Responses = dict[int | str, dict[str, Any]]
_XML: Final = "application/xml"
_DESCRIPTOR: Final[Responses] = {
    200: {"content": {_XML: {"schema": {"type": "string"}}}, "description": "The descriptor: size, side, format."}
}
_TILE: Final[Responses] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "The tile."}
}
Level = Annotated[int, Path(ge=0, le=32, description="0 has one pixel; each further level twice the side.")]
Column = Annotated[int, Path(ge=0, le=1 << 31)]
Row = Annotated[int, Path(ge=0, le=1 << 31)]


@router.get(
    "/files/{file_id}/tiles.dzi", response_class=Response, responses=_DESCRIPTOR | responses(401, 403, 404, 409, 503)
)
async def get_tiles_descriptor(caller: Reader, files: FilesDep, tiles: TilesDep, file_id: str) -> Response:
    """Describe the deep-zoom tiles of a large picture, in the form of DZI. 404 where a file has none (yet)."""
    key = await run_in_threadpool(_key_of, files, caller.tenant_id, file_id)
    return _descriptor(await run_in_threadpool(tiles.grid, key))


@router.get("/files/{file_id}/tiles_files/{level}/{column}_{row}.jpg", include_in_schema=False)
@router.get(
    "/files/{file_id}/tiles/{level}/{column}_{row}.jpg",
    response_class=Response,
    responses=_TILE | responses(401, 403, 404, 409, 422, 503),
)
async def get_tile(
    caller: Reader, files: FilesDep, tiles: TilesDep, file_id: str, level: Level, column: Column, row: Row
) -> Response:
    """Return one deep-zoom tile of a large picture."""
    key = await run_in_threadpool(_key_of, files, caller.tenant_id, file_id)
    return _tile(await run_in_threadpool(tiles.tile, key, level, column, row))


@router.get(
    "/content/{token}/tiles.dzi",
    response_class=Response,
    responses=_DESCRIPTOR | responses(400, 403, 404, 503),
    tags=["content"],
)
async def get_linked_descriptor(links: LinkFactoryDep, tiles: TilesDep, token: str) -> Response:
    """Describe the tiles that a signed link stands for. Needs no key: the link is the permission."""
    return _descriptor(await run_in_threadpool(tiles.grid, links.signer.read(token).object_key))


@router.get("/content/{token}/tiles_files/{level}/{column}_{row}.jpg", include_in_schema=False)
@router.get(
    "/content/{token}/tiles/{level}/{column}_{row}.jpg",
    response_class=Response,
    responses=_TILE | responses(400, 403, 404, 422, 503),
    tags=["content"],
)
async def get_linked_tile(
    links: LinkFactoryDep, tiles: TilesDep, token: str, level: Level, column: Column, row: Row
) -> Response:
    """Return one of the tiles that a signed link stands for. Needs no key."""
    return _tile(await run_in_threadpool(tiles.tile, links.signer.read(token).object_key, level, column, row))


def _key_of(files: FilesDep, tenant_id: str, file_id: str) -> str:
    file: File = files.find(tenant_id, file_id)
    for variant in files.variants_of(file.id):
        if variant.name == TILES:
            return variant.object_key
    raise NotFound(
        f"{file.filename} has no tiles: they are made of large pictures only, after their variants.",
        resource_type="tiles",
        resource_id=file.id,
    )


def _descriptor(grid: TileGrid) -> Response:
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" TileSize="{grid.side}">'
        f'<Size Width="{grid.width}" Height="{grid.height}"/></Image>\n'
    )
    return Response(xml, media_type=_XML, headers=_HEADERS)


def _tile(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers=_HEADERS)
