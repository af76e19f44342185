"""Taking a file in: hash, type, limits and storage while the bytes arrive; then one transaction for row and job."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from scopix.types.vocabulary import ContentCategory, DescriptionStatus, StorageTarget
from scopix_server.domain.errors import (
    Conflict,
    DomainError,
    EmptyFile,
    FileTooLarge,
    StorageNotConfigured,
    UnsupportedFileType,
)
from scopix_server.domain.file import File, FileType, ImageHeader, display_name
from scopix_server.domain.ports import BlobStore, BlobWriter, Database, IdempotencyRecord, JobQueue, Transaction
from scopix_server.pipeline.inspect import ImageInspector
from scopix_server.pipeline.sniff import ENOUGH_BYTES, describe_unsupported, sniff

__all__ = ["IncomingFile", "Receipt", "Receiver", "UploadOptions"]

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


@dataclass(frozen=True, slots=True)
class _Content:
    file_type: FileType
    header: ImageHeader
    size_bytes: int
    sha256: str


class IncomingFile:
    """One file on its way in. Feed it with `write`; whatever happens, call `discard` at the end.

    All methods block (hashing, disk): call them from a thread. Raised errors name the file.
    """

    def __init__(self, writer: BlobWriter, raw_name: str, *, max_bytes: int, max_pixels: int) -> None:
        self.filename = display_name(raw_name)
        self._writer = writer
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._hash = hashlib.sha256()
        self._head = b""
        self._type: FileType | None = None
        self._inspector: ImageInspector | None = None
        self._size = 0
        self._started = time.monotonic()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            FileTooLarge, UnsupportedFileType, CorruptImage, TooManyPixels: as soon as it is known.
            OutOfSpace: the disk is full.
        """
        try:
            self._write(chunk)
        except DomainError as error:
            raise self._named(error) from error

    def finish(self) -> _Content:
        """Return what is known once all bytes are in. Raises as `write`, and EmptyFile."""
        try:
            return self._finish()
        except DomainError as error:
            raise self._named(error) from error

    def store(self, key: str) -> None:
        """Make the bytes readable under `key`."""
        self._writer.commit(key)

    def discard(self) -> None:
        """Leave nothing behind, unless the file was stored."""
        self._writer.abort()

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the first byte was expected."""
        return int((time.monotonic() - self._started) * 1000)

    def _write(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise FileTooLarge(
                f"The file is larger than {self._max_bytes // (1024 * 1024)} MB, the limit for images. Compress or "
                "resize it, then upload it again.",
                max_bytes=self._max_bytes,
                suggestion={"endpoint": "/api/v2/files/direct-uploads"},
            )
        self._hash.update(chunk)
        if self._inspector is None:
            self._head += chunk
            if len(self._head) < ENOUGH_BYTES:
                self._writer.write(chunk)
                return
            self._recognise()
        else:
            self._inspector.feed(chunk)
        self._writer.write(chunk)

    def _recognise(self) -> None:
        self._type = sniff(self._head)
        if self._type is None:
            seems = describe_unsupported(self._head)
            hint = f"The file seems to be {seems}. " if seems else "The content is of no known type. "
            raise UnsupportedFileType(hint + "Supported are JPEG, PNG, WebP and GIF images.", seems=seems)
        self._inspector = ImageInspector(self._type, max_pixels=self._max_pixels)
        self._inspector.feed(self._head)
        self._head = b""

    def _finish(self) -> _Content:
        if self._size == 0:
            raise EmptyFile(issue="empty")
        if self._inspector is None:
            self._recognise()
        assert self._inspector is not None
        assert self._type is not None
        return _Content(self._type, self._inspector.finish(), self._size, self._hash.hexdigest())

    def _named(self, error: DomainError) -> DomainError:
        error.details = {"field": "file", "filename": self.filename, **error.details}
        error.message = f"{self.filename}: {error.message}"
        return error


class Receiver:
    """Takes files in for all tenants."""

    def __init__(
        self,
        store: BlobStore,
        database: Database,
        jobs: JobQueue,
        *,
        max_bytes: int,
        max_pixels: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._database = database
        self._jobs = jobs
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._now = now

    def open(self, raw_name: str) -> IncomingFile:
        """Prepare to take in a file that its client calls `raw_name`."""
        return IncomingFile(self._store.open_writer(), raw_name, max_bytes=self._max_bytes, max_pixels=self._max_pixels)

    def record(
        self, tenant_id: str, incoming: IncomingFile, options: UploadOptions, idempotency_key: str | None
    ) -> Receipt:
        """Store a file that has arrived completely, with its row and its job in one transaction. Blocks.

        Raises:
            Conflict: the idempotency key was used for another request.
            EmptyFile, CorruptImage, TooManyPixels, UnsupportedFileType, StorageNotConfigured, OutOfSpace.
        """
        if options.storage_target is StorageTarget.CUSTOM:
            raise StorageNotConfigured(
                "storage_target is 'custom', but no custom storage is configured for this tenant. Configure it in the "
                "settings first, or leave storage_target out.",
                field="storage_target",
            )
        content = incoming.finish()
        file = self._new_file(tenant_id, incoming.filename, content, options)
        fingerprint = _fingerprint(content.sha256, incoming.filename, options)
        incoming.store(file.object_key)
        try:
            receipt = self._database.write(
                lambda transaction: self._record(
                    transaction, file, options, idempotency_key, fingerprint, incoming.elapsed_ms
                )
            )
        except BaseException:
            self._store.delete(file.object_key)
            raise
        if receipt.file.id != file.id:
            self._store.delete(file.object_key)
        return receipt

    def _new_file(self, tenant_id: str, filename: str, content: _Content, options: UploadOptions) -> File:
        file_id, now = str(uuid.uuid4()), self._now()
        status = DescriptionStatus.PENDING if options.auto_describe else DescriptionStatus.SKIPPED
        return File(
            id=file_id,
            tenant_id=tenant_id,
            filename=filename,
            title=options.title,
            content_type=content.file_type.content_type,
            media_type=content.file_type.media_type,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            object_key=f"{tenant_id}/{file_id[:2]}/{file_id}/original.{content.file_type.extension}",
            content_category=options.content_category,
            user_tags=options.tags,
            folder_id=options.folder_id,
            project_id=options.project_id,
            custom_schema_id=options.custom_schema_id,
            width=content.header.width,
            height=content.header.height,
            created_at=now,
            updated_at=now,
            description_status=status,
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
            receipt = Receipt(
                self._add(transaction, file), duplicate=False, replayed=False, processing_time_ms=elapsed_ms
            )
        if key:
            transaction.idempotency.keep(
                file.tenant_id, IdempotencyRecord(key, fingerprint, _answer(receipt), file.created_at)
            )
        return receipt

    def _add(self, transaction: Transaction, file: File) -> File:
        if file.description_status is DescriptionStatus.SKIPPED:
            transaction.files.add(file)
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
    then = replace(file, description_status=DescriptionStatus(answer["description_status"]))
    return Receipt(then, answer["duplicate"], replayed=True, processing_time_ms=answer["processing_time_ms"])
