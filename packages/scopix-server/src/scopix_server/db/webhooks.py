"""Webhooks and the messages to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import webhook_attempts, webhook_deliveries, webhooks
from scopix_server.domain.webhooks import Attempt, Delivery, DeliveryStatus, EventType, Webhook

__all__ = ["SqlWebhooks"]

_DELIVERY_FIELDS = tuple(Delivery.__dataclass_fields__)

# Written out, for SQLite uses an index over some of the rows only where it reads the same condition.
_PENDING = webhook_deliveries.c.status == sa.literal_column(f"'{DeliveryStatus.PENDING.value}'")


class SqlWebhooks:
    """The `WebhookRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        self._connection.execute(webhooks.insert(), _values(webhook))

    def get(self, tenant_id: str, webhook_id: str) -> Webhook | None:
        query = sa.select(webhooks).where(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _webhook_of(row)

    def list(self, tenant_id: str) -> Sequence[Webhook]:
        query = sa.select(webhooks).where(webhooks.c.tenant_id == tenant_id)
        ordered = query.order_by(webhooks.c.created_at, webhooks.c.id)
        return [_webhook_of(row) for row in self._connection.execute(ordered).mappings()]

    def all(self) -> Sequence[Webhook]:
        return [_webhook_of(row) for row in self._connection.execute(sa.select(webhooks)).mappings()]

    def update(self, webhook: Webhook) -> None:
        changed = _values(webhook)
        for fixed in ("id", "tenant_id", "created_at"):
            del changed[fixed]
        self._connection.execute(webhooks.update().where(webhooks.c.id == webhook.id).values(changed))

    def delete(self, tenant_id: str, webhook_id: str) -> bool:
        mine = sa.select(webhook_deliveries.c.id).where(
            webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.tenant_id == tenant_id
        )
        self._connection.execute(webhook_attempts.delete().where(webhook_attempts.c.delivery_id.in_(mine)))
        self._connection.execute(webhook_deliveries.delete().where(webhook_deliveries.c.id.in_(mine)))
        gone = self._connection.execute(
            webhooks.delete().where(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id)
        )
        return gone.rowcount == 1

    def add_delivery(self, delivery: Delivery) -> None:
        values = {name: getattr(delivery, name) for name in _DELIVERY_FIELDS}
        values |= {"event_type": delivery.event_type.value, "status": delivery.status.value}
        self._connection.execute(webhook_deliveries.insert(), values)

    def get_delivery(self, tenant_id: str, delivery_id: str) -> Delivery | None:
        query = sa.select(webhook_deliveries).where(
            webhook_deliveries.c.tenant_id == tenant_id, webhook_deliveries.c.id == delivery_id
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _delivery_of(row)

    def deliveries(
        self, tenant_id: str, webhook_id: str, *, status: DeliveryStatus | None, limit: int, offset: int
    ) -> tuple[Sequence[Delivery], int]:
        conditions = [webhook_deliveries.c.tenant_id == tenant_id, webhook_deliveries.c.webhook_id == webhook_id]
        if status is not None:
            conditions.append(webhook_deliveries.c.status == status.value)
        count = sa.select(sa.func.count()).select_from(webhook_deliveries).where(*conditions)
        query = (
            sa.select(webhook_deliveries)
            .where(*conditions)
            .order_by(webhook_deliveries.c.created_at.desc(), webhook_deliveries.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        page = [_delivery_of(row) for row in self._connection.execute(query).mappings()]
        return page, self._connection.execute(count).scalar_one()

    def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        query = (
            sa.select(webhook_attempts)
            .where(webhook_attempts.c.delivery_id == delivery_id)
            .order_by(webhook_attempts.c.number)
        )
        return [Attempt(row.at, row.duration_ms, row.status_code, row.error) for row in self._connection.execute(query)]

    def due(self, now: datetime) -> Sequence[Webhook]:
        # A seek for each webhook: what waits for one endpoint makes nobody else's messages dearer to find.
        first = (
            sa.select(sa.func.min(webhook_deliveries.c.next_attempt_at))
            .where(webhook_deliveries.c.webhook_id == webhooks.c.id, _PENDING)
            .scalar_subquery()
        )
        waiting = sa.select(webhooks, first.label("due_at")).subquery()
        query = sa.select(waiting).where(waiting.c.due_at <= now).order_by(waiting.c.due_at, waiting.c.id)
        rows = self._connection.execute(query).mappings()
        return [_webhook_of({column.name: row[column.name] for column in webhooks.columns}) for row in rows]

    def claim(self, webhook_id: str, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        due = (
            sa.select(webhook_deliveries.c.id)
            .where(webhook_deliveries.c.webhook_id == webhook_id, _PENDING, webhook_deliveries.c.next_attempt_at <= now)
            .order_by(webhook_deliveries.c.next_attempt_at)
            .limit(limit)
            # Where several workers ask at once, each gets others.
            .with_for_update(skip_locked=True)
        )
        ids = self._connection.execute(due).scalars().all()
        if not ids:
            return []
        mine = webhook_deliveries.c.id.in_(ids)
        self._connection.execute(webhook_deliveries.update().where(mine).values(next_attempt_at=until))
        return [
            _delivery_of(row) for row in self._connection.execute(sa.select(webhook_deliveries).where(mine)).mappings()
        ]

    def note(self, delivery_id: str, attempt: Attempt, next_at: datetime | None) -> None:
        delivery = self._connection.execute(
            sa.select(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)
        ).first()
        if delivery is None:
            return  # its webhook was removed meanwhile
        numbers = sa.select(sa.func.coalesce(sa.func.max(webhook_attempts.c.number), 0)).where(
            webhook_attempts.c.delivery_id == delivery_id
        )
        number = self._connection.execute(numbers).scalar_one() + 1
        self._connection.execute(
            webhook_attempts.insert(),
            {
                "delivery_id": delivery_id,
                "number": number,
                "at": attempt.at,
                "duration_ms": attempt.duration_ms,
                "status_code": attempt.status_code,
                "error": attempt.error,
            },
        )
        status = DeliveryStatus.DELIVERED if attempt.succeeded else DeliveryStatus.FAILED
        status = DeliveryStatus.PENDING if next_at is not None else status
        self._connection.execute(
            webhook_deliveries.update()
            .where(webhook_deliveries.c.id == delivery_id)
            .values(
                status=status.value,
                attempts=webhook_deliveries.c.attempts + 1,
                next_attempt_at=next_at,
                finished_at=None if next_at is not None else attempt.at,
                last_status_code=attempt.status_code,
                last_error=attempt.error,
            )
        )

    def replay(self, delivery_id: str, at: datetime) -> None:
        self._connection.execute(
            webhook_deliveries.update()
            .where(webhook_deliveries.c.id == delivery_id)
            .values(status=DeliveryStatus.PENDING.value, attempts=0, next_attempt_at=at, finished_at=None)
        )

    def prune(self, before: datetime) -> int:
        old = sa.select(webhook_deliveries.c.id).where(webhook_deliveries.c.finished_at < before)
        self._connection.execute(webhook_attempts.delete().where(webhook_attempts.c.delivery_id.in_(old)))
        return self._connection.execute(
            webhook_deliveries.delete().where(webhook_deliveries.c.finished_at < before)
        ).rowcount


def _values(webhook: Webhook) -> dict[str, object]:
    values = {column.name: getattr(webhook, column.name) for column in webhooks.columns}
    return values | {"events": [event.value for event in webhook.events]}


def _webhook_of(row: Mapping[Any, Any]) -> Webhook:
    return Webhook(**{**row, "events": tuple(EventType(event) for event in row["events"])})


def _delivery_of(row: sa.RowMapping) -> Delivery:
    values = {name: row[name] for name in _DELIVERY_FIELDS}
    return Delivery(**values | {"event_type": EventType(row["event_type"]), "status": DeliveryStatus(row["status"])})
