"""Taking a file in that was announced first and sent in parts: the parts wait in the store until all are there.

The completion reads them in their order through the same checks as any upload, into the file's own object. So what was
checked is what is stored, and a link that is used again afterwards changes nothing.
"""

import functools
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scopix_server.domain.direct import (
    EXPIRES_AFTER,
    DirectUpload,
    DirectUploadStatus,
    part_bytes,
)
from scopix_server.domain.errors import (
    BucketRefused,
    Conflict,
    DomainError,
    EmptyFile,
    FileTooLarge,
    Gone,
    NotFound,
    OutOfSpace,
    ServiceUnavailable,
    StorageNotConfigured,
    UsageLimitExceeded,
)
from scopix_server.domain.file import display_name
from scopix_server.domain.ports import BlobStore, Database, Transaction
from scopix_server.domain.session import FileOutcome
from scopix_server.domain.storage_ports import ReceivingStore
from scopix_server.intake.accept import Arrival, Intake, Upload
from scopix_server.intake.incoming import Content, FileLimits
from scopix_server.intake.incoming_part import IncomingPart
from scopix_server.intake.options import UploadOptions
from scopix_server.intake.receipts import FileReceipt, Receipt
from scopix_server.intake.replay import find_response, keep_response
from scopix_server.intake.staged_parts import StagedParts

__all__ = ["Announcement", "Completion", "DirectUploads", "expire_direct_uploads"]

_KEPT_AFTER_EXPIRY = timedelta(days=7)
_MISSING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is going to be uploaded. `sha256`, in hex, is checked at the end if it is given.

    With `resume`, an open upload of the same file and options goes on instead of a new one; it needs the `sha256`.
    `path`: where its client had it, as `domain.file.display_path` gives it.
    """

    filename: str
    size_bytes: int
    sha256: str | None
    options: UploadOptions
    resume: bool = False
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What the client says it has sent; None, and parts that are not named, are not checked. ETags by part number."""

    size_bytes: int | None = None
    sha256: str | None = None
    etags: Mapping[int, str] | None = None


class DirectUploads:
    """The direct uploads of all tenants, from their announcement to their completion. Every method blocks.

    Args:
        receiving: the server's own store, where parts are sent straight to it; None where they are sent to the server.
    """

    def __init__(
        self, intake: Intake, database: Database, limits: FileLimits, receiving: ReceivingStore | None = None
    ) -> None:
        self._intake = intake
        self._store = intake.store
        self._database = database
        self._limits = limits
        self._parts = StagedParts(self._store, receiving)

    @property
    def max_bytes(self) -> int:
        """The size of the largest file that is taken."""
        return self._limits.max_image_bytes

    def announce(self, tenant_id: str, announcement: Announcement, idempotency_key: str | None) -> DirectUpload:
        """Begin an upload, or go on with one.

        Raises:
            EmptyFile, FileTooLarge, StorageNotConfigured.
            UsageLimitExceeded: the month's uploads or descriptions are used up.
            Conflict: the idempotency key was used for another request.
        """
        self._intake.find_destination(tenant_id, announcement.options.storage_target)
        if announcement.size_bytes == 0:
            raise EmptyFile(field="size_bytes", issue="empty")
        if announcement.size_bytes > self.max_bytes:
            raise FileTooLarge(
                f"{display_name(announcement.filename)}: The file is larger than {self.max_bytes // (1024 * 1024)} MB, "
                "the limit of this server. Compress or resize it, then upload it again.",
                max_bytes=self.max_bytes,
                field="size_bytes",
            )
        now = self._intake.now()
        upload = DirectUpload(
            id=str(uuid.uuid4()),
            tenant_id=tenant_id,
            image_id=str(uuid.uuid4()),
            filename=display_name(announcement.filename),
            size_bytes=announcement.size_bytes,
            sha256=announcement.sha256,
            part_size_bytes=part_bytes(announcement.size_bytes),
            options=announcement.options.plain() | {"path": announcement.path},
            status=DirectUploadStatus.OPEN,
            created_at=now,
            expires_at=now + EXPIRES_AFTER,
        )
        return self._database.write(lambda t: self._announce(t, upload, idempotency_key, resume=announcement.resume))

    def find(self, tenant_id: str, upload_id: str) -> DirectUpload:
        """Return an upload of the tenant's. Raises NotFound."""
        upload = self._database.read(lambda t: t.direct_uploads.get(tenant_id, upload_id))
        if upload is None:
            raise NotFound(f"There is no direct upload '{upload_id[:64]}'.", resource_type="direct_upload")
        return upload

    def find_open(self, tenant_id: str, upload_id: str) -> DirectUpload:
        """Return an upload that can go on. Raises NotFound, Gone when it expired, Conflict when it was closed."""
        upload = self.find(tenant_id, upload_id)
        self._require_open(upload)
        return upload

    def sent(self, upload: DirectUpload) -> dict[int, int]:
        """Return the parts that are there, with their sizes in bytes."""
        return self._parts.sizes(upload)

    def store_link(self, upload: DirectUpload, number: int, *, seconds: int) -> str | None:
        """Return the link by which the store itself takes a part; None where the server takes it, or refuses to."""
        return self._parts.link(upload, number, seconds=seconds)

    def open_part(self, tenant_id: str, upload_id: str, number: int) -> IncomingPart:
        """Prepare to take in a part; one that is sent again replaces the earlier. Raises as `find_open`."""
        upload = self.find_open(tenant_id, upload_id)
        return IncomingPart(self._store.open_writer(), upload.part_key(number), upload.size_of(number))

    def keep_part(self, tenant_id: str, upload_id: str, part: IncomingPart) -> str:
        """Keep a part that has arrived, and return its ETag.

        Raises:
            MalformedRequest: bytes are missing.
            NotFound, Gone, Conflict: the upload was ended meanwhile; the part is not kept.
        """
        etag = part.keep()
        try:
            self.find_open(tenant_id, upload_id)
        except DomainError:
            self._store.delete(part.key)
            raise
        return etag

    def abort(self, tenant_id: str, upload_id: str) -> DirectUpload:
        """Give an upload up and remove its parts; aborting twice does no harm. Raises NotFound, Conflict."""
        upload = self.find(tenant_id, upload_id)
        closed = self._close(upload, DirectUploadStatus.ABORTED, None)
        latest = self.find(tenant_id, upload_id)
        if not closed and latest.status is DirectUploadStatus.COMPLETED:
            raise Conflict(_closed(latest), upload_id=upload.id, status=latest.status.value)
        return latest

    def complete(self, tenant_id: str, upload_id: str, claimed: Completion) -> Receipt:
        """Check what was sent, and make it a file. Asking again gives the same answer.

        Raises:
            NotFound, Gone.
            Conflict: parts are missing, which can still be sent; or sizes or checksums do not fit.
            UnsupportedFileType, CorruptImage, CorruptDocument, TooManyPixels, FileTooLarge: the content is no file that
                is taken. This, and what does not fit, ends the upload.
            UsageLimitExceeded, OutOfSpace, StorageNotConfigured, BucketRefused, ServiceUnavailable: it may be completed
                later.
        """
        upload = self.find(tenant_id, upload_id)
        if upload.status is DirectUploadStatus.COMPLETED:
            return self._replay(upload)
        # Of the same look: between two, another completion may come to its end.
        self._require_open(upload)
        try:
            self._check_parts(upload)
            receipt = self._receive(upload, claimed)
        except (_NotNow, FileNotFoundError):
            # Whoever ended the upload meanwhile has removed its parts.
            latest = self.find(tenant_id, upload_id)
            if latest.status is DirectUploadStatus.COMPLETED:
                return self._replay(latest)
            self._require_open(latest)
            self._check_parts(latest)
            raise
        except _LATER:
            raise
        except DomainError as error:
            self._close(upload, DirectUploadStatus.REFUSED, error.message)
            raise
        self._parts.remove(upload)
        return receipt

    def _announce(
        self, transaction: Transaction, upload: DirectUpload, key: str | None, *, resume: bool
    ) -> DirectUpload:
        fingerprint, now = _fingerprint(upload), upload.created_at
        if key:
            field = "idempotency_key"
            earlier = find_response(transaction, upload.tenant_id, key, fingerprint, now, field=field)
            if earlier is not None:
                found = transaction.direct_uploads.get(upload.tenant_id, str(earlier.get("direct_upload_id")))
                if found is None:
                    raise Conflict("The upload that was begun under this Idempotency-Key is gone.", field=field)
                return found
        if resume and upload.sha256:
            for other in transaction.direct_uploads.find_open(upload.tenant_id, upload.sha256, now):
                if _fingerprint(other) == fingerprint:
                    return other
        # Asked for now, so that nobody sends a gigabyte in vain; taken at the completion.
        described = bool(upload.options["auto_describe"])
        self._intake.quotas.allowance(transaction, upload.tenant_id, now).take(described=described)
        transaction.direct_uploads.add(upload)
        if key:
            keep_response(transaction, upload.tenant_id, key, fingerprint, {"direct_upload_id": upload.id}, now)
        return upload

    def _require_open(self, upload: DirectUpload) -> None:
        if upload.status is DirectUploadStatus.EXPIRED or upload.is_over(self._intake.now()):
            raise Gone("This direct upload has expired. Begin a new one.", upload_id=upload.id)
        if upload.status is not DirectUploadStatus.OPEN:
            raise Conflict(_closed(upload), upload_id=upload.id, status=upload.status.value)

    def _check_parts(self, upload: DirectUpload) -> None:
        sent = self.sent(upload)
        expected = range(1, upload.total_parts + 1)
        missing = [number for number in expected if sent.get(number) != upload.size_of(number)]
        if missing:
            raise _NotNow(
                f"{len(missing)} of {upload.total_parts} parts have not arrived. Send them, and complete again.",
                upload_id=upload.id,
                missing_parts=missing[:_MISSING_SHOWN],
            )

    def _receive(self, upload: DirectUpload, claimed: Completion) -> Receipt:
        values = dict(upload.options)
        path = values.pop("path", None)
        options = UploadOptions.from_plain(values)
        # Asked before the parts are read, which may take long.
        self._intake.find_destination(upload.tenant_id, options.storage_target)
        incoming = self._intake.open(upload.filename, self._limits)
        try:
            for chunk in self._parts.chunks(upload, claimed.etags or {}):
                incoming.write(chunk)
            _check_content(upload, claimed, incoming.finish())
            arrivals = [Arrival(incoming, reserved_id=upload.image_id, path=path)]
            replay = _CompletionReplay(upload)
            return self._intake.accept(Upload(upload.tenant_id, arrivals, options, replay=replay, method="PRESIGNED"))
        finally:
            incoming.discard()

    def _replay(self, upload: DirectUpload) -> Receipt:
        return self._database.read(lambda t: _replayed(t, upload))

    def _close(self, upload: DirectUpload, status: DirectUploadStatus, reason: str | None) -> bool:
        closed = self._database.write(lambda t: t.direct_uploads.close(upload.id, status, reason=reason))
        if closed:
            self._parts.remove(upload)
        return closed


def expire_direct_uploads(database: Database, store: BlobStore, now: datetime, *, limit: int = 100) -> int:
    """Expire uploads whose time has run out, remove their parts, and return how many there were, at most `limit`."""
    overdue = database.read(lambda t: t.direct_uploads.overdue(now, limit))
    for upload in overdue:
        closing = functools.partial(_expire, upload.id)
        if database.write(closing):
            StagedParts(store).remove(upload)
    database.write(lambda t: t.direct_uploads.prune(now - _KEPT_AFTER_EXPIRY))
    return len(overdue)


def _expire(upload_id: str, transaction: Transaction) -> bool:
    return transaction.direct_uploads.close(upload_id, DirectUploadStatus.EXPIRED)


class _CompletionReplay:
    """The answer to a completion is kept with the upload, for as long as it is known."""

    def __init__(self, upload: DirectUpload) -> None:
        self._upload = upload

    def find(self, transaction: Transaction) -> Receipt | None:
        current = transaction.direct_uploads.get(self._upload.tenant_id, self._upload.id)
        if current is None or current.status is not DirectUploadStatus.COMPLETED:
            return None
        return _replayed(transaction, current)

    def keep(self, transaction: Transaction, receipt: Receipt) -> None:
        response = {"file_id": receipt.file.id, "duplicate": receipt.duplicate}
        if not transaction.direct_uploads.close(self._upload.id, DirectUploadStatus.COMPLETED, response=response):
            raise Conflict("This direct upload was closed while it was completed.", upload_id=self._upload.id)


class _NotNow(Conflict):
    """The upload stays open."""


# What is not the file's fault: the upload stays open, and may be completed when that is mended.
_LATER = (_NotNow, OutOfSpace, UsageLimitExceeded, StorageNotConfigured, BucketRefused, ServiceUnavailable)


def _check_content(upload: DirectUpload, claimed: Completion, content: Content) -> None:
    if claimed.size_bytes is not None and claimed.size_bytes != content.size_bytes:
        raise Conflict(
            f"{content.size_bytes} bytes have arrived, not the {claimed.size_bytes} that you sent.", field="size_bytes"
        )
    if content.size_bytes != upload.size_bytes:
        raise Conflict(
            f"What has arrived is not the {upload.size_bytes} bytes that were announced. Upload the file again.",
            field="size_bytes",
        )
    for expected in (upload.sha256, claimed.sha256):
        if expected is not None and expected.lower() != content.sha256:
            raise Conflict(
                "What has arrived is not what was announced: the SHA-256 differs. Upload the file again.",
                field="checksum_sha256",
                expected=expected.lower(),
                found=content.sha256,
            )


def _replayed(transaction: Transaction, upload: DirectUpload) -> Receipt:
    response = upload.response or {}
    file = transaction.files.get(upload.tenant_id, str(response.get("file_id")), include_deleted=True)
    if file is None:
        raise Gone("The file of this direct upload was deleted for good.", upload_id=upload.id)
    outcome = FileOutcome.DUPLICATE if response.get("duplicate") else FileOutcome.ACCEPTED
    entry = FileReceipt(0, file.filename, outcome.value, file.id)
    return Receipt((entry,), processing_time_ms=0, replayed=True, records={file.id: file})


def _closed(upload: DirectUpload) -> str:
    if upload.status is DirectUploadStatus.REFUSED:
        return f"This direct upload was refused: {upload.reason} Begin a new one."
    return f"This direct upload is {upload.status.value} already."


def _fingerprint(upload: DirectUpload) -> str:
    # Where it was makes no other upload of it.
    options = sorted((name, value) for name, value in upload.options.items() if name != "path")
    request = repr((upload.filename, upload.size_bytes, upload.sha256, options))
    return hashlib.sha256(request.encode()).hexdigest()
