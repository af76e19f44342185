"""What the workers last knew of the engines, for those who ask the web process."""

import sqlalchemy as sa

from scopix_server.db.locks import lock
from scopix_server.db.schema import engines
from scopix_server.domain.engines import EngineState

__all__ = ["SqlEngines"]


class SqlEngines:
    """The `EngineRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def note(self, state: EngineState) -> None:
        values = {
            "kind": state.kind,
            "model": state.model,
            "available": state.available,
            "reason": state.reason,
            "since": state.since,
            "checked_at": state.checked_at,
        }
        lock(self._connection, "engine", state.name)
        updated = self._connection.execute(engines.update().where(engines.c.name == state.name).values(values))
        if updated.rowcount == 0:
            self._connection.execute(engines.insert().values(name=state.name, **values))

    def states(self) -> dict[str, EngineState]:
        rows = self._connection.execute(sa.select(engines).order_by(engines.c.name)).mappings()
        return {row["name"]: EngineState(**row) for row in rows}
