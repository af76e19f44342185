"""Webhooks: made, changed, removed, tried out; the messages to them: listed, looked at, sent again."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types import webhooks as wire
from scopix_server.api import webhook_shapes
from scopix_server.api.auth import Admin
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import WebhooksDep
from scopix_server.api.problems import responses
from scopix_server.domain.webhooks import DeliveryStatus, EventType

__all__ = ["router"]

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=wire.CreatedWebhook, responses=responses(400, 401, 403, 409, 422))
async def create_webhook(caller: Admin, webhooks: WebhooksDep, body: wire.CreateWebhookRequest) -> wire.CreatedWebhook:
    """Name an address to be told of what happens. The answer shows its secret, this once."""
    made = await run_in_threadpool(
        webhooks.create, caller.tenant_id, body.url, _event_types(body.events), body.description
    )
    return webhook_shapes.created_webhook(*made)


@router.get("", response_model=wire.WebhookList, responses=responses(401, 403))
async def list_webhooks(caller: Admin, webhooks: WebhooksDep) -> wire.WebhookList:
    """List the tenant's webhooks, oldest first."""
    return webhook_shapes.webhook_list(await run_in_threadpool(webhooks.list, caller.tenant_id))


@router.get("/{webhook_id}", response_model=wire.WebhookInfo, responses=responses(401, 403, 404))
async def get_webhook(caller: Admin, webhooks: WebhooksDep, webhook_id: str) -> wire.WebhookInfo:
    """Return a webhook; its secret nobody sees again."""
    return webhook_shapes.webhook_info(await run_in_threadpool(webhooks.find, caller.tenant_id, webhook_id))


@router.patch("/{webhook_id}", response_model=wire.WebhookInfo, responses=responses(400, 401, 403, 404, 422))
async def update_webhook(
    caller: Admin, webhooks: WebhooksDep, webhook_id: str, changes: wire.UpdateWebhookRequest
) -> wire.WebhookInfo:
    """Change address, description or events, or switch it off and on."""
    changed: dict[str, Any] = {
        name: getattr(changes, name)
        for name in ("url", "description", "is_active")
        if name in changes.model_fields_set and (getattr(changes, name) is not None or name == "description")
    }
    if changes.events is not None:
        changed["events"] = _event_types(changes.events)
    return webhook_shapes.webhook_info(await run_in_threadpool(webhooks.update, caller.tenant_id, webhook_id, changed))


@router.delete("/{webhook_id}", status_code=204, responses=responses(401, 403, 404))
async def delete_webhook(caller: Admin, webhooks: WebhooksDep, webhook_id: str) -> None:
    """Remove a webhook and all messages to it."""
    await run_in_threadpool(webhooks.delete, caller.tenant_id, webhook_id)


@router.post("/{webhook_id}/secret", response_model=wire.CreatedWebhook, responses=responses(401, 403, 404))
async def renew_secret(caller: Admin, webhooks: WebhooksDep, webhook_id: str) -> wire.CreatedWebhook:
    """Replace the secret. Messages are signed with the new one from now on; the answer shows it, this once."""
    renewed = await run_in_threadpool(webhooks.renew_secret, caller.tenant_id, webhook_id)
    return webhook_shapes.created_webhook(*renewed)


@router.post(
    "/{webhook_id}/ping", status_code=202, response_model=wire.WebhookDelivery, responses=responses(401, 403, 404)
)
async def ping_webhook(caller: Admin, webhooks: WebhooksDep, webhook_id: str) -> wire.WebhookDelivery:
    """Send a message to try the webhook out; ask for the delivery to see what came of it."""
    return webhook_shapes.delivery_info(await run_in_threadpool(webhooks.ping, caller.tenant_id, webhook_id))


@router.get(
    "/{webhook_id}/deliveries", response_model=wire.WebhookDeliveryList, responses=responses(401, 403, 404, 422)
)
async def list_deliveries(
    caller: Admin,
    webhooks: WebhooksDep,
    webhook_id: str,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> wire.WebhookDeliveryList:
    """List the messages to a webhook, newest first."""
    page, total = await run_in_threadpool(
        lambda: webhooks.deliveries(caller.tenant_id, webhook_id, status=status, limit=limit, offset=offset)
    )
    return webhook_shapes.delivery_list(page, total, limit, offset)


@router.get("/deliveries/{delivery_id}", response_model=wire.WebhookDelivery, responses=responses(401, 403, 404))
async def get_delivery(caller: Admin, webhooks: WebhooksDep, delivery_id: str) -> wire.WebhookDelivery:
    """Return a message, with every attempt at it."""
    return webhook_shapes.delivery_info(*await run_in_threadpool(webhooks.delivery, caller.tenant_id, delivery_id))


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=wire.WebhookDelivery,
    responses=responses(401, 403, 404),
)
async def replay_delivery(caller: Admin, webhooks: WebhooksDep, delivery_id: str) -> wire.WebhookDelivery:
    """Send a message once more, under the same id."""
    return webhook_shapes.delivery_info(await run_in_threadpool(webhooks.replay, caller.tenant_id, delivery_id))


def _event_types(named: Sequence[str]) -> tuple[EventType, ...]:
    return tuple(EventType(event) for event in dict.fromkeys(named))
