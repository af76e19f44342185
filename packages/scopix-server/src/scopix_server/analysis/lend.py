"""Giving a file the description of another one with the same bytes, and waking those that waited for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scopix_server.analysis.ask import record_of
from scopix_server.analysis.by_vocabulary import by_vocabulary
from scopix_server.domain.description import Provenance
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.file import File
from scopix_server.domain.lending import Offer
from scopix_server.domain.ports import Database, JobQueue, Transaction
from scopix_server.domain.rules import RuleBook
from scopix_server.domain.turn import Priority

__all__ = ["BorrowDescription", "WakeBorrowers"]

_MAX_WAIT = timedelta(hours=1)
"""Then a file queues up itself: behind its lender's job, which is in the same queue since before."""
_PORTION = 100
"""Files in one transaction: with their jobs, some tenth of a second."""


class BorrowDescription:
    """Saves a lender's answer as a file's own version. Blocks, and may be repeated without harm.

    Args:
        make_variants: makes those of a file that are missing.
    """

    def __init__(
        self,
        database: Database,
        make_variants: Callable[[str], bool],
        rules: RuleBook | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._make_variants = make_variants
        self._rules = rules
        self._now = now

    def run(self, file: File, revision: int) -> bool:
        """Give a file that was claimed its lender's description; False when there is none.

        Raises:
            DescribeError: the variants cannot be made.
        """
        if file.description_lender is None or self._database.read(lambda t: t.lending.offer(file)) is None:
            return False
        # First, since nobody would ask for them once the description is there.
        self._make_variants(file.id)
        return self._database.write(lambda t: self._save(t, file, revision))

    def _save(self, transaction: Transaction, file: File, revision: int) -> bool:
        offer = transaction.lending.offer(file)
        if offer is None:
            return False
        if not transaction.descriptions.is_current(file.id, revision):
            return True
        transaction.descriptions.save_perception(file.id, offer.perception, offer.taken)
        record = _lent(offer, file, revision, self._now())
        saved = transaction.descriptions.complete(by_vocabulary(transaction, file.tenant_id, record))
        if saved and self._rules is not None:
            self._rules.described(transaction, file, revision)
        return True


def _lent(offer: Offer, file: File, revision: int, at: datetime) -> DescriptionRecord:
    record = offer.record
    made = record.description.provenance
    description = replace(
        record.description,
        # As the describer gave them: the tenant's list of tags may be another one by now.
        tags=record.description.tags if record.given_tags is None else record.given_tags,
        # What the engine took, it took once.
        provenance=Provenance(prompt_hash=made.prompt_hash, language=made.language),
    )
    return replace(record_of(file, revision, description, at, 0), lent_from=record.lent_from or record.file_id)


class WakeBorrowers:
    """Lets files have their turn that waited for a lender, whatever became of that."""

    def __init__(
        self, database: Database, jobs: JobQueue, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._now = now

    def run(self) -> int:
        """Ask for the descriptions of some whose lender has ended; return how many that were.

        Where a lender was deleted, the first that waited is described, and the others wait for that one.
        """
        before = self._now() - _MAX_WAIT
        # Mostly nobody waits: to see that takes no turn at writing.
        if not self._database.read(lambda t: t.lending.ended(before, limit=1)):
            return 0
        return self._database.write(lambda t: self._wake(t, before))

    def _wake(self, transaction: Transaction, before: datetime) -> int:
        woken, heirs = 0, set()
        for borrower in transaction.lending.ended(before, limit=_PORTION):
            file, lender_id = borrower.file, borrower.file.description_lender
            if lender_id in heirs:
                continue
            if borrower.lender_is_gone and lender_id is not None:
                heirs.add(lender_id)
                transaction.lending.inherit(lender_id, file.id, self._now())
            transaction.lending.wake(borrower)
            self._jobs.enqueue_description(transaction, file, file.description_revision, Priority.BATCH)
            woken += 1
        return woken
