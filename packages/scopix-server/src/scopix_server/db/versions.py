"""The versions of descriptions: who said what, and which of them counts."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.fields import SqlFields
from scopix_server.db.locks import held
from scopix_server.db.schema import descriptions, files
from scopix_server.db.search import SearchIndex
from scopix_server.domain.description import Description, ImageKind, Provenance
from scopix_server.domain.engines import HUMAN
from scopix_server.domain.ports import DescriptionRecord

__all__ = ["SqlVersions"]


class SqlVersions:
    """The `VersionRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, file_ids: Sequence[str]) -> dict[str, Sequence[DescriptionRecord]]:
        found: dict[str, list[DescriptionRecord]] = {}
        query = _query().where(descriptions.c.file_id.in_(file_ids)).order_by(descriptions.c.revision.desc())
        for row in self._connection.execute(query).mappings():
            found.setdefault(row["file_id"], []).append(_record_of(row))
        return dict(found)

    def current(self, file_ids: Sequence[str]) -> dict[str, DescriptionRecord]:
        query = _query().where(
            descriptions.c.file_id.in_(file_ids), descriptions.c.revision == files.c.description_current
        )
        return {row["file_id"]: _record_of(row) for row in self._connection.execute(query).mappings()}

    def next_revision(self, file_id: str) -> int:
        current = held(self._connection, sa.select(files.c.description_revision).where(files.c.id == file_id))
        newest = sa.select(sa.func.max(descriptions.c.revision)).where(descriptions.c.file_id == file_id)
        known = [self._connection.execute(query).scalar_one_or_none() for query in (current, newest)]
        return 1 + max(number or 0 for number in known)

    def has(self, file_id: str, revision: int) -> bool:
        query = sa.select(descriptions.c.id).where(
            descriptions.c.file_id == file_id, descriptions.c.revision == revision
        )
        return self._connection.execute(query).first() is not None

    def add(self, record: DescriptionRecord) -> None:
        description, made = record.description, record.description.provenance
        self._connection.execute(
            descriptions.insert().values(
                id=record.id,
                file_id=record.file_id,
                revision=record.revision,
                category=record.category,
                engine=description.engine,
                model=description.model,
                kind=description.kind.value,
                description=description.text,
                visible_text=description.visible_text,
                tags=list(description.tags),
                category_data=description.category_data,
                evidence=list(description.evidence),
                created_at=record.created_at,
                processing_time_ms=record.processing_time_ms,
                prompt_hash=made.prompt_hash,
                language=made.language,
                engine_seconds=made.seconds,
                input_tokens=made.input_tokens,
                output_tokens=made.output_tokens,
                cost=made.cost,
                given_tags=None if record.given_tags is None else list(record.given_tags),
                lent_from=record.lent_from,
            )
        )

    def choose(self, file_id: str, revision: int, at: datetime) -> bool:
        query = _query().where(descriptions.c.file_id == file_id, descriptions.c.revision == revision)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return False
        self._make_current(_record_of(row), at)
        return True

    def make_current(self, record: DescriptionRecord) -> None:
        """As `choose`, for a version that was just added."""
        self._make_current(record, record.created_at)

    def _make_current(self, record: DescriptionRecord, at: datetime) -> None:
        chosen = {"description_current": record.revision, "updated_at": at}
        self._connection.execute(files.update().where(files.c.id == record.file_id).values(chosen))
        description = record.description
        SqlFields(self._connection).keep(record.file_id, description.category_data)
        SearchIndex(self._connection).update_description(
            record.file_id, description.text, description.visible_text, description.tags
        )

    def chosen_by_hand(self, file_id: str) -> bool:
        current = self.current([file_id]).get(file_id)
        return current is not None and current.description.engine == HUMAN


def _query() -> sa.Select[tuple[object, ...]]:
    is_current = (descriptions.c.revision == files.c.description_current).label("is_current")
    joined = descriptions.join(files, files.c.id == descriptions.c.file_id)
    return sa.select(descriptions, is_current).select_from(joined)


def _record_of(row: sa.RowMapping) -> DescriptionRecord:
    return DescriptionRecord(
        id=row["id"],
        file_id=row["file_id"],
        revision=row["revision"],
        category=row["category"],
        created_at=row["created_at"],
        processing_time_ms=row["processing_time_ms"],
        is_current=bool(row["is_current"]),
        given_tags=None if row["given_tags"] is None else tuple(row["given_tags"]),
        lent_from=row["lent_from"],
        description=Description(
            text=row["description"],
            tags=tuple(row["tags"]),
            visible_text=row["visible_text"],
            kind=ImageKind(row["kind"]),
            engine=row["engine"],
            model=row["model"],
            category_data=row["category_data"],
            evidence=tuple(row["evidence"]),
            provenance=Provenance(
                prompt_hash=row["prompt_hash"],
                language=row["language"],
                seconds=row["engine_seconds"],
                input_tokens=row["input_tokens"],
                output_tokens=row["output_tokens"],
                cost=row["cost"],
            ),
        ),
    )
