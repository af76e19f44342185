"""The same request again gets the same answer: what was answered is kept in the transaction that records the files.

The forms of the fingerprints and of the answers are data in the database, which earlier versions wrote and later ones
read for 24 hours: a change of either needs both forms for that long.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from scopix.types.vocabulary import DescriptionStatus, VariantStatus
from scopix_server.domain.errors import Conflict
from scopix_server.domain.file import has_variants
from scopix_server.domain.ports import IdempotencyRecord, Transaction
from scopix_server.domain.session import FileOutcome
from scopix_server.intake.options import SessionOptions, UploadOptions
from scopix_server.intake.receipts import FileReceipt, Receipt

__all__ = [
    "REPLAY_WINDOW",
    "KeyedReplay",
    "Replay",
    "batch_fingerprint",
    "find_response",
    "keep_response",
    "single_fingerprint",
]

REPLAY_WINDOW = timedelta(hours=24)


class Replay(Protocol):
    """Where the answer to a request is kept."""

    def find(self, transaction: Transaction) -> Receipt | None:
        """Return the answer if the request was answered before. Raises Conflict if it was another request."""

    def keep(self, transaction: Transaction, receipt: Receipt) -> None:
        """Keep the answer. Raises Conflict when the request was closed meanwhile."""


class KeyedReplay:
    """Answers under a client's Idempotency-Key; without a key nothing is found and nothing is kept."""

    def __init__(self, tenant_id: str, key: str | None, fingerprint: str, now: datetime, *, in_session: bool) -> None:
        self._tenant_id = tenant_id
        self._key = key
        self._fingerprint = fingerprint
        self._now = now
        self._in_session = in_session

    def find(self, transaction: Transaction) -> Receipt | None:
        if self._key is None:
            return None
        response = find_response(
            transaction, self._tenant_id, self._key, self._fingerprint, self._now, field="Idempotency-Key"
        )
        if response is None:
            return None
        return _batch_receipt(response) if self._in_session else _single_receipt(transaction, self._tenant_id, response)

    def keep(self, transaction: Transaction, receipt: Receipt) -> None:
        if self._key is not None:
            response = _batch_response(receipt) if self._in_session else _single_response(receipt)
            keep_response(transaction, self._tenant_id, self._key, self._fingerprint, response, self._now)


def find_response(
    transaction: Transaction, tenant_id: str, key: str, fingerprint: str, now: datetime, *, field: str
) -> dict[str, Any] | None:
    """Return what was answered under a key in the last 24 hours.

    Raises:
        Conflict: the key was used for another request; `field` names where the client gave it.
    """
    earlier = transaction.idempotency.find(tenant_id, key, now - REPLAY_WINDOW)
    if earlier is None:
        return None
    if earlier.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another upload. Use a new key for each upload.", field=field)
    return earlier.response


def keep_response(
    transaction: Transaction, tenant_id: str, key: str, fingerprint: str, response: dict[str, Any], now: datetime
) -> None:
    """Keep what is answered under a key."""
    transaction.idempotency.keep(tenant_id, IdempotencyRecord(key, fingerprint, response, now))


def single_fingerprint(sha256: str, filename: str, options: UploadOptions) -> str:
    """Return what a request with one file and no session is known by."""
    return _digest(["upload", sha256, filename, options.known()])


def batch_fingerprint(files: Sequence[tuple[str, str]], options: UploadOptions, session: SessionOptions) -> str:
    """Return what a batch is known by: `files` are names, each with its SHA-256.

    A refused file counts by its name and the reason instead: what of it was read before the refusal is not known.
    """
    return _digest(["batch", files, options.known(), asdict(session)])


def _digest(request: list[Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def _single_response(receipt: Receipt) -> dict[str, Any]:
    return {
        "file_id": receipt.file.id,
        "duplicate": receipt.duplicate,
        "description_status": receipt.file.description_status.value,
        "processing_time_ms": receipt.processing_time_ms,
    }


def _single_receipt(transaction: Transaction, tenant_id: str, response: dict[str, Any]) -> Receipt:
    file = transaction.files.get(tenant_id, response["file_id"], include_deleted=True)
    if file is None:
        raise Conflict("The file that was uploaded under this Idempotency-Key is gone.", field="Idempotency-Key")
    # As it was when it was answered first.
    then = replace(
        file,
        description_status=DescriptionStatus(response["description_status"]),
        variant_status=VariantStatus.PENDING if has_variants(file) else file.variant_status,
    )
    outcome = FileOutcome.DUPLICATE if response["duplicate"] else FileOutcome.ACCEPTED
    entry = FileReceipt(0, file.filename, outcome.value, file.id)
    return Receipt((entry,), response["processing_time_ms"], replayed=True, records={file.id: then})


def _batch_response(receipt: Receipt) -> dict[str, Any]:
    return {
        "session_id": receipt.session_id,
        "files": [asdict(entry) for entry in receipt.files],
        "processing_time_ms": receipt.processing_time_ms,
        "replayed": False,
    }


def _batch_receipt(response: dict[str, Any]) -> Receipt:
    files = tuple(FileReceipt(**entry) for entry in response["files"])
    return Receipt(files, response["processing_time_ms"], response["session_id"], replayed=True)
