"""Accepting files: stored, then recorded with their jobs in one transaction; whatever fails on the way is undone.

Every way in ends here. A single upload is one arrival without a session, a batch is several with one, the completion of
a direct upload is one arrival whose bytes came from its parts.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionStatus, MediaType, StorageTarget, VariantStatus
from scopix_server.domain.errors import DomainError, OutcomeUnknown, StorageNotConfigured, UsageLimitExceeded
from scopix_server.domain.file import File, has_pages_to_draw
from scopix_server.domain.ports import BlobStore, Database, JobQueue, Transaction
from scopix_server.domain.rules import RuleBook
from scopix_server.domain.turn import Priority
from scopix_server.intake.destination import Destination
from scopix_server.intake.incoming import Content, FileLimits, IncomingFile
from scopix_server.intake.options import SessionOptions, UploadOptions
from scopix_server.intake.quota import Quotas
from scopix_server.intake.receipts import FileReceipt, Receipt
from scopix_server.intake.replay import KeyedReplay, Replay, batch_fingerprint, single_fingerprint
from scopix_server.intake.sessions import append_to_session, open_session

__all__ = ["Arrival", "Intake", "Upload"]

FindDestination = Callable[[str, StorageTarget], Destination]
"""Where a tenant's new files go. Raises StorageNotConfigured, ServiceUnavailable."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file of a request, in its order: arrived whole, or refused with `error`.

    `reserved_id`: the id that was promised for it. Only then may the same file be accepted twice at once. `path`: where
    its client had it, which makes no other upload of it.
    """

    incoming: IncomingFile
    error: DomainError | None = None
    reserved_id: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One request: its files and what is to be done with them.

    `session`: None where there is none, which is for a request of one file only; it is then accepted or the request
    is refused. `replay`: where the answer is kept, if not under the `idempotency_key`.
    """

    tenant_id: str
    arrivals: Sequence[Arrival]
    options: UploadOptions = field(default_factory=UploadOptions)
    session: SessionOptions | None = None
    idempotency_key: str | None = None
    replay: Replay | None = None
    method: str = "STREAMING"


class Intake:
    """Accepts files for all tenants. Methods block."""

    def __init__(
        self,
        store: BlobStore,
        find_destination: FindDestination,
        database: Database,
        jobs: JobQueue,
        limits: FileLimits,
        quotas: Quotas,
        *,
        rules: RuleBook | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.find_destination = find_destination
        self.quotas = quotas
        self.now = now
        """The time by which files are recorded."""
        self._database = database
        self._jobs = jobs
        self._limits = limits
        self._rules = rules

    def open(self, raw_name: str, limits: FileLimits | None = None) -> IncomingFile:
        """Prepare to take in a file that its client calls `raw_name`, within other limits than the usual if given."""
        return IncomingFile(self.store.open_writer(), raw_name, limits or self._limits)

    def accept(self, upload: Upload) -> Receipt:
        """Store what arrived, with all rows and jobs in one transaction.

        Raises:
            Conflict: the idempotency key was used for another request, or the session is closed, full, or has a file
                at one of the positions.
            NotFound: there is no such session.
            UsageLimitExceeded: the month's uploads or descriptions were used up before the first of them.
            EmptyFile, CorruptImage, TooManyPixels, UnsupportedFileType: a file did not arrive whole.
            StorageNotConfigured, OutOfSpace.
            BucketRefused, ServiceUnavailable: the store will not have them, or does not answer.
        """
        destination = self.find_destination(upload.tenant_id, upload.options.storage_target)
        files = {
            index: self._new_file(upload, arrival, arrival.incoming.finish(), destination)
            for index, arrival in enumerate(upload.arrivals)
            if arrival.error is None
        }
        replay = upload.replay or self._keyed_replay(upload, files)
        stored = destination.store_all(
            {file.object_key: (upload.arrivals[index].incoming, file) for index, file in files.items()}
        )
        try:
            receipt = self._database.write(lambda transaction: self._record(transaction, upload, files, replay))
        except OutcomeUnknown:
            # They may be recorded, and records without their objects would be worse than objects without records.
            raise
        except BaseException:
            destination.rollback(stored - self._recorded_meanwhile(upload, files))
            raise
        accepted = receipt.file_ids
        destination.rollback(stored - {file.object_key for file in files.values() if file.id in accepted})
        return receipt

    def _new_file(self, upload: Upload, arrival: Arrival, content: Content, destination: Destination) -> File:
        options, now = upload.options, self.now()
        file_id = arrival.reserved_id or str(uuid.uuid4())
        # Documents without pages to draw have no variants, so there is nothing left to be made.
        drawn = content.file_type.media_type is MediaType.IMAGE or has_pages_to_draw(content.file_type.extension)
        return File(
            id=file_id,
            tenant_id=upload.tenant_id,
            filename=arrival.incoming.filename,
            path=arrival.path,
            title=options.title,
            content_type=content.file_type.content_type,
            media_type=content.file_type.media_type,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            object_key=destination.key(upload.tenant_id, file_id, content.file_type.extension),
            storage_target=options.storage_target,
            storage_id=destination.storage_id,
            upload_method=upload.method,
            content_category=options.content_category,
            user_tags=options.tags,
            folder_id=options.folder_id,
            project_id=options.project_id,
            custom_schema_id=options.custom_schema_id,
            width=content.header.width if content.header else None,
            height=content.header.height if content.header else None,
            created_at=now,
            updated_at=now,
            description_status=DescriptionStatus.QUEUED if options.auto_describe else DescriptionStatus.SKIPPED,
            description_revision=1 if options.auto_describe else 0,
            variant_status=VariantStatus.PENDING if drawn else VariantStatus.COMPLETED,
        )

    def _keyed_replay(self, upload: Upload, files: Mapping[int, File]) -> KeyedReplay:
        if upload.idempotency_key is None:
            fingerprint = ""  # under no key it is never looked at
        elif upload.session is None:
            (file,) = files.values()
            fingerprint = single_fingerprint(file.sha256, file.filename, upload.options)
        else:
            contents = [
                (arrival.incoming.filename, files[index].sha256 if index in files else str(arrival.error))
                for index, arrival in enumerate(upload.arrivals)
            ]
            fingerprint = batch_fingerprint(contents, upload.options, upload.session)
        return KeyedReplay(
            upload.tenant_id,
            upload.idempotency_key,
            fingerprint,
            self.now(),
            in_session=upload.session is not None,
        )

    def _recorded_meanwhile(self, upload: Upload, files: Mapping[int, File]) -> set[str]:
        """Return the keys of objects that must stay although this request failed: another one has recorded them."""
        reserved = [file for index, file in files.items() if upload.arrivals[index].reserved_id]
        if not reserved:
            return set()
        try:
            return self._database.read(
                lambda t: {f.object_key for f in reserved if t.files.get(f.tenant_id, f.id, include_deleted=True)}
            )
        except DomainError:
            # Not known, so they stay; if they have no record, the sweep finds them.
            return {file.object_key for file in reserved}

    def _record(self, transaction: Transaction, upload: Upload, files: Mapping[int, File], replay: Replay) -> Receipt:
        earlier = replay.find(transaction)
        if earlier is not None:
            return earlier
        now = self.now()
        session, priority = None, Priority.INTERACTIVE
        if upload.session is not None:
            session = open_session(transaction, upload.tenant_id, upload.session, now)
            # Of a batch of one somebody waits, as of any single upload.
            alone = upload.session.session_id is None and len(upload.arrivals) == 1
            if not alone or (session.expected_files or 1) > 1:
                priority = Priority.BATCH
        receipts, records = self._enter(transaction, upload, files, priority)
        if session is not None and upload.session is not None:
            append_to_session(transaction, session, upload.session, receipts, now)
        took = max((arrival.incoming.elapsed_ms for arrival in upload.arrivals), default=0)
        receipt = Receipt(receipts, took, session.id if session else None, records=records)
        replay.keep(transaction, receipt)
        return receipt

    def _enter(
        self, transaction: Transaction, upload: Upload, files: Mapping[int, File], priority: Priority
    ) -> tuple[tuple[FileReceipt, ...], dict[str, File]]:
        """Record the files that are new and allowed, and ask for what is to be made of them.

        Raises:
            UsageLimitExceeded: nothing is there of any file, and some would have been taken but for the month's limits.
            StorageNotConfigured: the bucket that they are in was removed meanwhile.
        """
        allowance = self.quotas.allowance(transaction, upload.tenant_id, self.now())
        receipts: list[FileReceipt] = []
        records: dict[str, File] = {}
        added: list[File] = []
        same: dict[str, File] = {}  # by content
        for index, arrival in enumerate(upload.arrivals):
            file, name = files.get(index), arrival.incoming.filename
            if file is None:
                assert arrival.error is not None
                receipts.append(FileReceipt.rejected(index, name, arrival.error.message, arrival.path))
                continue
            if upload.options.skip_duplicates:
                # Of two equal files in one request the second finds the first.
                existing = same.get(file.sha256) or transaction.files.find_by_hash(file.tenant_id, file.sha256)
                if existing is not None:
                    receipts.append(FileReceipt.duplicate(index, name, existing, arrival.path))
                    records[existing.id] = existing
                    continue
            try:
                allowance.take(described=file.description_status is DescriptionStatus.QUEUED)
            except UsageLimitExceeded as refusal:
                receipts.append(FileReceipt.rejected(index, name, refusal.message, arrival.path))
                continue
            described = upload.options.auto_describe
            if upload.options.describe_once and described:
                file = self._with_lender(transaction, file, same.get(file.sha256))
            receipts.append(FileReceipt.accepted(index, name, file, described=described, path=arrival.path))
            added.append(file)
            same[file.sha256] = records[file.id] = file
        if allowance.refusal is not None and not records:
            raise allowance.refusal
        self._add(transaction, added, priority)
        return tuple(receipts), records

    def _with_lender(self, transaction: Transaction, file: File, earlier: File | None) -> File:
        """Return a file with who lends it a description: what lends to an `earlier` one of the request, or that one."""
        if file.media_type is not MediaType.IMAGE:
            return file
        if earlier is not None and earlier.description_lender is not None:
            lender_id, waits = earlier.description_lender, earlier.description_waits_since is not None
        elif earlier is not None:
            lender_id, waits = earlier.id, True
        else:
            lender = transaction.lending.find(file)
            if lender is None:
                return file
            lender_id, waits = lender.id, lender.is_under_way
        return replace(file, description_lender=lender_id, description_waits_since=file.created_at if waits else None)

    def _add(self, transaction: Transaction, added: Sequence[File], priority: Priority) -> None:
        # All are in one bucket, or none is in any.
        bucket = next(((file.tenant_id, file.storage_id) for file in added if file.storage_id), None)
        if bucket is not None and transaction.storage_configs.get(*bucket) is None:
            raise StorageNotConfigured("The custom storage was removed during the upload. Nothing was stored.")
        transaction.files.add(*added)
        self._jobs.enqueue_new(transaction, [f for f in added if f.description_waits_since is None], priority)
        for file in added:
            if file.description_waits_since is not None:
                self._jobs.enqueue_variants(transaction, file)
        if self._rules is not None:
            self._rules.uploaded(transaction, added)
