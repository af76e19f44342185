"""Asking for a description again: of one file, or of all that meet a filter."""

import functools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.domain.engines import BUILTIN
from scopix_server.domain.errors import Conflict, NotFound, UsageLimitExceeded, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.plans import Allowance
from scopix_server.domain.ports import Database, JobQueue, Transaction
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.turn import Priority
from scopix_server.intake.quota import Quotas

__all__ = ["PORTION", "Redescribed", "Redescriber"]

_PAGE = 500
PORTION = 10
"""Files that a bulk call changes in one transaction: some dozen statements each, so that a writer is held for about a
tenth of a second, and what others write meanwhile comes in between."""


@dataclass(frozen=True, slots=True)
class Redescribed:
    """How many files met the filter, and how many of them will be described again; the rest is under way."""

    matched: int
    queued: int


class Redescriber:
    """Asks for descriptions again. All methods block."""

    def __init__(
        self,
        database: Database,
        jobs: JobQueue,
        quotas: Quotas,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._quotas = quotas
        self._now = now

    def one(self, tenant_id: str, file_id: str, category: str | None, engine: str | None = None) -> None:
        """Describe a file again, under another category and by a certain engine if they are named.

        Raises:
            NotFound: there is no such file.
            WrongMediaType: it is a document, which engines do not describe.
            Conflict: a description is under way already.
            UsageLimitExceeded: it was not described before, and the month's descriptions are used up.
        """

        def ask(transaction: Transaction) -> None:
            file = transaction.files.get(tenant_id, file_id)
            if file is None:
                raise NotFound(f"There is no file '{file_id}'.", resource_type="file", resource_id=file_id)
            if file.media_type is MediaType.DOCUMENT and engine not in {None, BUILTIN}:
                raise WrongMediaType(
                    f"{file.filename} is a document; documents are described by the built-in describer."
                )
            allowance = self._quotas.allowance(transaction, tenant_id, self._now())
            if not self._ask(transaction, file, category, engine, allowance, Priority.INTERACTIVE):
                raise Conflict(
                    f"{file.filename} is being described already.", description_status=file.description_status.value
                )

        self._database.write(ask)

    def matching(
        self, tenant_id: str, criteria: FileFilter, category: str | None, engine: str | None = None
    ) -> Redescribed:
        """Describe all files again that meet the filter now, but for those whose description is under way.

        When the month's descriptions are used up, those that were never described are left as they are.
        """
        ids = self._database.read(lambda t: _ids(t, tenant_id, criteria))
        queued = 0
        for start in range(0, len(ids), PORTION):
            some = ids[start : start + PORTION]
            queued += self._database.write(
                functools.partial(self._ask_all, tenant_id=tenant_id, ids=some, category=category, engine=engine)
            )
        return Redescribed(len(ids), queued)

    def _ask_all(
        self, transaction: Transaction, tenant_id: str, ids: Sequence[str], category: str | None, engine: str | None
    ) -> int:
        allowance, queued = self._quotas.allowance(transaction, tenant_id, self._now()), 0
        for file_id in ids:
            file = transaction.files.get(tenant_id, file_id)
            with suppress(UsageLimitExceeded):
                queued += file is not None and self._ask(transaction, file, category, engine, allowance, Priority.AGAIN)
        return queued

    def _ask(
        self,
        transaction: Transaction,
        file: File,
        category: str | None,
        engine: str | None,
        allowance: Allowance,
        priority: Priority,
    ) -> bool:
        if file.description_status not in TERMINAL:
            return False
        if file.media_type is MediaType.DOCUMENT:
            engine = None
        if file.description_status is not DescriptionStatus.COMPLETED:
            # An image counts once: what was described before is described again for nothing.
            allowance.take_description()
        revision = transaction.descriptions.ask_again(
            file, category or file.content_category, self._now(), engine=engine
        )
        self._jobs.enqueue_description(transaction, file, revision, priority)
        return True


def _ids(transaction: Transaction, tenant_id: str, criteria: FileFilter) -> list[str]:
    ids: list[str] = []
    while True:
        page, total = transaction.files.list(tenant_id, criteria, limit=_PAGE, offset=len(ids))
        ids += [file.id for file in page]
        if not page or len(ids) >= total:
            return ids
