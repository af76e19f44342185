"""Taking a file in: hash, type, limits and storage while the bytes arrive; then one transaction for row and job."""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from scopix.types.vocabulary import ContentCategory, DescriptionStatus, MediaType, StorageTarget, VariantStatus
from scopix_server.domain.errors import Conflict, OutcomeUnknown, StorageNotConfigured
from scopix_server.domain.file import File
from scopix_server.domain.plans import Allowance
from scopix_server.domain.ports import Database, IdempotencyRecord, JobQueue, Transaction
from scopix_server.pipeline.incoming import Content, FileLimits, IncomingFile
from scopix_server.pipeline.quota import Quotas
from scopix_server.pipeline.stores import Destination, Stores

__all__ = ["REPLAY_WINDOW", "Receipt", "Receiver", "UploadOptions"]

REPLAY_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What the caller asked for beside the file."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    auto_describe: bool = True
    skip_duplicates: bool = False
    storage_target: StorageTarget = StorageTarget.DEFAULT
    folder_id: str | None = None
    project_id: str | None = None
    content_category: str = ContentCategory.GENERAL.value
    custom_schema_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an upload.

    `file` is the stored file as it was recorded, or the existing one when `duplicate`. `replayed`: the same request was
    answered before, this is that answer.
    """

    file: File
    duplicate: bool
    replayed: bool
    processing_time_ms: int


class Receiver:
    """Takes files in for all tenants."""

    def __init__(
        self,
        stores: Stores,
        database: Database,
        jobs: JobQueue,
        limits: FileLimits,
        quotas: Quotas,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.stores = stores
        self._database = database
        self._jobs = jobs
        self._limits = limits
        self._quotas = quotas
        self._now = now

    def now(self) -> datetime:
        """Return the time by which files are recorded."""
        return self._now()

    def open(self, raw_name: str, limits: FileLimits | None = None) -> IncomingFile:
        """Prepare to take in a file that its client calls `raw_name`, within other limits than the usual if given."""
        return IncomingFile(self.stores.own.open_writer(), raw_name, limits or self._limits)

    def record(
        self, tenant_id: str, incoming: IncomingFile, options: UploadOptions, idempotency_key: str | None
    ) -> Receipt:
        """Store a file that has arrived completely, with its row and its job in one transaction. Blocks.

        Raises:
            Conflict: the idempotency key was used for another request.
            UsageLimitExceeded: the month's uploads or descriptions are used up.
            EmptyFile, CorruptImage, TooManyPixels, UnsupportedFileType, StorageNotConfigured, OutOfSpace.
            BucketRefused, ServiceUnavailable: the store will not have it, or does not answer.
        """
        destination = self.stores.destination(tenant_id, options.storage_target)
        content = incoming.finish()
        file = self.new_file(tenant_id, incoming.filename, content, options, destination)
        fingerprint = _fingerprint(content.sha256, incoming.filename, options)
        destination.take({file.object_key: (incoming, file)})
        try:
            receipt = self._database.write(
                lambda transaction: self._record(
                    transaction, file, options, idempotency_key, fingerprint, incoming.elapsed_ms
                )
            )
        except OutcomeUnknown:
            # It may be recorded, and a record without its object would be worse than an object without a record.
            raise
        except BaseException:
            destination.forget([file.object_key])
            raise
        if receipt.file.id != file.id:
            destination.forget([file.object_key])
        return receipt

    def new_file(
        self,
        tenant_id: str,
        filename: str,
        content: Content,
        options: UploadOptions,
        destination: Destination,
        file_id: str | None = None,
        upload_method: str = "STREAMING",
    ) -> File:
        """Return the record of a file that has arrived, under a new id unless one is given; it is not stored yet."""
        file_id, now = file_id or str(uuid.uuid4()), self._now()
        document = content.file_type.media_type is MediaType.DOCUMENT
        wanted = options.auto_describe and not document
        status = DescriptionStatus.PENDING if wanted else DescriptionStatus.SKIPPED
        return File(
            id=file_id,
            tenant_id=tenant_id,
            filename=filename,
            title=options.title,
            content_type=content.file_type.content_type,
            media_type=content.file_type.media_type,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            object_key=destination.key(tenant_id, file_id, content.file_type.extension),
            storage_target=options.storage_target,
            storage_id=destination.storage_id,
            upload_method=upload_method,
            content_category=options.content_category,
            user_tags=options.tags,
            folder_id=options.folder_id,
            project_id=options.project_id,
            custom_schema_id=options.custom_schema_id,
            width=content.header.width if content.header else None,
            height=content.header.height if content.header else None,
            created_at=now,
            updated_at=now,
            description_status=status,
            # A document has no renditions, so there is nothing left to be made.
            variant_status=VariantStatus.COMPLETED if document else VariantStatus.PENDING,
        )

    def _record(
        self,
        transaction: Transaction,
        file: File,
        options: UploadOptions,
        key: str | None,
        fingerprint: str,
        elapsed_ms: int,
    ) -> Receipt:
        since = file.created_at - REPLAY_WINDOW
        earlier = transaction.idempotency.find(file.tenant_id, key, since) if key else None
        if earlier is not None:
            return _replay(transaction, file.tenant_id, earlier, fingerprint)
        existing = transaction.files.find_by_hash(file.tenant_id, file.sha256) if options.skip_duplicates else None
        if existing is not None:
            receipt = Receipt(existing, duplicate=True, replayed=False, processing_time_ms=elapsed_ms)
        else:
            added = self.add_file(transaction, file, self.allowance(transaction, file.tenant_id))
            receipt = Receipt(added, duplicate=False, replayed=False, processing_time_ms=elapsed_ms)
        if key:
            transaction.idempotency.keep(
                file.tenant_id, IdempotencyRecord(key, fingerprint, _answer(receipt), file.created_at)
            )
        return receipt

    def allowance(self, transaction: Transaction, tenant_id: str) -> Allowance:
        """Return what the tenant may still upload this month."""
        return self._quotas.allowance(transaction, tenant_id, self._now())

    def add_file(self, transaction: Transaction, file: File, allowance: Allowance) -> File:
        """Record a new file and ask for its description, or for its renditions alone; return it as recorded.

        Raises:
            UsageLimitExceeded: the allowance does not hold it. Nothing was recorded.
            StorageNotConfigured: the bucket that it is in was removed meanwhile.
        """
        if file.storage_id and transaction.storage_configs.get(file.tenant_id, file.storage_id) is None:
            raise StorageNotConfigured("The custom storage was removed during the upload. Nothing was stored.")
        allowance.take(described=file.description_status is DescriptionStatus.PENDING)
        if file.description_status is DescriptionStatus.SKIPPED:
            transaction.files.add(file)
            if file.variant_status is VariantStatus.PENDING:
                self._jobs.enqueue_variants(transaction, file.id)
            return file
        queued = replace(file, description_status=DescriptionStatus.QUEUED, description_revision=1)
        transaction.files.add(queued)
        self._jobs.enqueue_description(transaction, queued.id, queued.description_revision)
        return queued


def _fingerprint(sha256: str, filename: str, options: UploadOptions) -> str:
    asked = json.dumps(["upload", sha256, filename, asdict(options)], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()


def _answer(receipt: Receipt) -> dict[str, object]:
    return {
        "file_id": receipt.file.id,
        "duplicate": receipt.duplicate,
        "description_status": receipt.file.description_status.value,
        "processing_time_ms": receipt.processing_time_ms,
    }


def _replay(transaction: Transaction, tenant_id: str, earlier: IdempotencyRecord, fingerprint: str) -> Receipt:
    if earlier.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for another upload. Use a new key for each upload.",
            field="Idempotency-Key",
        )
    answer = earlier.answer
    file = transaction.files.get(tenant_id, answer["file_id"], include_deleted=True)
    if file is None:
        raise Conflict("The file that was uploaded under this Idempotency-Key is gone.", field="Idempotency-Key")
    # As it was when it was answered first.
    document = file.media_type is MediaType.DOCUMENT
    then = replace(
        file,
        description_status=DescriptionStatus(answer["description_status"]),
        variant_status=file.variant_status if document else VariantStatus.PENDING,
    )
    return Receipt(then, answer["duplicate"], replayed=True, processing_time_ms=answer["processing_time_ms"])
