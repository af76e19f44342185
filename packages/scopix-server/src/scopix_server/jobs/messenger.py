"""Sends what waits for webhooks. Runs in threads of a worker; several workers share the messages between them."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scopix_server.domain.errors import DomainError
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.storage_ports import Vault
from scopix_server.domain.webhooks import RETRY_DELAYS, WEBHOOK_SECRET, Attempt, Delivery, Webhook, next_attempt

__all__ = ["Messenger", "Sender"]

_AT_ONCE = 8
_LOOK_SECONDS = 1.0
_LEASE = timedelta(minutes=2)  # longer than an attempt may take
_log = logging.getLogger(__name__)


class Sender(Protocol):
    """Sends one message."""

    def send(self, delivery: Delivery, url: str, secret: str) -> Attempt:
        """Try once, and say what came of it."""


class Messenger:
    """Looks for messages that are due, and sends them.

    A message that was taken by a worker that died is due again when its lease is over: it may arrive twice, with the
    same id.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        sender: Sender,
        *,
        delays: tuple[timedelta, ...] = RETRY_DELAYS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._vault = vault
        self._sender = sender
        self._delays = delays
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, and wait for what is under way."""
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown()

    def send_due(self) -> int:
        """Send what is due now, and return how many messages were tried."""
        now = self._now()
        due = self._database.write(lambda t: t.webhooks.claim(now, now + _LEASE, _AT_ONCE))
        list(self._pool.map(self._send, due))
        return len(due)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                sent = self.send_due()
            except Exception:  # the next look may succeed; what was taken is due again after its lease
                _log.warning("messages to webhooks could not be looked for", exc_info=True)
                sent = 0
            self._stopping.wait(0 if sent == _AT_ONCE else _LOOK_SECONDS)

    def _send(self, due: tuple[Delivery, Webhook]) -> None:
        delivery, webhook = due
        try:
            attempt = self._attempt(delivery, webhook)
        except Exception:
            _log.exception("the message %s could not be sent", delivery.id)
            attempt = Attempt(self._now(), 0, error="The message could not be sent; the server's log says more.")
        next_at = None if attempt.succeeded else next_attempt(delivery.attempts + 1, attempt, self._delays)

        def note(transaction: Transaction) -> None:
            transaction.webhooks.note(delivery.id, attempt, next_at)
            if attempt.is_gone:
                current = transaction.webhooks.get(webhook.tenant_id, webhook.id)
                if current is not None:
                    reason = "The receiver answered 410: it wants nothing more."
                    transaction.webhooks.update(replace(current, is_active=False, disabled_reason=reason))

        self._database.write(note)

    def _attempt(self, delivery: Delivery, webhook: Webhook) -> Attempt:
        try:
            secret = self._vault.open(webhook.sealed_secret, WEBHOOK_SECRET).decode()
        except DomainError as error:
            return Attempt(self._now(), 0, error=error.message)
        return self._sender.send(delivery, webhook.url, secret)
