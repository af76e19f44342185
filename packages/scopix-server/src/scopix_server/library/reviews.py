"""The queue of files that wait to be looked at by a person: accepted, corrected or rejected."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from scopix_server.domain.errors import Conflict, NotFound, ValidationFailed
from scopix_server.domain.file import File
from scopix_server.domain.ids import is_uuid
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.rules import Review, ReviewStatus
from scopix_server.library.edit import Changes
from scopix_server.library.files import find_file
from scopix_server.library.revise import write_version

__all__ = ["Reviews"]


class Reviews:
    """The queues of all tenants. All methods block."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def list(
        self, tenant_id: str, status: ReviewStatus | None, *, limit: int, offset: int
    ) -> tuple[Sequence[tuple[Review, File]], int]:
        """Return a page of the queue with the files, those that wait longest first, and how many there are."""
        return self._database.read(lambda t: t.reviews.list(tenant_id, status, limit=limit, offset=offset))

    def accept(self, tenant_id: str, review_id: str, note: str | None) -> Review:
        """Note that what was said of the file holds. Raises NotFound; Conflict: it was decided before."""
        return self._decide(tenant_id, review_id, ReviewStatus.ACCEPTED, note, lambda *_: None)

    def correct(self, tenant_id: str, review_id: str, note: str | None, changes: Changes) -> Review:
        """Correct what was said of the file; that is a version of a person's. Raises as `accept`, ValidationFailed."""

        def apply(transaction: Transaction, file: File, at: datetime) -> None:
            if not changes.named and not changes.rewrites:
                raise ValidationFailed("Say what is corrected: a title, tags, a description or ai_tags.", field="title")
            if changes.named:
                title = changes.title if "title" in changes.named else file.title
                tags = changes.tags if "tags" in changes.named else file.user_tags
                transaction.files.update(replace(file, title=title, user_tags=tags, updated_at=at))
            if changes.rewrites:
                write_version(transaction, file, changes.description, changes.ai_tags, at)

        return self._decide(tenant_id, review_id, ReviewStatus.CORRECTED, note, apply)

    def reject(self, tenant_id: str, review_id: str, note: str | None) -> Review:
        """Take back what was said of the file, tags and all: it is found by it no more. Raises as `accept`."""
        return self._decide(
            tenant_id, review_id, ReviewStatus.REJECTED, note, lambda t, file, at: write_version(t, file, "", [], at)
        )

    def _decide(
        self,
        tenant_id: str,
        review_id: str,
        status: ReviewStatus,
        note: str | None,
        apply: Callable[[Transaction, File, datetime], object],
    ) -> Review:
        def decide(transaction: Transaction) -> Review:
            known = review_id.lower()
            review = transaction.reviews.get(tenant_id, known) if is_uuid(known) else None
            if review is None:
                raise NotFound(f"There is no review '{review_id[:64]}'.", resource_type="review")
            if review.status is not ReviewStatus.OPEN:
                raise Conflict(f"It was {review.status.value} before.", status=review.status.value)
            at = self._now()
            apply(transaction, find_file(transaction, tenant_id, review.file_id), at)
            decided = replace(review, status=status, decided_at=at, note=note)
            transaction.reviews.decide(decided)
            return decided

        return self._database.write(decide)
