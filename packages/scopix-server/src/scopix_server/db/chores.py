"""Who does which chore."""

from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.schema import chores

__all__ = ["SqlChores"]


class SqlChores:
    """The `ChoreRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, until: datetime, *, done_before: datetime | None) -> bool:
        free = sa.or_(chores.c.holder.is_(None), chores.c.holder == holder, chores.c.held_until < now)
        taken = {"holder": holder, "held_until": until}
        query = chores.update().where(chores.c.name == name, free).values(taken)
        if done_before is not None:
            query = query.where(sa.or_(chores.c.done_at.is_(None), chores.c.done_at < done_before))
        if self._connection.execute(query).rowcount:
            return True
        if self._connection.execute(sa.select(chores.c.name).where(chores.c.name == name)).first() is not None:
            return False
        try:
            with self._connection.begin_nested():
                self._connection.execute(chores.insert().values(name=name, **taken))
        except sa.exc.IntegrityError:
            return False  # another was faster by a moment
        return True

    def hold(self, name: str, holder: str, until: datetime) -> bool:
        mine = sa.and_(chores.c.name == name, chores.c.holder == holder)
        return self._connection.execute(chores.update().where(mine).values(held_until=until)).rowcount == 1

    def finish(self, name: str, holder: str, at: datetime, *, done: bool) -> None:
        values: dict[str, object] = {"holder": None, "held_until": None}
        if done:
            values["done_at"] = at
        mine = sa.and_(chores.c.name == name, chores.c.holder == holder)
        self._connection.execute(chores.update().where(mine).values(values))

    def forget(self, name: str) -> None:
        self._connection.execute(chores.delete().where(chores.c.name == name))

    def holder(self, name: str, now: datetime) -> str | None:
        query = sa.select(chores.c.holder).where(chores.c.name == name, chores.c.held_until >= now)
        return self._connection.execute(query).scalar_one_or_none()
