"""A tenant's webhooks and the messages to them. The workers send these; see `jobs/messenger.py`."""

import base64
import json
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scopix_server.domain.errors import Conflict, NotFound
from scopix_server.domain.ids import is_uuid
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.storage_ports import Vault
from scopix_server.domain.webhooks import (
    MAX_WEBHOOKS,
    WEBHOOK_SECRET,
    Attempt,
    Delivery,
    DeliveryStatus,
    EventType,
    Webhook,
)

__all__ = ["Webhooks"]

_SECRET_BYTES = 32
"""As many as the SHA-256 that signs with them gives: more add nothing."""


class Webhooks:
    """A tenant's webhooks. All methods block.

    Args:
        vault: seals their secrets.
        check_url: raises ValidationFailed for an address that may not be called.
    """

    def __init__(self, database: Database, vault: Vault, check_url: Callable[[str], object]) -> None:
        self._database = database
        self._vault = vault
        self._check_url = check_url

    def create(
        self, tenant_id: str, url: str, events: Sequence[EventType], description: str | None
    ) -> tuple[Webhook, str]:
        """Make a webhook; return it with its secret. Raises ValidationFailed; Conflict: there are too many."""
        self._check_url(url)
        secret, sealed, key_id = self._new_secret()
        webhook = Webhook(
            id=str(uuid.uuid4()),
            tenant_id=tenant_id,
            url=url,
            description=description,
            events=tuple(events),
            sealed_secret=sealed,
            key_id=key_id,
            is_active=True,
            created_at=datetime.now(UTC),
        )

        def add(transaction: Transaction) -> None:
            if len(transaction.webhooks.list(tenant_id)) >= MAX_WEBHOOKS:
                raise Conflict(f"There are {MAX_WEBHOOKS} webhooks already, and there can be no more.")
            transaction.webhooks.add(webhook)

        self._database.write(add)
        return webhook, secret

    def list(self, tenant_id: str) -> Sequence[Webhook]:
        """Return the webhooks, oldest first."""
        return self._database.read(lambda t: t.webhooks.list(tenant_id))

    def find(self, tenant_id: str, webhook_id: str) -> Webhook:
        """Return a webhook by its id. Raises NotFound."""
        return self._database.read(lambda t: _find(t, tenant_id, webhook_id))

    def update(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook:
        """Change the fields named; one that is switched on again has no reason to be off. Raises NotFound;
        ValidationFailed: the address may not be called."""
        if "url" in changes:
            self._check_url(changes["url"])
        fields = {**changes, "disabled_reason": None} if changes.get("is_active") else changes
        return self._replace(tenant_id, webhook_id, fields)

    def renew_secret(self, tenant_id: str, webhook_id: str) -> tuple[Webhook, str]:
        """Replace the secret, and return it. Raises NotFound."""
        secret, sealed, key_id = self._new_secret()
        return self._replace(tenant_id, webhook_id, {"sealed_secret": sealed, "key_id": key_id}), secret

    def delete(self, tenant_id: str, webhook_id: str) -> None:
        """Remove a webhook and all messages to it. Raises NotFound."""
        self._database.write(lambda t: t.webhooks.delete(tenant_id, _find(t, tenant_id, webhook_id).id))

    def ping(self, tenant_id: str, webhook_id: str) -> Delivery:
        """Send a message to try a webhook out. Raises NotFound."""
        now = datetime.now(UTC)

        def send(transaction: Transaction) -> Delivery:
            webhook = _find(transaction, tenant_id, webhook_id)
            body = {"type": EventType.PING.value, "timestamp": now.isoformat(), "data": {"webhook_id": webhook.id}}
            delivery = Delivery(
                id=str(uuid.uuid4()),
                tenant_id=tenant_id,
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

        return self._database.write(send)

    def deliveries(
        self, tenant_id: str, webhook_id: str, *, status: DeliveryStatus | None, limit: int, offset: int
    ) -> tuple[Sequence[Delivery], int]:
        """Return a page of the messages to a webhook, newest first, and how many there are. Raises NotFound."""

        def read(transaction: Transaction) -> tuple[Sequence[Delivery], int]:
            webhook = _find(transaction, tenant_id, webhook_id)
            return transaction.webhooks.deliveries(tenant_id, webhook.id, status=status, limit=limit, offset=offset)

        return self._database.read(read)

    def delivery(self, tenant_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Attempt]]:
        """Return a message with every attempt at it. Raises NotFound."""

        def read(transaction: Transaction) -> tuple[Delivery, Sequence[Attempt]]:
            delivery = _find_delivery(transaction, tenant_id, delivery_id)
            return delivery, transaction.webhooks.attempts(delivery.id)

        return self._database.read(read)

    def replay(self, tenant_id: str, delivery_id: str) -> Delivery:
        """Send a message once more, under the same id. Raises NotFound."""

        def replay(transaction: Transaction) -> Delivery:
            delivery = _find_delivery(transaction, tenant_id, delivery_id)
            transaction.webhooks.replay(delivery.id, datetime.now(UTC))
            return _find_delivery(transaction, tenant_id, delivery.id)

        return self._database.write(replay)

    def _replace(self, tenant_id: str, webhook_id: str, fields: Mapping[str, Any]) -> Webhook:
        def save(transaction: Transaction) -> Webhook:
            webhook = replace(_find(transaction, tenant_id, webhook_id), **fields)
            transaction.webhooks.update(webhook)
            return webhook

        return self._database.write(save)

    def _new_secret(self) -> tuple[str, str, str]:
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        sealed, key_id = self._vault.seal(secret.encode(), WEBHOOK_SECRET)
        return secret, sealed, key_id


def _find(transaction: Transaction, tenant_id: str, webhook_id: str) -> Webhook:
    known_id = webhook_id.lower()
    webhook = transaction.webhooks.get(tenant_id, known_id) if is_uuid(known_id) else None
    if webhook is None:
        raise NotFound(f"There is no webhook '{webhook_id[:64]}'.", resource_type="webhook")
    return webhook


def _find_delivery(transaction: Transaction, tenant_id: str, delivery_id: str) -> Delivery:
    known_id = delivery_id.lower().removeprefix("msg_")
    delivery = transaction.webhooks.get_delivery(tenant_id, known_id) if is_uuid(known_id) else None
    if delivery is None:
        raise NotFound(f"There is no delivery '{delivery_id[:64]}'.", resource_type="webhook_delivery")
    return delivery
