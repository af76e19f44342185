"""SQLite's one writer: tenants take turns at it, and what cannot be committed is told to all who wait for it."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.turn import Priority, Turn, taking_turn

SECONDS = 30


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(engine)
    engine.dispose()
    return engine


@pytest.fixture
def database(engine: sa.Engine) -> Iterator[SqlDatabase]:
    database = SqlDatabase(engine)
    yield database
    database.close()


def test_a_tenant_waits_for_one_write_of_each_other(database: SqlDatabase) -> None:
    hold, order = threading.Event(), list[str]()
    futures: list[Future[object]] = [database.submit(lambda _: hold.wait(SECONDS))]
    for name in [*(f"a{number:03}" for number in range(200)), "b1", "b2", "c1"]:
        with taking_turn(Turn(name[0], Priority.INTERACTIVE)):
            futures.append(database.submit(lambda _, name=name: order.append(name)))
    hold.set()
    for future in futures:
        future.result(SECONDS)
    assert order[:6] == ["a000", "b1", "c1", "a001", "b2", "a002"]
    assert order[6:] == [f"a{number:03}" for number in range(3, 200)]


def test_work_that_takes_long_is_committed_before_what_comes_after(
    database: SqlDatabase, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group ends when its time is over: here it has none, so each piece of work is a group of its own."""
    monkeypatch.setattr("scopix_server.db.connection._GROUP_SECONDS", 0.0)
    commits = 0

    def count(_: sa.Connection) -> None:
        nonlocal commits
        commits += 1

    sa.event.listen(engine, "commit", count)
    hold = threading.Event()
    futures: list[Future[object]] = [database.submit(lambda _: hold.wait(SECONDS)) for _ in range(5)]
    hold.set()
    for future in futures:
        future.result(SECONDS)
    assert commits == 5


def test_a_database_that_cannot_be_opened_is_told_to_all_who_wait(
    database: SqlDatabase, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    # Servers that share this process take no traceback that is none of theirs.
    caplog.set_level(logging.CRITICAL, "scopix_server.db.connection")

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    engine.dispose()
    sa.event.listen(engine, "do_connect", refuse)
    futures: list[Future[object]] = [database.submit(lambda _: None) for _ in range(3)]
    for future in futures:
        with pytest.raises(sa.exc.OperationalError, match="unable to open"):
            future.result(SECONDS)
    sa.event.remove(engine, "do_connect", refuse)
    database.write(lambda _: None)
