"""GET /metrics, for Prometheus: outside /api/v2, and not for everybody."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from scopix_server.api.dependencies import MetricsAccessDep, MetricsDep, RatesDep
from scopix_server.api.problems import responses
from scopix_server.domain.errors import InvalidApiKey, MissingApiKey, NotFound

__all__ = ["router"]

router = APIRouter(tags=["health"])

_TEXT = {"description": "The figures.", "content": {"text/plain": {"schema": {"type": "string"}}}}


@router.get("/metrics", response_class=Response, responses={200: _TEXT, **responses(401, 403, 404)})
async def get_metrics(request: Request, metrics: MetricsDep, access: MetricsAccessDep, rates: RatesDep) -> Response:
    """Return the server's figures in the text format of Prometheus, to those whom SCOPIX_METRICS lets in."""
    if access is None:
        raise NotFound("This server shows no figures: SCOPIX_METRICS is off.")
    try:
        access.check(request)
    except (MissingApiKey, InvalidApiKey):
        rates.count_failure(request.scope)
        raise
    return Response(await run_in_threadpool(metrics.render), media_type=CONTENT_TYPE_LATEST)
