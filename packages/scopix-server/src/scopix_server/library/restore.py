"""Undoing a deletion: the file is back, and what it missed meanwhile is asked for."""

from datetime import datetime

from scopix.types.vocabulary import DescriptionStatus, VariantStatus
from scopix_server.domain.engines import BUILTIN
from scopix_server.domain.file import File
from scopix_server.domain.ports import JobQueue, Transaction
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.turn import Priority

__all__ = ["restore_file"]

_TO_COME = frozenset({VariantStatus.PENDING, VariantStatus.PROCESSING})


def restore_file(transaction: Transaction, jobs: JobQueue, tenant_id: str, file_id: str, at: datetime) -> bool:
    """Undo a soft deletion; False when there is no such deleted file.

    A job that finds its file deleted ends without a trace, and one of the same name would not be run a second time.
    So whatever the file still waits for is asked for under a new name; a job left from before finds itself outdated.
    """
    if not transaction.files.restore(tenant_id, file_id, at):
        return False
    file = transaction.files.get(tenant_id, file_id)
    if file is not None:
        _ask_for_missing(transaction, jobs, file, at)
    return True


def _ask_for_missing(transaction: Transaction, jobs: JobQueue, file: File, at: datetime) -> None:
    is_described = file.description_status in TERMINAL
    engine, revision = file.description_engine, None
    if not is_described:
        revision = transaction.descriptions.ask_again(file, file.content_category, at, engine=engine)
    elif file.description_status is DescriptionStatus.COMPLETED and engine not in {None, BUILTIN}:
        # It has a quick answer, and perhaps the better one was to come.
        assert engine is not None
        if transaction.descriptions.is_current(file.id, file.description_revision):
            revision = transaction.descriptions.refine(file, engine)
    if revision is not None:
        jobs.enqueue_description(transaction, file, revision, Priority.INTERACTIVE)
    # A description makes the variants as well, but only where the image was not looked at before.
    if file.variant_status in _TO_COME and (is_described or transaction.descriptions.perception(file.id) is not None):
        jobs.enqueue_variants_again(transaction, file)
