"""GET /content/{token}: bytes for whoever holds a signed link."""

import os
import stat
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from scopix_server.api.dependencies import LinkFactoryDep, ServingDep, StoreLinksDep
from scopix_server.api.problems import responses
from scopix_server.domain.errors import NotFound

__all__ = ["router"]

router = APIRouter(tags=["content"])


@router.head("/content/{token}", include_in_schema=False)
@router.get(
    "/content/{token}",
    response_class=FileResponse,
    responses={
        200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "description": "The bytes."},
        304: {
            "description": "They are what `If-None-Match` or `If-Modified-Since` names.",
            "headers": {"ETag": {"description": "Names these bytes.", "schema": {"type": "string"}}},
        },
        302: {"description": "They are in a bucket, at this address for one hour."},
        **responses(400, 403, 404, 503),
    },
)
async def get_content(
    request: Request, links: LinkFactoryDep, store_links: StoreLinksDep, serving: ServingDep, token: str
) -> Response:
    """Return the bytes a signed link stands for. Needs no key: the link is the permission."""
    grant = links.signer.read(token)
    if grant.bucket is not None or serving is None:
        return RedirectResponse(await store_links.to(grant), 302, {"Referrer-Policy": "no-referrer"})
    path = serving.path(grant.object_key)
    found = await run_in_threadpool(_look_at, path)
    if found is None:
        raise NotFound("The file is gone from storage.", resource_type="file")
    response = FileResponse(
        path,
        stat_result=found,
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
    if _has_it(request, response.headers["ETag"], found.st_mtime):
        kept = ("ETag", "Last-Modified", "Cache-Control", "Content-Security-Policy", "Cross-Origin-Resource-Policy")
        return Response(status_code=304, headers={name: response.headers[name] for name in kept})
    return response


def _look_at(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _has_it(request: Request, etag: str, modified: float) -> bool:
    """Whether the client has the bytes already, by the conditions of its request (RFC 9110, 13.2.2)."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        return known.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in known.split(",")}
    try:
        since = parsedate_to_datetime(request.headers.get("If-Modified-Since", ""))
    except (TypeError, ValueError):
        return False
    return since.tzinfo is not None and int(modified) <= since.timestamp()
