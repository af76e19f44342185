"""What was perceived, what was said, and how far it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, VariantStatus
from scopix_server.db import documents
from scopix_server.db.counts import FileCounts, standing_of
from scopix_server.db.events import SessionEvents
from scopix_server.db.files import file_of
from scopix_server.db.locks import held
from scopix_server.db.objects import SqlObjects
from scopix_server.db.outbox import Outbox
from scopix_server.db.schema import files, perceptions
from scopix_server.db.vectors import SqlVectors
from scopix_server.db.versions import SqlVersions
from scopix_server.db.written import SqlWritten
from scopix_server.domain.description import Perception
from scopix_server.domain.file import File
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.session import Stage, stage_of
from scopix_server.domain.states import TERMINAL, check_move

__all__ = ["SqlDescriptions"]


class SqlDescriptions:
    """The `DescriptionRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._versions = SqlVersions(connection)

    def is_current(self, file_id: str, revision: int) -> bool:
        return self._current(file_id, revision) is not None and not self._saved(file_id, revision)

    def claim(self, file_id: str, revision: int, at: datetime, *, new_attempt: bool = True) -> File | None:
        file = self._current(file_id, revision)
        if file is None or self._saved(file_id, revision):
            return None
        if file.description_status is DescriptionStatus.COMPLETED:
            return file  # it has a quick answer, which stays until there is a better one
        noted: dict[str, object] = {}
        if new_attempt:
            noted = {"description_attempts": files.c.description_attempts + 1, "description_started_at": at}
        if file.description_error_type is None:
            noted["description_error"] = None  # what it waited for is there now
        self._move(file, DescriptionStatus.PROCESSING, at, is_news=new_attempt, **noted)
        return self._current(file_id, revision)

    def release(self, file_id: str, revision: int, at: datetime) -> None:
        file = self._current(file_id, revision)
        if file is not None and file.description_status is DescriptionStatus.PROCESSING:
            attempts = max(0, file.description_attempts - 1)
            self._move(file, DescriptionStatus.QUEUED, at, is_news=False, description_attempts=attempts)

    def save_perception(
        self, file_id: str, perception: Perception, taken: datetime | None, *, is_all: bool = True
    ) -> None:
        seen: dict[str, object] = {"width": perception.width, "height": perception.height, "content_created_at": taken}
        if taken is not None:
            seen["sorted_at"] = taken
        # The file's row first: of two workers that do this at once, the other waits here.
        self._connection.execute(files.update().where(files.c.id == file_id).values(seen))
        data, embedding = documents.dump_perception(perception)
        self._connection.execute(perceptions.delete().where(perceptions.c.file_id == file_id))
        self._connection.execute(perceptions.insert().values(file_id=file_id, data=data, embedding=embedding))
        SqlVectors(self._connection).keep(file_id, perception.embedding)
        SqlObjects(self._connection).keep(file_id, perception.objects)
        SqlWritten(self._connection).keep(file_id, perception.descriptive)
        if is_all:
            SessionEvents(self._connection).happened([file_id], Stage.PERCEIVED, datetime.now(UTC))

    def perception(self, file_id: str) -> Perception | None:
        row = (
            self._connection.execute(sa.select(perceptions).where(perceptions.c.file_id == file_id)).mappings().first()
        )
        return None if row is None else documents.load_perception(row["data"], row["embedding"])

    def complete(self, record: DescriptionRecord) -> bool:
        file = self._current(record.file_id, record.revision)
        if file is None or self._saved(record.file_id, record.revision):
            return False
        self._versions.add(record)
        # What a person wrote is never replaced by what an engine writes.
        if file.description_current is None or not self._versions.chosen_by_hand(record.file_id):
            self._versions.make_current(record)
        if file.description_status is DescriptionStatus.COMPLETED:
            self._note(record.file_id, description_error=None)
            return True
        self._move(
            file,
            DescriptionStatus.COMPLETED,
            record.created_at,
            description_error=None,
            description_error_type=None,
            description_is_retryable=None,
            description_finished_at=record.created_at,
        )
        Outbox(self._connection).file_ended(record.file_id, record.created_at)
        return True

    def refine(self, file: File, engine: str) -> int:
        revision = self._versions.next_revision(file.id)
        self._note(file.id, description_revision=revision, description_engine=engine)
        return revision

    def ask_again(self, file: File, category: str, at: datetime, *, engine: str | None = None) -> int:
        revision = self._versions.next_revision(file.id)
        self._move(
            self._held(file),
            DescriptionStatus.QUEUED,
            at,
            description_revision=revision,
            description_attempts=0,
            description_error=None,
            description_error_type=None,
            description_is_retryable=None,
            description_finished_at=None,
            content_category=category,
            description_engine=engine,
            description_lender=None,
            description_waits_since=None,
        )
        return revision

    def park(self, file_id: str, revision: int, engine: str, at: datetime, reason: str | None = None) -> bool:
        file = self._current(file_id, revision)
        if file is None or self._saved(file_id, revision):
            return False
        noted = {"description_engine": engine, "description_error": reason}
        if file.description_status is DescriptionStatus.COMPLETED:
            self._note(file_id, **noted)
        else:
            # To wait is no failure, and has no type of one.
            untyped = {"description_error_type": None, "description_is_retryable": None}
            self._move(file, DescriptionStatus.QUEUED, at, is_news=False, **noted, **untyped)
        if reason:
            SessionEvents(self._connection).happened([file_id], Stage.RETRYING, at, reason, retryable=True)
        return True

    def settle(self, file: File, revision: int, at: datetime) -> None:
        under_way = file.description_status not in TERMINAL or (
            file.description_status is DescriptionStatus.COMPLETED
            and not self._saved(file.id, file.description_revision)
        )
        if under_way:
            return
        self._note(file.id, description_revision=revision)
        if file.description_status is not DescriptionStatus.COMPLETED:
            queued = self._move(self._held(file), DescriptionStatus.QUEUED, at, is_news=False)
            self._move(
                queued,
                DescriptionStatus.COMPLETED,
                at,
                description_error=None,
                description_error_type=None,
                description_is_retryable=None,
                description_finished_at=at,
            )

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
        file = self._current(file_id, revision)
        if file is None or self._saved(file_id, revision):
            return
        now = datetime.now(UTC)
        if file.description_status is DescriptionStatus.COMPLETED:
            self._note(file_id, description_error=error)
            return
        final = status is DescriptionStatus.FAILED
        # Thumbnails come from the same decode: when that is given up before they exist, they are given up too.
        if final and file.variant_status is not VariantStatus.COMPLETED:
            failed = {"variant_status": VariantStatus.FAILED.value, "variant_error": error}
            self._note(file_id, **failed)
        if final and self._versions.chosen_by_hand(file_id):
            # A person has described it: there is nothing left to fail.
            self._move(file, DescriptionStatus.COMPLETED, now, description_error=error, description_finished_at=now)
            Outbox(self._connection).file_ended(file_id, now)
            return
        self._move(
            file,
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
        if final:
            Outbox(self._connection).file_ended(file_id, now)

    def current(self, file_ids: Sequence[str]) -> dict[str, DescriptionRecord]:
        return self._versions.current(file_ids)

    def perceptions(self, file_ids: Sequence[str]) -> dict[str, Perception]:
        query = sa.select(perceptions.c.file_id, perceptions.c.data).where(perceptions.c.file_id.in_(file_ids))
        rows = self._connection.execute(query)
        return {row.file_id: documents.load_perception(row.data, None) for row in rows}

    def versions(self, file_id: str) -> Sequence[DescriptionRecord]:
        return self.all_versions([file_id]).get(file_id, [])

    def all_versions(self, file_ids: Sequence[str]) -> dict[str, Sequence[DescriptionRecord]]:
        return self._versions.of(file_ids)

    def _note(self, file_id: str, **values: object) -> None:
        self._connection.execute(files.update().where(files.c.id == file_id).values(values))

    def _current(self, file_id: str, revision: int) -> File | None:
        query = sa.select(files).where(
            files.c.id == file_id, files.c.deleted_at.is_(None), files.c.description_revision == revision
        )
        row = self._connection.execute(held(self._connection, query)).mappings().first()
        return None if row is None else file_of(row)

    def _saved(self, file_id: str, revision: int) -> bool:
        return self._versions.has(file_id, revision)

    def _held(self, file: File) -> File:
        """The file as it is counted now, which nobody else changes until the end of the transaction."""
        query = sa.select(files.c.description_status, files.c.deleted_at).where(files.c.id == file.id)
        status, deleted_at = self._connection.execute(held(self._connection, query)).one()
        return replace(file, description_status=DescriptionStatus(status), deleted_at=deleted_at)

    def _move(
        self, file: File, target: DescriptionStatus, at: datetime, *, is_news: bool = True, **values: object
    ) -> File:
        """Change the status of a file that this transaction holds; return the file with it."""
        status = check_move(file.description_status, target)
        self._note(file.id, description_status=status.value, updated_at=at, **values)
        moved = replace(file, description_status=status)
        FileCounts(self._connection).changed(file.id, standing_of(file), standing_of(moved))
        if is_news:
            SessionEvents(self._connection).happened([file.id], stage_of(status), at)
        return moved
