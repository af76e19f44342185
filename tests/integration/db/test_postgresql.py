"""What only PostgreSQL does: connections that break, locks in a circle, addresses that lead nowhere."""

import contextlib
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from dbos._utils import retriable_postgres_exception

from scopix_server.db import postgres
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine, create_job_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.errors import DatabaseUnusable, OutcomeUnknown, ServiceUnavailable
from scopix_server.domain.tenant import Tenant
from tests.support.postgres import fresh_database

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def address() -> Iterator[str]:
    with fresh_database(migrated=True) as url:
        yield url


@pytest.fixture
def database(address: str) -> Iterator[SqlDatabase]:
    database = SqlDatabase(create_engine(address))
    yield database
    database.close()


def add(database: SqlDatabase, name: str = "t") -> None:
    tenant = Tenant(str(uuid.uuid4()), name, NOW)
    database.write(lambda t: t.tenants.add_tenant(tenant))


def names(database: SqlDatabase) -> list[str]:
    return sorted(tenant.name for tenant in database.read(lambda t: t.tenants.list()))


def break_connections(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_broken_connections_are_replaced(address: str, database: SqlDatabase) -> None:
    add(database, "a")
    for attempt in (lambda: add(database, "b"), lambda: names(database), database.check):
        break_connections(address)
        attempt()
    assert names(database) == ["a", "b"]


def test_a_transaction_whose_connection_breaks_is_run_again_from_its_beginning(
    address: str, database: SqlDatabase
) -> None:
    attempts = []

    def work(transaction: SqlTransaction) -> None:
        transaction.tenants.add_tenant(Tenant(str(uuid.uuid4()), f"attempt {len(attempts)}", NOW))
        attempts.append(1)
        if len(attempts) == 1:
            break_connections(address)
        assert transaction.tenants.find("attempt 0") is None or len(attempts) == 1

    database.write(work)
    assert names(database) == ["attempt 1"]


def test_who_waits_in_a_circle_gets_through(database: SqlDatabase) -> None:
    """Two transactions take two locks in opposite orders: the server ends one of them, and it is run again."""
    both_hold_one = threading.Barrier(2)
    attempts = []

    def work(transaction: SqlTransaction, order: list[int]) -> None:
        attempts.append(order)
        for lock in order:
            transaction.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            if len(attempts) <= 2 and lock == order[0]:
                both_hold_one.wait(30)
        transaction.tenants.add_tenant(Tenant(str(uuid.uuid4()), str(order), NOW))

    other = database.submit(lambda t: work(t, [1, 2]))
    database.write(lambda t: work(t, [2, 1]))
    other.result(60)
    assert names(database) == ["[1, 2]", "[2, 1]"]
    assert len(attempts) == 3


def test_the_pool_is_not_used_up_by_many_threads(address: str) -> None:
    database = SqlDatabase(create_engine(address, connections=2))
    threads = [threading.Thread(target=add, args=[database, str(number)]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 20
    database.close()


def test_text_with_the_character_that_postgresql_cannot_keep(database: SqlDatabase) -> None:
    add(database, "a\x00b")
    assert names(database) == ["a\ufffdb"]
    assert database.read(lambda t: t.tenants.find("\x00")) is None


class Proxy:
    """Stands between client and server. When told so it lets a COMMIT through, and the answer to it not."""

    def __init__(self, address: str) -> None:
        folder = parse_qs(urlsplit(address).query)["host"][0]
        self._server = f"{folder}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}{urlsplit(address).path}"
        self.break_at: bytes | None = None
        self.reaches_the_server = True
        self.accepts = True
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self.accepts:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                cut = threading.Event()
                threading.Thread(target=self._up, args=[client, server, cut], daemon=True).start()
                threading.Thread(target=self._down, args=[server, client, cut], daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.break_at is not None and self.break_at in data:
                    self.break_at = None
                    cut.set()
                    if self.reaches_the_server:
                        server.sendall(data)
                    # The server is not told that the client has gone.
                    client.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    def _down(self, server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            # Once cut, the answer goes nowhere, however fast it comes.
            while (data := server.recv(65536)) and not cut.is_set():
                client.sendall(data)
        for end in (client, server):
            # Closing alone would not end what another thread waits for.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def proxy(address: str) -> Iterator[Proxy]:
    proxy = Proxy(address)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("reaches_the_server", [True, False])
def test_a_commit_whose_answer_is_lost_is_known_all_the_same(proxy: Proxy, reaches_the_server: bool) -> None:
    database = SqlDatabase(create_engine(proxy.address))
    add(database, "before")
    proxy.reaches_the_server = reaches_the_server
    proxy.break_at = b"COMMIT"
    runs = []

    def work(transaction: SqlTransaction) -> str:
        runs.append(1)
        transaction.tenants.add_tenant(Tenant(str(uuid.uuid4()), "once", NOW))
        return "done"

    assert database.write(work) == "done"
    assert names(database) == ["before", "once"]
    # It was committed, so it is not run again; or it was not, so it is.
    assert len(runs) == (1 if reaches_the_server else 2)
    database.close()


def test_a_commit_that_nobody_can_tell_about_is_said_to_be_unknown(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scopix_server.db.connection._RESOLVE_SECONDS", 0.5)
    database = SqlDatabase(create_engine(proxy.address))
    add(database, "before")
    proxy.accepts, proxy.break_at = False, b"COMMIT"
    with pytest.raises(OutcomeUnknown, match="same Idempotency-Key"):
        add(database, "perhaps")
    proxy.accepts = True
    assert names(database) == ["before", "perhaps"]
    database.close()


def test_a_server_that_has_gone_is_an_error_for_people(proxy: Proxy, address: str) -> None:
    database = SqlDatabase(create_engine(proxy.address))
    add(database)
    proxy.accepts = False
    break_connections(address)
    for attempt in (lambda: add(database), lambda: names(database), database.check):
        with pytest.raises(ServiceUnavailable, match="database does not answer"):
            attempt()
    proxy.accepts = True
    assert names(database) == ["t"]
    database.close()


def test_the_server_knows_how_a_transaction_ended(address: str) -> None:
    engine = create_engine(address)
    with engine.connect() as connection, engine.connect() as other:
        number = postgres.begin(connection)
        connection.commit()
        assert postgres.was_committed(other, number) is True
        number = postgres.begin(connection)
        connection.rollback()
        assert postgres.was_committed(other, number) is False
        number = postgres.begin(connection)
        # Of a lost client, for all it knows: so it is ended.
        assert postgres.was_committed(other, number) is None
        with pytest.raises(sa.exc.OperationalError):
            connection.commit()
        assert postgres.was_committed(other, number) is False
    engine.dispose()


def bring_up(url: str) -> None:
    engine = create_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://u:secret@h/d", "must begin with postgresql:// or sqlite:///, not mysql"),
        ("no address, secret", "is no address of a database"),
        ("postgresql://u:secret@h:port/d", "is no address of a database"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@127.0.0.1:1/d", "PostgreSQL database 'd' on 127.0.0.1:1 cannot be used: .*refused"),
        ("postgresql://u:secret@nobody.invalid/d", "'d' on nobody.invalid cannot be used"),
        ("sqlite:////nowhere/at/all.db", "SQLite file /nowhere/at/all.db cannot be used: unable to open"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, told: str) -> None:
    with pytest.raises(DatabaseUnusable, match=told) as caught:
        bring_up(url)
    assert "secret" not in str(caught.value)


def test_who_is_not_let_in_is_told_so(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'secret'")
    with fresh_database() as empty:
        url = empty.replace("//postgres:@", "//guest:secret@")
        with pytest.raises(DatabaseUnusable, match="permission denied for schema public") as caught:
            bring_up(url)
        missing = empty.replace("//postgres:@", "//nobody:secret@")
        with pytest.raises(DatabaseUnusable, match='role "nobody" does not exist'):
            bring_up(missing)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("place", ["127.0.0.1:1/d", "/d?host=/nowhere"])
def test_the_job_engine_waits_for_a_server_that_is_away(place: str) -> None:
    """However it is reached: of a Unix socket the driver uses other words than of an address."""
    engine = create_job_engine(f"postgresql://u:p@{place}")
    with pytest.raises(sa.exc.OperationalError) as refused:
        engine.connect()
    assert retriable_postgres_exception(refused.value)


def test_the_job_engine_waits_while_the_server_takes_no_changes(address: str) -> None:
    engine = create_job_engine(address)
    with engine.connect() as connection:
        connection.execute(sa.text("SET default_transaction_read_only = on"))
        connection.commit()
        with pytest.raises(sa.exc.DBAPIError) as refused:
            connection.execute(sa.text("CREATE TABLE t (n integer)"))
    engine.dispose()
    assert retriable_postgres_exception(refused.value)
