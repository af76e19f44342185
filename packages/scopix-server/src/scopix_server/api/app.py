"""The application: routes, errors, and what surrounds them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from scopix_server.api import document, problems
from scopix_server.api.limits import RateLimitHeaders
from scopix_server.api.metrics import RequestMetrics
from scopix_server.api.middleware import BodyGuard, RequestContext
from scopix_server.api.routes import (
    batch,
    categories,
    content,
    descriptions,
    direct,
    edits,
    events,
    files,
    health,
    keys,
    metrics,
    processing,
    sessions,
    similar,
    storage,
    tenant,
    uploads,
    webhooks,
)
from scopix_server.api.services import Services

__all__ = ["create_app", "surround"]

PREFIX = "/api/v2"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(services: Services, *, version: str, lifespan: Lifespan | None = None) -> FastAPI:
    """Build the API over `services`. The interactive documentation at /docs loads nothing from elsewhere."""
    app = FastAPIOffline(
        title="Scopix",
        version=version,
        description="Put pictures in, get understanding out.",
        openapi_url=f"{PREFIX}/openapi.json",
        redoc_url=None,
        generate_unique_id_function=document.operation_id,
        lifespan=lifespan,
    )
    app.state.services = services
    problems.install(app)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(uploads.router, prefix=PREFIX)
    # Before the files, whose `/files/{file_id}` would take `/files/quota-check` for a file.
    app.include_router(batch.router, prefix=PREFIX)
    app.include_router(direct.router, prefix=PREFIX)
    app.include_router(sessions.router, prefix=PREFIX)
    app.include_router(events.router, prefix=PREFIX)
    app.include_router(categories.router, prefix=PREFIX)
    app.include_router(sessions.first_generation, prefix=PREFIX)
    app.include_router(processing.router, prefix=PREFIX)
    app.include_router(edits.router, prefix=PREFIX)
    app.include_router(files.router, prefix=PREFIX)
    app.include_router(descriptions.router, prefix=PREFIX)
    app.include_router(similar.router, prefix=PREFIX)
    app.include_router(keys.router, prefix=PREFIX)
    app.include_router(tenant.router, prefix=PREFIX)
    app.include_router(webhooks.router, prefix=PREFIX)
    app.include_router(storage.router, prefix=PREFIX)
    app.include_router(content.router, prefix=PREFIX)
    document.install(app, services.categories.names())
    return app


def surround(app: ASGIApp, services: Services) -> ASGIApp:
    """Wrap an application in what every request needs, outside even the handler of unexpected errors."""
    limited = RateLimitHeaders(app, services.rates)
    return RequestContext(RequestMetrics(BodyGuard(limited), services.metrics))
