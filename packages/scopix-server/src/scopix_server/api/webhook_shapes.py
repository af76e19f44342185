"""Webhooks from the domain to the wire."""

import json
from collections.abc import Sequence

from scopix.types import webhooks as wire
from scopix_server.domain.webhooks import Attempt, Delivery, Webhook

__all__ = ["created_webhook", "delivery_info", "delivery_list", "webhook_info", "webhook_list"]


def webhook_info(webhook: Webhook) -> wire.WebhookInfo:
    """Answer with a webhook."""
    return wire.WebhookInfo(
        id=webhook.id,
        url=webhook.url,
        description=webhook.description,
        events=[event.value for event in webhook.events],
        is_active=webhook.is_active,
        disabled_reason=webhook.disabled_reason,
        created_at=webhook.created_at,
    )


def created_webhook(webhook: Webhook, secret: str) -> wire.CreatedWebhook:
    """Answer with a new webhook, or one with a new secret."""
    return wire.CreatedWebhook(**webhook_info(webhook).model_dump(), secret=secret)


def webhook_list(webhooks: Sequence[Webhook]) -> wire.WebhookList:
    """Answer with the webhooks of a tenant."""
    return wire.WebhookList(items=[webhook_info(webhook) for webhook in webhooks], total_count=len(webhooks))


def delivery_info(delivery: Delivery, attempts: Sequence[Attempt] | None = None) -> wire.WebhookDelivery:
    """Answer with a message, and with its attempts if they are given."""
    log = None
    if attempts is not None:
        log = [
            wire.DeliveryAttempt(
                at=attempt.at, duration_ms=attempt.duration_ms, status_code=attempt.status_code, error=attempt.error
            )
            for attempt in attempts
        ]
    return wire.WebhookDelivery(
        id=delivery.id,
        message_id=f"msg_{delivery.id}",
        webhook_id=delivery.webhook_id,
        event_type=delivery.event_type.value,
        status=delivery.status.value,
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        next_attempt_at=delivery.next_attempt_at,
        finished_at=delivery.finished_at,
        last_status_code=delivery.last_status_code,
        last_error=delivery.last_error,
        payload=json.loads(delivery.payload),
        log=log,
    )


def delivery_list(deliveries: Sequence[Delivery], total: int, limit: int, offset: int) -> wire.WebhookDeliveryList:
    """Answer with one page of messages."""
    return wire.WebhookDeliveryList(
        items=[delivery_info(delivery) for delivery in deliveries],
        total_count=total,
        limit=limit,
        offset=offset,
        has_more=offset + len(deliveries) < total,
    )
