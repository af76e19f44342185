"""Taking a file in that was announced first and sent in parts: the parts wait in the store until all are there.

The completion reads them in their order through the same checks as any upload, into the file's own object. So what was
checked is what is stored, and a link that is used again afterwards changes nothing.
"""

import functools
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from scopix.types.vocabulary import StorageTarget
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
    OutcomeUnknown,
    OutOfSpace,
    ServiceUnavailable,
    StorageNotConfigured,
    UsageLimitExceeded,
)
from scopix_server.domain.file import File, display_name
from scopix_server.domain.ports import BlobStore, Database, IdempotencyRecord, Transaction
from scopix_server.domain.storage_ports import ReceivingStore
from scopix_server.pipeline.incoming import Content, FileLimits
from scopix_server.pipeline.incoming_part import IncomingPart
from scopix_server.pipeline.receive import REPLAY_WINDOW, Receiver, UploadOptions
from scopix_server.pipeline.staged_parts import StagedParts

__all__ = ["Announcement", "Completion", "DirectReceipt", "DirectReceiver", "expire_direct_uploads"]

_KEPT_AFTER_EXPIRY = timedelta(days=7)
_MISSING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is going to be uploaded. `sha256`, in hex, is checked at the end if it is given.

    With `resume`, an open upload of the same file and options goes on instead of a new one; it needs the `sha256`.
    """

    filename: str
    size_bytes: int
    sha256: str | None
    options: UploadOptions
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """What the client says it has sent; None, and parts that are not named, are not checked. ETags by part number."""

    size_bytes: int | None = None
    sha256: str | None = None
    etags: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class DirectReceipt:
    """What became of a direct upload: its file, or the existing one when `duplicate`. `replayed`: completed before."""

    file: File
    duplicate: bool
    replayed: bool


class DirectReceiver:
    """Takes direct uploads in for all tenants. Every method blocks.

    Args:
        receiving: the server's own store, where parts are sent straight to it; None where they are sent to the server.
    """

    def __init__(
        self, receiver: Receiver, database: Database, limits: FileLimits, receiving: ReceivingStore | None = None
    ) -> None:
        self._receiver = receiver
        self._store = receiver.stores.own
        self._database = database
        self._limits = limits
        self._parts = StagedParts(self._store, receiving)

    @property
    def max_bytes(self) -> int:
        """The size of the largest file that is taken."""
        return self._limits.max_image_bytes

    def announce(self, tenant_id: str, wanted: Announcement, idempotency_key: str | None) -> DirectUpload:
        """Begin an upload, or go on with one.

        Raises:
            EmptyFile, FileTooLarge, StorageNotConfigured.
            UsageLimitExceeded: the month's uploads or descriptions are used up.
            Conflict: the idempotency key was used for another request.
        """
        self._receiver.stores.destination(tenant_id, wanted.options.storage_target)
        if wanted.size_bytes == 0:
            raise EmptyFile(field="size_bytes", issue="empty")
        if wanted.size_bytes > self.max_bytes:
            raise FileTooLarge(
                f"{display_name(wanted.filename)}: The file is larger than {self.max_bytes // (1024 * 1024)} MB, the "
                "limit of this server. Compress or resize it, then upload it again.",
                max_bytes=self.max_bytes,
                field="size_bytes",
            )
        now = self._receiver.now()
        upload = DirectUpload(
            id=str(uuid.uuid4()),
            tenant_id=tenant_id,
            image_id=str(uuid.uuid4()),
            filename=display_name(wanted.filename),
            size_bytes=wanted.size_bytes,
            sha256=wanted.sha256,
            part_size_bytes=part_bytes(wanted.size_bytes),
            options=_plain(wanted.options),
            status=DirectUploadStatus.OPEN,
            created_at=now,
            expires_at=now + EXPIRES_AFTER,
        )
        return self._database.write(lambda t: self._announce(t, upload, idempotency_key, resume=wanted.resume))

    def find(self, tenant_id: str, upload_id: str) -> DirectUpload:
        """Return an upload of the tenant's. Raises NotFound."""
        upload = self._database.read(lambda t: t.direct_uploads.get(tenant_id, upload_id))
        if upload is None:
            raise NotFound(f"There is no direct upload '{upload_id[:64]}'.", resource_type="direct_upload")
        return upload

    def find_open(self, tenant_id: str, upload_id: str) -> DirectUpload:
        """Return an upload that can go on. Raises NotFound, Gone when it expired, Conflict when it was closed."""
        upload = self.find(tenant_id, upload_id)
        if upload.status is DirectUploadStatus.EXPIRED or upload.is_over(self._receiver.now()):
            raise Gone("This direct upload has expired. Begin a new one.", upload_id=upload.id)
        if upload.status is not DirectUploadStatus.OPEN:
            raise Conflict(_closed(upload), upload_id=upload.id, status=upload.status.value)
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

    def complete(self, tenant_id: str, upload_id: str, claimed: Completion) -> DirectReceipt:
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
        upload = self.find_open(tenant_id, upload_id)
        try:
            self._check_parts(upload)
            receipt = self._receive(upload, claimed)
        except (_NotNow, FileNotFoundError):
            # Whoever ended the upload meanwhile has removed its parts.
            latest = self.find(tenant_id, upload_id)
            if latest.status is DirectUploadStatus.COMPLETED:
                return self._replay(latest)
            self._check_parts(self.find_open(tenant_id, upload_id))
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
        fingerprint = _fingerprint(upload)
        since = upload.created_at - REPLAY_WINDOW
        earlier = transaction.idempotency.find(upload.tenant_id, key, since) if key else None
        if earlier is not None:
            found = transaction.direct_uploads.get(upload.tenant_id, str(earlier.answer.get("direct_upload_id")))
            if earlier.fingerprint != fingerprint or found is None:
                raise Conflict(
                    "This Idempotency-Key was used for another upload. Use a new key for each upload.",
                    field="idempotency_key",
                )
            return found
        if resume and upload.sha256:
            for other in transaction.direct_uploads.find_open(upload.tenant_id, upload.sha256, upload.created_at):
                if _fingerprint(other) == fingerprint:
                    return other
        # Asked for now, so that nobody sends a gigabyte in vain; taken at the completion.
        described = bool(upload.options["auto_describe"])
        self._receiver.allowance(transaction, upload.tenant_id).take(described=described)
        transaction.direct_uploads.add(upload)
        if key:
            answer = {"direct_upload_id": upload.id}
            transaction.idempotency.keep(
                upload.tenant_id, IdempotencyRecord(key, fingerprint, answer, upload.created_at)
            )
        return upload

    def _check_parts(self, upload: DirectUpload) -> None:
        sent = self.sent(upload)
        wanted = range(1, upload.total_parts + 1)
        missing = [number for number in wanted if sent.get(number) != upload.size_of(number)]
        if missing:
            raise _NotNow(
                f"{len(missing)} of {upload.total_parts} parts have not arrived. Send them, and complete again.",
                upload_id=upload.id,
                missing_parts=missing[:_MISSING_SHOWN],
            )

    def _receive(self, upload: DirectUpload, claimed: Completion) -> DirectReceipt:
        options = _options(upload.options)
        destination = self._receiver.stores.destination(upload.tenant_id, options.storage_target)
        incoming = self._receiver.open(upload.filename, self._limits)
        stored = None
        try:
            for chunk in self._parts.chunks(upload, claimed.etags or {}):
                incoming.write(chunk)
            content = incoming.finish()
            _check_content(upload, claimed, content)
            file = self._receiver.new_file(
                upload.tenant_id, incoming.filename, content, options, destination, upload.image_id, "PRESIGNED"
            )
            destination.take({file.object_key: (incoming, file)})
            stored = file.object_key
            receipt = self._database.write(lambda t: self._record(t, upload, file, options))
            # Whoever completes the same upload a second time at the same time stores the same object under this key.
            stored = None if receipt.file.id == file.id else stored
            return receipt
        except OutcomeUnknown:
            # It may be recorded, and a record without its object would be worse than an object without a record.
            stored = None
            raise
        except BaseException:
            stored = None if stored and self._is_recorded(upload) else stored
            raise
        finally:
            incoming.discard()
            if stored is not None:
                destination.forget([stored])

    def _record(
        self, transaction: Transaction, upload: DirectUpload, file: File, options: UploadOptions
    ) -> DirectReceipt:
        current = transaction.direct_uploads.get(upload.tenant_id, upload.id)
        if current is not None and current.status is DirectUploadStatus.COMPLETED:
            return _replayed(transaction, current)
        existing = transaction.files.find_by_hash(file.tenant_id, file.sha256) if options.skip_duplicates else None
        if existing is None:
            file = self._receiver.add_file(transaction, file, self._receiver.allowance(transaction, upload.tenant_id))
        receipt = DirectReceipt(existing or file, duplicate=existing is not None, replayed=False)
        answer: dict[str, Any] = {"file_id": receipt.file.id, "duplicate": receipt.duplicate}
        if not transaction.direct_uploads.close(upload.id, DirectUploadStatus.COMPLETED, answer=answer):
            raise Conflict("This direct upload was closed while it was completed.", upload_id=upload.id)
        return receipt

    def _replay(self, upload: DirectUpload) -> DirectReceipt:
        return self._database.read(lambda t: _replayed(t, upload))

    def _is_recorded(self, upload: DirectUpload) -> bool:
        found = self._database.read(lambda t: t.files.get(upload.tenant_id, upload.image_id, include_deleted=True))
        return found is not None

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
    database.write(lambda t: t.direct_uploads.forget(now - _KEPT_AFTER_EXPIRY))
    return len(overdue)


def _expire(upload_id: str, transaction: Transaction) -> bool:
    return transaction.direct_uploads.close(upload_id, DirectUploadStatus.EXPIRED)


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
    for wanted in (upload.sha256, claimed.sha256):
        if wanted is not None and wanted.lower() != content.sha256:
            raise Conflict(
                "What has arrived is not what was announced: the SHA-256 differs. Upload the file again.",
                field="checksum_sha256",
                expected=wanted.lower(),
                found=content.sha256,
            )


def _replayed(transaction: Transaction, upload: DirectUpload) -> DirectReceipt:
    answer = upload.answer or {}
    file = transaction.files.get(upload.tenant_id, str(answer.get("file_id")), include_deleted=True)
    if file is None:
        raise Gone("The file of this direct upload was deleted for good.", upload_id=upload.id)
    return DirectReceipt(file, duplicate=bool(answer.get("duplicate")), replayed=True)


def _closed(upload: DirectUpload) -> str:
    if upload.status is DirectUploadStatus.REFUSED:
        return f"This direct upload was refused: {upload.reason} Begin a new one."
    return f"This direct upload is {upload.status.value} already."


def _fingerprint(upload: DirectUpload) -> str:
    asked = repr((upload.filename, upload.size_bytes, upload.sha256, sorted(upload.options.items())))
    return hashlib.sha256(asked.encode()).hexdigest()


def _plain(options: UploadOptions) -> dict[str, Any]:
    return asdict(options) | {"tags": list(options.tags), "storage_target": options.storage_target.value}


def _options(values: dict[str, Any]) -> UploadOptions:
    return UploadOptions(
        **values | {"tags": tuple(values["tags"]), "storage_target": StorageTarget(values["storage_target"])}
    )
