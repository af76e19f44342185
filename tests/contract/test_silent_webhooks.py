"""Webhooks whose receivers keep silent, on every database: they hold a share of the threads and no other messages."""

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.webhooks import WEBHOOK_SECRET, Delivery, DeliveryStatus, EventType, Webhook
from scopix_server.jobs.messenger import Messenger
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp
from scopix_server.outgoing.webhooks import WebhookSender
from scopix_server.storage.envelope import EnvelopeVault
from scopix_server.storage.keyring import KeyRing
from tests.support.waiting import wait_until

NOW = datetime.now(UTC)
LOUD, SILENT = "loud", "silent"


class Receivers:
    """Two addresses: at one messages are taken, at the other callers are heard and never answered."""

    def __init__(self, stack: ExitStack) -> None:
        self.taken: list[str] = []
        self.held: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.taken.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        stack.callback(http.server_close)
        stack.callback(http.shutdown)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._holding = threading.Thread(target=self._hold, daemon=True)
        self._holding.start()
        stack.callback(self.hang_up)
        self.urls = {
            LOUD: f"http://127.0.0.1:{http.server_port}/",
            SILENT: f"http://127.0.0.1:{self._listener.getsockname()[1]}/",
        }

    def _hold(self) -> None:
        while True:
            try:
                self.held.append(self._listener.accept()[0])
            except OSError:
                return

    def hang_up(self) -> None:
        if self._holding.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._holding.join()
        self._listener.close()
        for one in self.held:
            one.close()


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    with ExitStack() as stack:
        yield Receivers(stack)


@pytest.fixture
def vault(tmp_path: Path) -> EnvelopeVault:
    return EnvelopeVault(KeyRing("", tmp_path / "keys"))


@pytest.fixture
def messenger(empty_database: SqlDatabase, vault: EnvelopeVault, receivers: Receivers) -> Iterator[Messenger]:
    http = OutgoingHttp(AddressGuard(["127.0.0.1"]))
    messenger = Messenger(empty_database, vault, WebhookSender(http, agent="test"))
    messenger.start()
    yield messenger
    receivers.hang_up()
    messenger.stop()
    http.close()


def tenant(database: SqlDatabase, number: int) -> str:
    tenant_id = str(uuid.UUID(int=number))
    database.write(lambda t: t.tenants.add_tenant(Tenant(tenant_id, tenant_id, NOW)))
    return tenant_id


def webhook(database: SqlDatabase, vault: EnvelopeVault, tenant_id: str, url: str) -> Webhook:
    sealed, key_id = vault.seal(b"whsec_" + b"A" * 44, WEBHOOK_SECRET)
    made = Webhook(
        id=str(uuid.uuid4()),
        tenant_id=tenant_id,
        url=url,
        description=None,
        events=(EventType.PING,),
        sealed_secret=sealed,
        key_id=key_id,
        is_active=True,
        created_at=NOW,
    )
    database.write(lambda t: t.webhooks.add(made))
    return made


def ping(database: SqlDatabase, to: Webhook, at: datetime) -> str:
    delivery = Delivery(
        id=str(uuid.uuid4()),
        tenant_id=to.tenant_id,
        webhook_id=to.id,
        event_type=EventType.PING,
        payload="{}",
        status=DeliveryStatus.PENDING,
        attempts=0,
        created_at=at,
        next_attempt_at=at,
    )
    database.write(lambda t: t.webhooks.add_delivery(delivery))
    return f"msg_{delivery.id}"


def test_silent_receivers_keep_nobody_elses_messages_waiting(
    empty_database: SqlDatabase, vault: EnvelopeVault, messenger: Messenger, receivers: Receivers
) -> None:
    first, second = tenant(empty_database, 1), tenant(empty_database, 2)
    silent = [webhook(empty_database, vault, first, receivers.urls[SILENT]) for _ in range(3)]
    own, others = (webhook(empty_database, vault, owner, receivers.urls[LOUD]) for owner in (first, second))
    for number in range(40):
        ping(empty_database, silent[0], NOW - timedelta(hours=1, seconds=number))
    # A webhook holds two threads, and so its tenant's other webhooks are heard of.
    message = ping(empty_database, own, NOW)
    wait_until(lambda: message in receivers.taken)
    assert len(receivers.held) == 2
    for hook in silent[1:]:
        for _ in range(4):
            ping(empty_database, hook, NOW - timedelta(hours=1))
    # A tenant holds four: its own messages wait now, another's do not.
    wait_until(lambda: len(receivers.held) == 4)
    late = ping(empty_database, own, NOW - timedelta(hours=2))
    messages = [ping(empty_database, others, NOW) for _ in range(5)]
    wait_until(lambda: set(messages) <= set(receivers.taken))
    assert late not in receivers.taken
    assert len(receivers.held) == 4


def test_each_message_is_taken_by_one_worker(
    empty_database: SqlDatabase, vault: EnvelopeVault, receivers: Receivers
) -> None:
    owner = tenant(empty_database, 1)
    hooks = [webhook(empty_database, vault, owner, receivers.urls[LOUD]) for _ in range(2)]
    for number in range(3):
        ping(empty_database, hooks[0], NOW - timedelta(seconds=number))
    ping(empty_database, hooks[1], NOW - timedelta(seconds=10))
    due = empty_database.read(lambda t: t.webhooks.due(NOW))
    assert [hook.id for hook in due] == [hooks[1].id, hooks[0].id]
    until = NOW + timedelta(minutes=1)
    claims = [empty_database.write(lambda t: t.webhooks.claim(hooks[0].id, NOW, until, 2)) for _ in range(3)]
    assert [len(claim) for claim in claims] == [2, 1, 0]
    assert len({delivery.id for claim in claims for delivery in claim}) == 3
    assert [hook.id for hook in empty_database.read(lambda t: t.webhooks.due(NOW))] == [hooks[1].id]
    assert len(empty_database.read(lambda t: t.webhooks.due(until))) == 2
