"""Statements that every upload runs, compiled once for each kind of database.

From an INSERT and its values to the driver SQLAlchemy takes 0.1 to 0.2 ms each time, which is several times what the
database takes for the row. The SQL here is its own compilation, and values go through their columns' types as ever;
what is left out is building the statement, finding it in its cache, and a result that nobody reads. On SQLite the
driver itself is called, within the connection's transaction: there even `exec_driver_sql` is most of the time.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

__all__ = ["PreparedInsert", "execute"]

Row = Mapping[str, Any]


def execute(connection: sa.Connection, sql: str, rows: Sequence[Any] = ()) -> Any:
    """Execute SQL in the driver's own words, once, or once for each of the rows; return what its rows are fetched from.

    Raises as SQLAlchemy does, without the values.
    """
    # The first statement of a transaction goes through the library, which begins it.
    if connection.dialect.name != "sqlite" or not connection.in_transaction():
        return connection.exec_driver_sql(sql, list(rows) or None)
    cursor = connection.connection.cursor()
    try:
        if len(rows) > 1:
            cursor.executemany(sql, rows)
        else:
            cursor.execute(sql, *rows)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(
            sql, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return cursor


class PreparedInsert:
    """An INSERT of rows that have values for these columns. Threads may share it.

    Args:
        statement: the INSERT, with its ON CONFLICT if it has one; what it would return is left out.
        columns: names of those that each row has a value for; others get their defaults.
        schema_names: what stands in the statement for the name of a schema, and that name.
    """

    def __init__(
        self, statement: sa.Insert, columns: Sequence[str], schema_names: Mapping[str, str | None] | None = None
    ) -> None:
        self._statement = statement
        self._columns = tuple(columns)
        self._schema_names = schema_names
        self._compiled: dict[str, Callable[[sa.Connection, Sequence[Row]], None]] = {}

    def run(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Insert rows, if there are any. Raises as SQLAlchemy does."""
        if not rows:
            return
        name = connection.dialect.name
        if (compiled := self._compiled.get(name)) is None:
            compiled = self._compiled[name] = self._compile(connection.dialect)
        compiled(connection, rows)

    def _compile(self, dialect: sa.Dialect) -> Callable[[sa.Connection, Sequence[Row]], None]:
        named: dict[str, Any] = {}
        if self._schema_names:
            named = {"schema_translate_map": self._schema_names, "render_schema_translate": True}
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._columns), **named)
        # What an INSERT returns is read by nobody here.
        sql, columns = str(compiled).partition(" RETURNING ")[0], self._statement.table.columns
        names = list(getattr(compiled, "positiontup", None) or self._columns)
        converters = [(name, columns[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]
        is_positional = dialect.positional

        def run(connection: sa.Connection, rows: Sequence[Row]) -> None:
            if is_positional:
                values: Any = [
                    tuple([row[name] if convert is None else convert(row[name]) for name, convert in converters])
                    for row in rows
                ]
            else:
                values = [
                    {name: row[name] if convert is None else convert(row[name]) for name, convert in converters}
                    for row in rows
                ]
            execute(connection, sql, values)

        return run
