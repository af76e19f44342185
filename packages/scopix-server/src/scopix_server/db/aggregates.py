"""Numbers over all files that meet a filter: what a field of theirs adds up to, how many things are seen."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import file_fields, file_objects, files
from scopix_server.db.selection import rows_of, select_files
from scopix_server.domain.asking import FieldTotal
from scopix_server.domain.listing import FileFilter

__all__ = ["SqlAggregates"]

_CURRENCY = "currency"


class SqlAggregates:
    """The `AggregateRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def has_field(self, tenant_id: str, name: str) -> bool:
        query = (
            sa.select(sa.literal(1))
            .select_from(file_fields.join(files, files.c.id == file_fields.c.file_id))
            .where(file_fields.c.name == name, files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None))
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def totals(self, tenant_id: str, criteria: FileFilter, name: str) -> Sequence[FieldTotal]:
        numbers = self._numbers(tenant_id, criteria, name)
        if numbers is None:
            return []
        of = name.removesuffix("_amount")
        units = (
            sa.select(file_fields.c.file_id, sa.func.min(file_fields.c.text).label("unit"))
            .where(file_fields.c.name.in_([f"{of}_{_CURRENCY}", _CURRENCY]), file_fields.c.number.is_(None))
            .group_by(file_fields.c.file_id)
            .subquery()
        )
        value = numbers.c.number
        query = (
            sa.select(units.c.unit, sa.func.count(), sa.func.sum(value), sa.func.min(value), sa.func.max(value))
            .select_from(numbers.outerjoin(units, units.c.file_id == numbers.c.file_id))
            .group_by(units.c.unit)
            .order_by(sa.func.count().desc(), units.c.unit)
        )
        return [FieldTotal(name, *row) for row in self._connection.execute(query)]

    def extremes(self, tenant_id: str, criteria: FileFilter, name: str, *, largest: bool, limit: int) -> Sequence[str]:
        numbers = self._numbers(tenant_id, criteria, name)
        if numbers is None:
            return []
        order = numbers.c.number.desc() if largest else numbers.c.number
        query = sa.select(numbers.c.file_id).order_by(order, numbers.c.file_id).limit(limit)
        return self._connection.execute(query).scalars().all()

    def things(self, tenant_id: str, criteria: FileFilter, label: str) -> FieldTotal:
        found = self._found(tenant_id, criteria)
        if found is None:
            return FieldTotal(label, None, 0, 0, 0, 0)
        number = file_objects.c.number
        query = sa.select(sa.func.count(), sa.func.sum(number), sa.func.min(number), sa.func.max(number)).where(
            file_objects.c.label == label, file_objects.c.file_id.in_(found)
        )
        return FieldTotal(label, None, *(value or 0 for value in self._connection.execute(query).one()))

    def _numbers(self, tenant_id: str, criteria: FileFilter, name: str) -> sa.Subquery | None:
        """Return a number a file: the largest, as where a form has the sum as well as what it consists of."""
        found = self._found(tenant_id, criteria)
        if found is None:
            return None
        return (
            sa.select(file_fields.c.file_id, sa.func.max(file_fields.c.number).label("number"))
            .where(file_fields.c.name == name, file_fields.c.number.is_not(None), file_fields.c.file_id.in_(found))
            .group_by(file_fields.c.file_id)
            .subquery()
        )

    def _found(self, tenant_id: str, criteria: FileFilter) -> sa.Select[tuple[Any, ...]] | None:
        selection = select_files(self._connection, tenant_id, criteria)
        if selection is None:
            return None
        return rows_of(self._connection.dialect.name, tenant_id, selection, [files.c.id])
