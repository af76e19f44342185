"""Changing files that are there: titles and tags, descriptions by a person, deletion and its undoing."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scopix.types.vocabulary import VariantStatus
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.errors import DomainError, NotFound, WrongMediaType
from scopix_server.domain.file import File, has_variants
from scopix_server.domain.ids import is_file_id, is_uuid
from scopix_server.domain.ports import Database, JobQueue, Transaction
from scopix_server.domain.states import TERMINAL
from scopix_server.library.files import find_file
from scopix_server.library.redescribe import PORTION
from scopix_server.library.restore import restore_file
from scopix_server.library.revise import choose_version, write_version

__all__ = ["Changes", "Deletion", "Editor"]

_ON_THE_WAY = frozenset({VariantStatus.PENDING, VariantStatus.PROCESSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a person changes of a file. `title` and `tags` count where `named` holds their names; else None is left."""

    named: frozenset[str] = frozenset()
    title: str | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    ai_tags: Sequence[str] | None = None

    @property
    def rewrites(self) -> bool:
        """Whether the description changes."""
        return self.description is not None or self.ai_tags is not None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of one file that was to be deleted: `status` is deleted, skipped or failed."""

    file_id: str
    status: str
    message: str
    deleted_at: datetime | None = None


class Editor:
    """Changes a tenant's files. All methods block; a file is named by its id or the first 8 characters of it."""

    def __init__(self, database: Database, jobs: JobQueue) -> None:
        self._database = database
        self._jobs = jobs

    def update(self, tenant_id: str, file_id: str, changes: Changes) -> tuple[File, DescriptionRecord | None]:
        """Change a file; return it with the version that was written, if one was. Raises NotFound, Conflict, and as
        `write_version`."""
        now = datetime.now(UTC)

        def save(transaction: Transaction) -> tuple[File, DescriptionRecord | None]:
            file = find_file(transaction, tenant_id, file_id)
            file = replace(
                file,
                title=changes.title if "title" in changes.named else file.title,
                user_tags=changes.tags if "tags" in changes.named else file.user_tags,
                updated_at=now,
            )
            if changes.named:
                transaction.files.update(file)
            if not changes.rewrites:
                return file, None
            return file, write_version(transaction, file, changes.description, changes.ai_tags, now)

        return self._database.write(save)

    def choose_version(self, tenant_id: str, file_id: str, version: int) -> DescriptionRecord:
        """Make a version the one that counts, and return it. Raises NotFound, Conflict."""

        def choose(transaction: Transaction) -> DescriptionRecord:
            file = find_file(transaction, tenant_id, file_id)
            choose_version(transaction, file, version, datetime.now(UTC))
            return next(v for v in transaction.descriptions.versions(file.id) if v.is_current)

        return self._database.write(choose)

    def make_variants_again(self, tenant_id: str, file_id: str) -> tuple[File, str | None]:
        """Ask for an image's variants again; return it and the job, None when they are on the way already.

        Raises:
            NotFound, Conflict: see `find_file`.
            WrongMediaType: it cannot be drawn.
        """

        def ask(transaction: Transaction) -> tuple[File, str | None]:
            file = find_file(transaction, tenant_id, file_id)
            if not has_variants(file):
                raise WrongMediaType(
                    f"{file.filename} cannot be drawn, so it has no variants.", media_type=file.media_type.value
                )
            if file.variant_status in _ON_THE_WAY:
                return file, None
            transaction.variants.ask_again(file.id, datetime.now(UTC))
            return file, self._jobs.enqueue_variants_again(transaction, file)

        return self._database.write(ask)

    def delete(self, tenant_id: str, file_id: str) -> tuple[File, datetime]:
        """Delete a file, which can be undone for 30 days; return it and when that was. Raises NotFound, Conflict."""
        now = datetime.now(UTC)

        def delete(transaction: Transaction) -> File:
            file = find_file(transaction, tenant_id, file_id)
            transaction.files.mark_deleted(tenant_id, file.id, now)
            return file

        return self._database.write(delete), now

    def delete_all(self, tenant_id: str, file_ids: Sequence[str]) -> list[Deletion]:
        """Delete files by their full ids, a portion at a time; what is still being processed is left as it is."""
        now = datetime.now(UTC)
        outcomes: list[Deletion] = []
        for start in range(0, len(file_ids), PORTION):
            some = file_ids[start : start + PORTION]
            try:
                outcomes += self._database.write(
                    functools.partial(_delete_all, tenant_id=tenant_id, file_ids=some, now=now)
                )
            except DomainError as error:
                if not outcomes:
                    raise
                # Those before are deleted, and the outcomes say so.
                outcomes += [Deletion(file_id, "failed", error.message) for file_id in some]
        return outcomes

    def restore(self, tenant_id: str, file_id: str) -> str:
        """Undo a deletion; return the file's id. What it missed meanwhile is asked for. Raises NotFound, Conflict."""
        known_id, now = file_id.lower(), datetime.now(UTC)

        def restore(transaction: Transaction) -> str | None:
            file = transaction.files.get(tenant_id, known_id, include_deleted=True)
            is_back = file is not None and restore_file(transaction, self._jobs, tenant_id, file.id, now)
            return file.id if file is not None and is_back else None

        restored = self._database.write(restore) if is_file_id(known_id) else None
        if restored is None:
            raise NotFound(
                f"There is no deleted file '{file_id[:64]}'.", resource_type="file", resource_id=file_id[:64]
            )
        return restored


def _delete_all(transaction: Transaction, *, tenant_id: str, file_ids: Sequence[str], now: datetime) -> list[Deletion]:
    return [_delete(transaction, tenant_id, file_id, now) for file_id in file_ids]


def _delete(transaction: Transaction, tenant_id: str, file_id: str, now: datetime) -> Deletion:
    file = transaction.files.get(tenant_id, file_id) if is_uuid(file_id) else None
    if file is None:
        return Deletion(file_id, "failed", "There is no such file.")
    if file.description_status not in TERMINAL:
        return Deletion(file_id, "skipped", "It is still being processed.")
    transaction.files.mark_deleted(tenant_id, file_id, now)
    return Deletion(file_id, "deleted", f"{file.filename} was deleted.", now)
