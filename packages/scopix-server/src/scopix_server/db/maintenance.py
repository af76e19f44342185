"""Who does which maintenance task."""

from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.schema import maintenance

__all__ = ["SqlMaintenance"]


class SqlMaintenance:
    """The `MaintenanceRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, until: datetime, *, done_before: datetime | None) -> bool:
        free = sa.or_(maintenance.c.holder.is_(None), maintenance.c.holder == holder, maintenance.c.held_until < now)
        taken = {"holder": holder, "held_until": until}
        query = maintenance.update().where(maintenance.c.name == name, free).values(taken)
        if done_before is not None:
            query = query.where(sa.or_(maintenance.c.done_at.is_(None), maintenance.c.done_at < done_before))
        if self._connection.execute(query).rowcount:
            return True
        if (
            self._connection.execute(sa.select(maintenance.c.name).where(maintenance.c.name == name)).first()
            is not None
        ):
            return False
        try:
            with self._connection.begin_nested():
                self._connection.execute(maintenance.insert().values(name=name, **taken))
        except sa.exc.IntegrityError:
            return False  # another was faster by a moment
        return True

    def renew(self, name: str, holder: str, until: datetime) -> bool:
        mine = sa.and_(maintenance.c.name == name, maintenance.c.holder == holder)
        return self._connection.execute(maintenance.update().where(mine).values(held_until=until)).rowcount == 1

    def finish(self, name: str, holder: str, at: datetime, *, done: bool) -> None:
        values: dict[str, object] = {"holder": None, "held_until": None}
        if done:
            values["done_at"] = at
        mine = sa.and_(maintenance.c.name == name, maintenance.c.holder == holder)
        self._connection.execute(maintenance.update().where(mine).values(values))

    def remove(self, name: str) -> None:
        self._connection.execute(maintenance.delete().where(maintenance.c.name == name))

    def holder(self, name: str, now: datetime) -> str | None:
        query = sa.select(maintenance.c.holder).where(maintenance.c.name == name, maintenance.c.held_until >= now)
        return self._connection.execute(query).scalar_one_or_none()
