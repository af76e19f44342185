"""GET /content/{token}: bytes for whoever holds a signed link."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from scopix_server.api.problems import responses
from scopix_server.api.requests import url_in_store
from scopix_server.api.services import services_of
from scopix_server.domain.errors import NotFound

__all__ = ["router"]

router = APIRouter(tags=["content"])


@router.get(
    "/content/{token}",
    response_class=FileResponse,
    responses={
        200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "description": "The bytes."},
        302: {"description": "They are in a bucket, at this address for one hour."},
        **responses(400, 403, 404, 503),
    },
)
async def get_content(request: Request, token: str) -> Response:
    """Return the bytes a signed link stands for. Needs no key: the link is the permission."""
    services = services_of(request)
    grant = services.links.read(token)
    if grant.bucket is not None or services.serving is None:
        return RedirectResponse(await url_in_store(request, grant), 302, {"Referrer-Policy": "no-referrer"})
    path = services.serving.path(grant.object_key)
    if not await run_in_threadpool(path.is_file):
        raise NotFound("The file is gone from storage.", resource_type="file")
    return FileResponse(
        path,
        media_type=grant.content_type,
        headers={
            "Content-Disposition": grant.content_disposition,
            # The bytes come from strangers: a browser may show them as a picture, and must not run anything in them.
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "private, max-age=3600",
            "Referrer-Policy": "no-referrer",
        },
    )
