"""Who lends its description to whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.db.descriptions import SqlDescriptions
from scopix_server.db.files import file_of
from scopix_server.db.locks import held, lock
from scopix_server.db.schema import descriptions, files
from scopix_server.domain.engines import HUMAN
from scopix_server.domain.file import File
from scopix_server.domain.lending import Borrower, Lender, Offer

__all__ = ["SqlLending"]

_COMPLETED = DescriptionStatus.COMPLETED.value
_ON_ITS_WAY = (DescriptionStatus.PENDING.value, DescriptionStatus.QUEUED.value, DescriptionStatus.PROCESSING.value)
_lenders = files.alias("lenders")


class SqlLending:
    """The `LendingRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, file: File) -> Lender | None:
        # Of two requests that bring the same at once, the second sees the file of the first.
        lock(self._connection, "content", file.tenant_id, file.sha256)
        is_under_way = _under_way(files)
        query = (
            sa.select(files.c.id, is_under_way.label("is_under_way"))
            .where(
                files.c.tenant_id == file.tenant_id,
                files.c.sha256 == file.sha256,
                files.c.deleted_at.is_(None),
                files.c.content_category == file.content_category,
                files.c.media_type == MediaType.IMAGE.value,
                sa.or_(is_under_way, files.c.description_status == _COMPLETED),
                # Who waits itself may wait for one that is gone.
                files.c.description_waits_since.is_(None),
            )
            .order_by(is_under_way, files.c.created_at, files.c.id)
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return None if row is None else Lender(row.id, bool(row.is_under_way))

    def offer(self, file: File) -> Offer | None:
        query = sa.select(files).where(
            files.c.id == file.description_lender,
            files.c.tenant_id == file.tenant_id,
            files.c.sha256 == file.sha256,
            files.c.deleted_at.is_(None),
            files.c.description_status == _COMPLETED,
            ~_under_way(files),
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        known = SqlDescriptions(self._connection)
        perception = known.perception(row["id"])
        for record in known.versions(row["id"]):
            if perception and record.category == file.content_category and record.description.engine != HUMAN:
                return Offer(record, perception, row["content_created_at"])
        return None

    def ended(self, before: datetime, *, limit: int) -> Sequence[Borrower]:
        lender = sa.and_(_lenders.c.id == files.c.description_lender, _lenders.c.deleted_at.is_(None))
        is_there = sa.exists().where(lender)
        query = (
            sa.select(files, is_there.label("lender_is_there"))
            .where(
                files.c.description_waits_since.is_not(None),
                files.c.deleted_at.is_(None),
                files.c.description_status == DescriptionStatus.QUEUED.value,
                sa.or_(
                    files.c.description_waits_since < before, ~sa.exists().where(sa.and_(lender, _under_way(_lenders)))
                ),
            )
            .order_by(files.c.created_at, files.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(held(self._connection, query, of=files)).mappings()
        return [Borrower(file_of(row), not row["lender_is_there"]) for row in rows]

    def wake(self, borrower: Borrower) -> None:
        values: dict[str, object] = {"description_waits_since": None}
        if borrower.lender_is_gone:
            values["description_lender"] = None
        self._connection.execute(files.update().where(files.c.id == borrower.file.id).values(values))

    def inherit(self, lender_id: str, heir_id: str, at: datetime) -> None:
        waiting = (files.c.description_waits_since.is_not(None), files.c.description_lender == lender_id)
        self._connection.execute(
            files.update()
            .where(*waiting, files.c.id != heir_id)
            .values(description_lender=heir_id, description_waits_since=at)
        )


def _under_way(lender: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a file's answer is still to come; also that which is to replace a quick one, unless it had its chance."""
    made: Any = sa.exists().where(
        descriptions.c.file_id == lender.c.id, descriptions.c.revision == lender.c.description_revision
    )
    refined = sa.and_(lender.c.description_status == _COMPLETED, lender.c.description_error.is_(None), ~made)
    return sa.or_(lender.c.description_status.in_(_ON_ITS_WAY), refined)
