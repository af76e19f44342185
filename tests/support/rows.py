"""All that is in a database, whoever made its tables."""

import sqlite3
from collections.abc import Iterator

import psycopg

Row = tuple[str, str]
"""The name of a table, and one of its rows as text."""


def all_rows(url: str) -> Iterator[Row]:
    """Every row of every table, those of the job engine and of the search included."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                yield from ((name, repr(row)) for row in connection.execute(f'SELECT * FROM "{name}"'))
        connection.close()
        return
    with psycopg.connect(url) as connection:
        query = (
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, name in connection.execute(query).fetchall():
            rows = connection.execute(f'SELECT * FROM "{schema}"."{name}"')  # type: ignore[arg-type]
            yield from ((name, repr(row)) for row in rows.fetchall())


def rows_with(url: str, *words: str) -> list[Row]:
    """Those rows in which one of the words stands."""
    return [row for row in all_rows(url) if any(word in row[1] for word in words)]
