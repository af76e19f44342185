"""Webhooks: made, changed, removed, tried out; the messages to them: listed, looked at, sent again."""

import base64
import json
import secrets
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from scopix.types import webhooks as wire
from scopix_server.api import webhook_shapes
from scopix_server.api.auth import Admin
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.problems import responses
from scopix_server.api.requests import is_uuid
from scopix_server.api.services import Services, services_of
from scopix_server.domain.errors import Conflict, NotFound
from scopix_server.domain.ports import Transaction
from scopix_server.domain.webhooks import (
    MOST_WEBHOOKS,
    WEBHOOK_SECRET,
    Delivery,
    DeliveryStatus,
    EventType,
    Webhook,
)

__all__ = ["router"]

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=JsonRoute)

_SECRET_BYTES = 32


@router.post("", status_code=201, response_model=wire.CreatedWebhook, responses=responses(400, 401, 403, 409, 422))
async def create_webhook(request: Request, caller: Admin, wanted: wire.CreateWebhookRequest) -> wire.CreatedWebhook:
    """Name an address to be told of what happens. The answer shows its secret, this once."""
    services = services_of(request)
    services.addresses.check_url(wanted.url)
    secret, sealed, key_id = _new_secret(services)
    webhook = Webhook(
        id=str(uuid.uuid4()),
        tenant_id=caller.tenant_id,
        url=wanted.url,
        description=wanted.description,
        events=tuple(EventType(event) for event in dict.fromkeys(wanted.events)),
        sealed_secret=sealed,
        key_id=key_id,
        is_active=True,
        created_at=datetime.now(UTC),
    )

    def add(transaction: Transaction) -> None:
        if len(transaction.webhooks.list(caller.tenant_id)) >= MOST_WEBHOOKS:
            raise Conflict(f"There are {MOST_WEBHOOKS} webhooks already, and there can be no more.")
        transaction.webhooks.add(webhook)

    await run_in_threadpool(services.database.write, add)
    return webhook_shapes.created_webhook(webhook, secret)


@router.get("", response_model=wire.WebhookList, responses=responses(401, 403))
async def list_webhooks(request: Request, caller: Admin) -> wire.WebhookList:
    """List the tenant's webhooks, oldest first."""
    found = await run_in_threadpool(services_of(request).database.read, lambda t: t.webhooks.list(caller.tenant_id))
    return webhook_shapes.webhook_list(found)


@router.get("/{webhook_id}", response_model=wire.WebhookInfo, responses=responses(401, 403, 404))
async def get_webhook(request: Request, caller: Admin, webhook_id: str) -> wire.WebhookInfo:
    """Return a webhook; its secret nobody sees again."""
    database = services_of(request).database
    return webhook_shapes.webhook_info(
        await run_in_threadpool(database.read, lambda t: _find(t, caller.tenant_id, webhook_id))
    )


@router.patch("/{webhook_id}", response_model=wire.WebhookInfo, responses=responses(400, 401, 403, 404, 422))
async def update_webhook(
    request: Request, caller: Admin, webhook_id: str, changes: wire.UpdateWebhookRequest
) -> wire.WebhookInfo:
    """Change address, description or events, or switch it off and on."""
    services = services_of(request)
    if changes.url is not None:
        services.addresses.check_url(changes.url)
    changed: dict[str, Any] = {
        name: getattr(changes, name)
        for name in ("url", "description", "is_active")
        if name in changes.model_fields_set and (getattr(changes, name) is not None or name == "description")
    }
    if changes.events is not None:
        changed["events"] = tuple(EventType(event) for event in dict.fromkeys(changes.events))
    if changed.get("is_active"):
        changed["disabled_reason"] = None

    def save(transaction: Transaction) -> Webhook:
        webhook = replace(_find(transaction, caller.tenant_id, webhook_id), **changed)
        transaction.webhooks.update(webhook)
        return webhook

    return webhook_shapes.webhook_info(await run_in_threadpool(services.database.write, save))


@router.delete("/{webhook_id}", status_code=204, responses=responses(401, 403, 404))
async def delete_webhook(request: Request, caller: Admin, webhook_id: str) -> None:
    """Remove a webhook and all messages to it."""

    def remove(transaction: Transaction) -> None:
        webhook = _find(transaction, caller.tenant_id, webhook_id)
        transaction.webhooks.delete(caller.tenant_id, webhook.id)

    await run_in_threadpool(services_of(request).database.write, remove)


@router.post("/{webhook_id}/secret", response_model=wire.CreatedWebhook, responses=responses(401, 403, 404))
async def renew_secret(request: Request, caller: Admin, webhook_id: str) -> wire.CreatedWebhook:
    """Replace the secret. Messages are signed with the new one from now on; the answer shows it, this once."""
    services = services_of(request)
    secret, sealed, key_id = _new_secret(services)

    def save(transaction: Transaction) -> Webhook:
        webhook = replace(_find(transaction, caller.tenant_id, webhook_id), sealed_secret=sealed, key_id=key_id)
        transaction.webhooks.update(webhook)
        return webhook

    return webhook_shapes.created_webhook(await run_in_threadpool(services.database.write, save), secret)


@router.post(
    "/{webhook_id}/ping", status_code=202, response_model=wire.WebhookDelivery, responses=responses(401, 403, 404)
)
async def ping_webhook(request: Request, caller: Admin, webhook_id: str) -> wire.WebhookDelivery:
    """Send a message to try the webhook out; ask for the delivery to see what came of it."""
    now = datetime.now(UTC)

    def send(transaction: Transaction) -> Delivery:
        webhook = _find(transaction, caller.tenant_id, webhook_id)
        body = {"type": EventType.PING.value, "timestamp": now.isoformat(), "data": {"webhook_id": webhook.id}}
        delivery = Delivery(
            id=str(uuid.uuid4()),
            tenant_id=caller.tenant_id,
            webhook_id=webhook.id,
            event_type=EventType.PING,
            payload=json.dumps(body),
            status=DeliveryStatus.PENDING,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
        )
        transaction.webhooks.add_delivery(delivery)
        return delivery

    return webhook_shapes.delivery_info(await run_in_threadpool(services_of(request).database.write, send))


@router.get(
    "/{webhook_id}/deliveries", response_model=wire.WebhookDeliveryList, responses=responses(401, 403, 404, 422)
)
async def list_deliveries(
    request: Request,
    caller: Admin,
    webhook_id: str,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> wire.WebhookDeliveryList:
    """List the messages to a webhook, newest first."""

    def read(transaction: Transaction) -> wire.WebhookDeliveryList:
        webhook = _find(transaction, caller.tenant_id, webhook_id)
        page, total = transaction.webhooks.deliveries(
            caller.tenant_id, webhook.id, status=status, limit=limit, offset=offset
        )
        return webhook_shapes.delivery_list(page, total, limit, offset)

    return await run_in_threadpool(services_of(request).database.read, read)


@router.get("/deliveries/{delivery_id}", response_model=wire.WebhookDelivery, responses=responses(401, 403, 404))
async def get_delivery(request: Request, caller: Admin, delivery_id: str) -> wire.WebhookDelivery:
    """Return a message, with every attempt at it."""

    def read(transaction: Transaction) -> wire.WebhookDelivery:
        delivery = _find_delivery(transaction, caller.tenant_id, delivery_id)
        return webhook_shapes.delivery_info(delivery, transaction.webhooks.attempts(delivery.id))

    return await run_in_threadpool(services_of(request).database.read, read)


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=wire.WebhookDelivery,
    responses=responses(401, 403, 404),
)
async def replay_delivery(request: Request, caller: Admin, delivery_id: str) -> wire.WebhookDelivery:
    """Send a message once more, under the same id."""

    def replay(transaction: Transaction) -> wire.WebhookDelivery:
        delivery = _find_delivery(transaction, caller.tenant_id, delivery_id)
        transaction.webhooks.replay(delivery.id, datetime.now(UTC))
        return webhook_shapes.delivery_info(_find_delivery(transaction, caller.tenant_id, delivery.id))

    return await run_in_threadpool(services_of(request).database.write, replay)


def _new_secret(services: Services) -> tuple[str, str, str]:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    sealed, key_id = services.vault.seal(secret.encode(), WEBHOOK_SECRET)
    return secret, sealed, key_id


def _find(transaction: Transaction, tenant_id: str, webhook_id: str) -> Webhook:
    wanted = webhook_id.lower()
    webhook = transaction.webhooks.get(tenant_id, wanted) if is_uuid(wanted) else None
    if webhook is None:
        raise NotFound(f"There is no webhook '{webhook_id[:64]}'.", resource_type="webhook")
    return webhook


def _find_delivery(transaction: Transaction, tenant_id: str, delivery_id: str) -> Delivery:
    wanted = delivery_id.lower().removeprefix("msg_")
    delivery = transaction.webhooks.get_delivery(tenant_id, wanted) if is_uuid(wanted) else None
    if delivery is None:
        raise NotFound(f"There is no delivery '{delivery_id[:64]}'.", resource_type="webhook_delivery")
    return delivery
