"""Sends what waits for webhooks. Runs in threads of a worker; several workers share the messages between them.

A receiver that keeps silent holds a thread for as long as an attempt may take, so no webhook and no tenant holds more
than a share of the threads.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scopix_server.domain.errors import DomainError, trace_of
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.storage_ports import Vault
from scopix_server.domain.webhooks import RETRY_DELAYS, WEBHOOK_SECRET, Attempt, Delivery, Webhook, next_attempt

__all__ = ["Messenger", "Sender"]

_AT_ONCE = 32
"""Threads. They wait for others' servers, hardly anything else, so there can be as many as eight tenants' shares."""
_TENANT_SHARE, _WEBHOOK_SHARE = 4, 2
"""Of the threads: two webhooks of a tenant can be silent before a third one of its own has to wait."""
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
        self._look = threading.Event()
        self._lock = threading.Lock()
        self._sending: Counter[str] = Counter()  # by the ids of webhooks and of tenants
        self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, and wait for what is under way."""
        self._stopping.set()
        self._look.set()
        self._thread.join()
        self._pool.shutdown()

    def send_due(self) -> int:
        """Begin to send what is due now and within the shares; return how many messages that are."""
        with self._lock:
            sending = self._sending.copy()
        if sending.total() >= 2 * _AT_ONCE:
            return 0
        now = self._now()
        # Mostly nothing is due: to see that takes no turn at writing, and leaves nothing to be forced to disk.
        if not self._database.read(lambda t: t.webhooks.due(now)):
            return 0
        taken = self._database.write(lambda t: self._claim(t, sending.copy()))
        for delivery, webhook in taken:
            with self._lock:
                self._sending.update((webhook.id, webhook.tenant_id))
            self._pool.submit(self._send, delivery, webhook)
        return len(taken)

    def _claim(self, transaction: Transaction, sending: Counter[str]) -> Sequence[tuple[Delivery, Webhook]]:
        now = self._now()
        taken: list[tuple[Delivery, Webhook]] = []
        for webhook in transaction.webhooks.due(now):
            room = min(
                _AT_ONCE - sending.total() // 2,  # each message is counted twice: for its webhook, for its tenant
                _TENANT_SHARE - sending[webhook.tenant_id],
                _WEBHOOK_SHARE - sending[webhook.id],
            )
            if room > 0:
                for delivery in transaction.webhooks.claim(webhook.id, now, now + _LEASE, room):
                    sending.update((webhook.id, webhook.tenant_id))
                    taken.append((delivery, webhook))
        return taken

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look.clear()
            try:
                self.send_due()
            except Exception as error:  # the next look may succeed; what was taken is due again after its lease
                _log.warning("messages to webhooks could not be looked for: %s", error, exc_info=trace_of(error))
            # Sooner when a thread is free again: more may be due than fitted.
            self._look.wait(_LOOK_SECONDS)

    def _send(self, delivery: Delivery, webhook: Webhook) -> None:
        try:
            self._deliver(delivery, webhook)
        except Exception:  # the message is due again after its lease
            _log.exception("what became of the message %s could not be noted", delivery.id)
        finally:
            with self._lock:
                self._sending.subtract((webhook.id, webhook.tenant_id))
                self._sending += Counter()  # forget who has none under way
            self._look.set()

    def _deliver(self, delivery: Delivery, webhook: Webhook) -> None:
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
