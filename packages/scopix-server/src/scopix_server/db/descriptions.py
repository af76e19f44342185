"""What was perceived, what was said, and how far it is."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, VariantStatus
from scopix_server.db import documents
from scopix_server.db.events import SessionEvents
from scopix_server.db.files import file_of
from scopix_server.db.schema import descriptions, files, perceptions
from scopix_server.db.search import SearchIndex
from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.file import File
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.session import Stage, stage_of
from scopix_server.domain.states import check_move

__all__ = ["SqlDescriptions"]


class SqlDescriptions:
    """The `DescriptionRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(self, file_id: str, revision: int, at: datetime, *, new_attempt: bool = True) -> File | None:
        if self._wanted(file_id, revision) is None or self._saved(file_id, revision):
            return None
        noted: dict[str, object] = {}
        if new_attempt:
            noted = {"description_attempts": files.c.description_attempts + 1, "description_started_at": at}
        self._move(file_id, DescriptionStatus.PROCESSING, at, is_news=new_attempt, **noted)
        return self._wanted(file_id, revision)

    def save_perception(self, file_id: str, perception: Perception, taken: datetime | None) -> None:
        data, embedding = documents.dump_perception(perception)
        self._connection.execute(perceptions.delete().where(perceptions.c.file_id == file_id))
        self._connection.execute(perceptions.insert().values(file_id=file_id, data=data, embedding=embedding))
        seen: dict[str, object] = {"width": perception.width, "height": perception.height, "content_created_at": taken}
        if taken is not None:
            seen["sorted_at"] = taken
        self._connection.execute(files.update().where(files.c.id == file_id).values(seen))
        SessionEvents(self._connection).happened([file_id], Stage.PERCEIVED, datetime.now(UTC))

    def perception(self, file_id: str) -> Perception | None:
        row = (
            self._connection.execute(sa.select(perceptions).where(perceptions.c.file_id == file_id)).mappings().first()
        )
        return None if row is None else documents.load_perception(row["data"], row["embedding"])

    def complete(self, record: DescriptionRecord) -> bool:
        if self._wanted(record.file_id, record.revision) is None or self._saved(record.file_id, record.revision):
            return False
        said = record.description
        self._connection.execute(
            descriptions.insert().values(
                id=record.id,
                file_id=record.file_id,
                revision=record.revision,
                category=record.category,
                engine=said.engine,
                model=said.model,
                kind=said.kind.value,
                description=said.text,
                visible_text=said.visible_text,
                tags=list(said.tags),
                category_data=said.category_data,
                evidence=list(said.evidence),
                created_at=record.created_at,
                processing_time_ms=record.processing_time_ms,
            )
        )
        SearchIndex(self._connection).update_description(record.file_id, said.text, said.visible_text, said.tags)
        self._move(
            record.file_id,
            DescriptionStatus.COMPLETED,
            record.created_at,
            description_error=None,
            description_error_type=None,
            description_is_retryable=None,
            description_finished_at=record.created_at,
        )
        return True

    def ask_again(self, file: File, category: str, at: datetime) -> int:
        revision = file.description_revision + 1
        self._move(
            file.id,
            DescriptionStatus.QUEUED,
            at,
            description_revision=revision,
            description_attempts=0,
            description_error=None,
            description_error_type=None,
            description_is_retryable=None,
            description_finished_at=None,
            content_category=category,
        )
        return revision

    def give_up(
        self,
        file_id: str,
        revision: int,
        status: DescriptionStatus,
        error: str,
        kind: DescriptionErrorType,
        *,
        retryable: bool,
    ) -> None:
        file = self._wanted(file_id, revision)
        if file is None or self._saved(file_id, revision):
            return
        now = datetime.now(UTC)
        final = status is DescriptionStatus.FAILED
        # Thumbnails come from the same decode: when that is given up before they exist, they are given up too.
        if final and file.variant_status is not VariantStatus.COMPLETED:
            failed = {"variant_status": VariantStatus.FAILED.value, "variant_error": error}
            self._connection.execute(files.update().where(files.c.id == file_id).values(failed))
        self._move(
            file_id,
            status,
            now,
            is_news=False,
            description_error=error,
            description_error_type=kind.value,
            description_is_retryable=retryable,
            description_finished_at=now if final else None,
        )

        stage = Stage.FAILED if final else Stage.RETRYING
        SessionEvents(self._connection).happened([file_id], stage, now, error, kind, retryable=retryable)

    def current(self, file_ids: Sequence[str]) -> dict[str, DescriptionRecord]:
        query = sa.select(descriptions).where(descriptions.c.file_id.in_(file_ids)).order_by(descriptions.c.revision)
        # In ascending order, so that of several versions the newest remains.
        return {row["file_id"]: _record_of(row) for row in self._connection.execute(query).mappings()}

    def perceptions(self, file_ids: Sequence[str]) -> dict[str, Perception]:
        query = sa.select(perceptions.c.file_id, perceptions.c.data).where(perceptions.c.file_id.in_(file_ids))
        rows = self._connection.execute(query)
        return {row.file_id: documents.load_perception(row.data, None) for row in rows}

    def versions(self, file_id: str) -> Sequence[DescriptionRecord]:
        return self.all_versions([file_id]).get(file_id, [])

    def all_versions(self, file_ids: Sequence[str]) -> dict[str, Sequence[DescriptionRecord]]:
        query = sa.select(descriptions).where(descriptions.c.file_id.in_(file_ids))
        found: dict[str, list[DescriptionRecord]] = {}
        for row in self._connection.execute(query.order_by(descriptions.c.revision.desc())).mappings():
            found.setdefault(row["file_id"], []).append(_record_of(row))
        return dict(found)

    def _wanted(self, file_id: str, revision: int) -> File | None:
        query = sa.select(files).where(
            files.c.id == file_id, files.c.deleted_at.is_(None), files.c.description_revision == revision
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else file_of(row)

    def _saved(self, file_id: str, revision: int) -> bool:
        query = sa.select(descriptions.c.id).where(
            descriptions.c.file_id == file_id, descriptions.c.revision == revision
        )
        return self._connection.execute(query).first() is not None

    def _move(
        self, file_id: str, target: DescriptionStatus, at: datetime, *, is_news: bool = True, **values: object
    ) -> None:
        current = self._connection.execute(
            sa.select(files.c.description_status).where(files.c.id == file_id)
        ).scalar_one()
        status = check_move(DescriptionStatus(current), target)
        self._connection.execute(
            files.update().where(files.c.id == file_id).values(description_status=status.value, updated_at=at, **values)
        )
        if is_news:
            SessionEvents(self._connection).happened([file_id], stage_of(status), at)


def _record_of(row: sa.RowMapping) -> DescriptionRecord:
    return DescriptionRecord(
        id=row["id"],
        file_id=row["file_id"],
        revision=row["revision"],
        category=row["category"],
        created_at=row["created_at"],
        processing_time_ms=row["processing_time_ms"],
        description=Description(
            text=row["description"],
            tags=tuple(row["tags"]),
            visible_text=row["visible_text"],
            kind=ImageKind(row["kind"]),
            engine=row["engine"],
            model=row["model"],
            category_data=row["category_data"],
            evidence=tuple(row["evidence"]),
        ),
    )
