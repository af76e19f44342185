"""What webhooks need of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scopix_server.domain.webhooks import Attempt, Delivery, DeliveryStatus, Webhook

__all__ = ["WebhookRepository"]


class WebhookRepository(Protocol):
    """Webhooks and the messages to them. Every question names its tenant, but those of the sender."""

    def add(self, webhook: Webhook) -> None:
        """Record a new one."""

    def get(self, tenant_id: str, webhook_id: str) -> Webhook | None:
        """Find one of the tenant's."""

    def list(self, tenant_id: str) -> Sequence[Webhook]:
        """Return the tenant's, oldest first."""

    def all(self) -> Sequence[Webhook]:
        """Return those of all tenants, for the operator."""

    def update(self, webhook: Webhook) -> None:
        """Save what can change: all but id, tenant and time of making."""

    def delete(self, tenant_id: str, webhook_id: str) -> bool:
        """Remove one with all its messages; False when there is none."""

    def add_delivery(self, delivery: Delivery) -> None:
        """Record a message to be sent."""

    def get_delivery(self, tenant_id: str, delivery_id: str) -> Delivery | None:
        """Find a message of the tenant's."""

    def deliveries(
        self, tenant_id: str, webhook_id: str, *, status: DeliveryStatus | None, limit: int, offset: int
    ) -> tuple[Sequence[Delivery], int]:
        """Return a page of the messages to a webhook, newest first, and how many there are."""

    def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """Return the tries at a message, oldest first."""

    def due(self, now: datetime) -> Sequence[Webhook]:
        """Return the webhooks of all tenants for which a message is due, the one that waits longest first."""

    def claim(self, webhook_id: str, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """Take messages to a webhook that are due, the oldest first; nobody else takes them before `until`."""

    def note(self, delivery_id: str, attempt: Attempt, next_at: datetime | None) -> None:
        """Note a try; when it failed, `next_at` is when to try again, or None to give up."""

    def replay(self, delivery_id: str, at: datetime) -> None:
        """Have a message sent once more, with all its attempts anew."""

    def prune(self, before: datetime) -> int:
        """Remove the messages that ended before then; return how many."""
