"""The application: routes, errors, and what surrounds them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from scopix_server.api import document, page, problems
from scopix_server.api.head import HeadOfGet
from scopix_server.api.limits import RateLimitHeaders
from scopix_server.api.links import origin_of
from scopix_server.api.metrics import RequestMetrics
from scopix_server.api.middleware import BodyGuard, RequestContext
from scopix_server.api.parts import Parts
from scopix_server.api.routes import (
    analyze,
    ask,
    batch,
    categories,
    changes,
    content,
    descriptions,
    direct,
    edits,
    events,
    files,
    health,
    keys,
    layout,
    metrics,
    pages,
    processing,
    reviews,
    rules,
    search,
    sessions,
    sign_in,
    similar,
    storage,
    tags,
    tenant,
    tiles,
    uploads,
    webhooks,
)
from scopix_server.api.short_way import ShortWay

__all__ = ["create_app", "surround"]

PREFIX = "/api/v2"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(parts: Parts, *, version: str, lifespan: Lifespan | None = None) -> FastAPI:
    """Build the API over `parts`. The interactive documentation at /docs loads nothing from elsewhere."""
    app = FastAPIOffline(
        title="Scopix",
        version=version,
        description="Put pictures in, get understanding out.",
        openapi_url=f"{PREFIX}/openapi.json",
        redoc_url=None,
        generate_unique_id_function=document.operation_id,
        lifespan=lifespan,
    )
    app.state.parts = parts
    problems.install(app)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(uploads.router, prefix=PREFIX)
    app.include_router(analyze.router, prefix=PREFIX)
    # Before the files, whose `/files/{file_id}` would take `/files/quota-check` for a file.
    app.include_router(batch.router, prefix=PREFIX)
    app.include_router(direct.router, prefix=PREFIX)
    app.include_router(sessions.router, prefix=PREFIX)
    app.include_router(events.router, prefix=PREFIX)
    app.include_router(categories.router, prefix=PREFIX)
    app.include_router(sessions.first_generation, prefix=PREFIX)
    app.include_router(processing.router, prefix=PREFIX)
    app.include_router(edits.router, prefix=PREFIX)
    app.include_router(layout.router, prefix=PREFIX)
    app.include_router(changes.router, prefix=PREFIX)
    app.include_router(files.router, prefix=PREFIX)
    app.include_router(tiles.router, prefix=PREFIX)
    app.include_router(pages.router, prefix=PREFIX)
    app.include_router(descriptions.router, prefix=PREFIX)
    app.include_router(search.router, prefix=PREFIX)
    app.include_router(ask.router, prefix=PREFIX)
    app.include_router(similar.router, prefix=PREFIX)
    app.include_router(keys.router, prefix=PREFIX)
    app.include_router(sign_in.router, prefix=PREFIX)
    app.include_router(tenant.router, prefix=PREFIX)
    app.include_router(webhooks.router, prefix=PREFIX)
    app.include_router(tags.router, prefix=PREFIX)
    app.include_router(rules.router, prefix=PREFIX)
    app.include_router(reviews.router, prefix=PREFIX)
    app.include_router(storage.router, prefix=PREFIX)
    app.include_router(content.router, prefix=PREFIX)
    document.install(app, parts.reception.categories.names())
    page.install(app, origins=() if (store := parts.reception.links.store) is None else (origin_of(store),))
    return app


def _for_pages_of(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins use the API from a browser. Keys are headers, so no cookies are asked for."""
    sent = [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-None-Match",
        "Last-Event-ID",
        "Range",
        "X-Request-ID",
    ]
    exposed = ["Content-Disposition", "Content-Range", "ETag", "Idempotent-Replayed", "Location", "Retry-After"]
    exposed += ["X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    return CORSMiddleware(app, origins, methods, sent, expose_headers=exposed, max_age=600)


def surround(app: FastAPI, parts: Parts) -> ASGIApp:
    """Wrap an application in what every request needs, outside even the handler of unexpected errors."""
    uploads_first = ShortWay(app, [*uploads.router.routes, *batch.router.routes], parts, prefix=PREFIX)
    limited: ASGIApp = RateLimitHeaders(HeadOfGet(uploads_first, app), parts.rates)
    if parts.origins:
        limited = _for_pages_of(limited, parts.origins)
    return RequestContext(RequestMetrics(BodyGuard(limited), parts.reception.metrics))
