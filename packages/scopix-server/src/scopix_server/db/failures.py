"""Failures that are the disk's or the machine's: nobody's request and nobody's picture is to blame for them."""

import sqlite3

import sqlalchemy as sa

from scopix_server.domain.errors import DomainError, OutOfSpace, ServiceUnavailable

__all__ = ["storage_failure"]

_FULL = "The disk of the server's database is full. Nothing was stored; ask its operator to make room."
# A quota or a limit on the size of files looks like this to SQLite, which names no reason.
_NOT_WRITTEN = "The server's database cannot grow: its disk is full, or a quota is used up. Nothing was stored."
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: "The database is busy with other writers.",
    sqlite3.SQLITE_LOCKED: "The database is busy with other writers.",
    sqlite3.SQLITE_READONLY: "The server's database cannot be written to.",
    sqlite3.SQLITE_IOERR: "The disk of the server's database does not work.",
    sqlite3.SQLITE_CORRUPT: "The server's database is damaged; its operator should run `scopix-server doctor`.",
    sqlite3.SQLITE_CANTOPEN: "The server's database cannot be opened.",
    sqlite3.SQLITE_NOTADB: "The server's database is damaged; its operator should run `scopix-server doctor`.",
}
_OF_POSTGRES = {
    "25006": "The database takes no changes at the moment.",  # read-only: a standby, or set so by its operator
    "53200": "The database is out of memory.",
    "58030": "The disk of the database does not work.",
}


def storage_failure(error: BaseException) -> DomainError | None:
    """Return what is to be told of a database's error when it is the disk's or the machine's fault; else None."""
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    failure = _of_sqlite(error.orig) if isinstance(error.orig, sqlite3.Error) else _of_postgres(error.orig)
    if failure is not None:
        failure.__cause__ = error
    return failure


def _of_sqlite(error: sqlite3.Error) -> DomainError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return OutOfSpace(_FULL)
    if code == sqlite3.SQLITE_IOERR_WRITE:
        return OutOfSpace(_NOT_WRITTEN)
    message = _OF_SQLITE.get(code & 0xFF)
    return None if message is None else ServiceUnavailable(message)


def _of_postgres(error: BaseException | None) -> DomainError | None:
    state = getattr(error, "sqlstate", None)
    if state == "53100":
        return OutOfSpace(_FULL)
    message = _OF_POSTGRES.get(state or "")
    return None if message is None else ServiceUnavailable(message)
