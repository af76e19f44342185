"""The interfaces the pipeline needs. Parts plug in here; `wiring/` chooses them.

Each promise stands beside its method. An implementation translates its own library's errors at the point of contact.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from scopix_server.domain.asking import AggregateRepository
from scopix_server.domain.description_ports import DescriptionRecord, DescriptionRepository, VersionRepository
from scopix_server.domain.direct_ports import DirectUploadRepository
from scopix_server.domain.document_ports import DocumentRepository
from scopix_server.domain.embedding import EmbeddingRepository
from scopix_server.domain.engines import EngineRepository
from scopix_server.domain.file import File, Variant
from scopix_server.domain.fingerprint import FingerprintRepository
from scopix_server.domain.inspection import InspectionRepository
from scopix_server.domain.lending import LendingRepository
from scopix_server.domain.listing import FileFilter, ListState, Position, Total
from scopix_server.domain.metrics import MetricsRepository
from scopix_server.domain.rules import ReviewRepository, RuleRepository
from scopix_server.domain.search_query import Lookup
from scopix_server.domain.session import Session, SessionCounts, SessionEvent, SessionFile, SessionStatus
from scopix_server.domain.similar import VectorRepository
from scopix_server.domain.storage_ports import (
    BlobStore,
    BlobWriter,
    FileServing,
    StorageConfigRepository,
    StoredObject,
)
from scopix_server.domain.tag_vocabulary import TagVocabularyRepository
from scopix_server.domain.tenant_data import TenantDataRepository
from scopix_server.domain.tenant_ports import KeyRepository, TenantRepository
from scopix_server.domain.turn import Priority
from scopix_server.domain.upkeep import CountRepository, MaintenanceRepository, MarkRepository, UpkeepRepository
from scopix_server.domain.webhook_ports import WebhookRepository

__all__ = [
    "BlobStore",
    "BlobWriter",
    "Database",
    "DescriptionRecord",
    "DescriptionRepository",
    "FileRepository",
    "FileServing",
    "IdempotencyRecord",
    "IdempotencyRepository",
    "Job",
    "JobQueue",
    "SessionRepository",
    "StoredObject",
    "Transaction",
    "VariantRepository",
    "VersionRepository",
    "WorkerRepository",
]

T = TypeVar("T")


# Database -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The first response given under an idempotency key, and what was asked (a hash)."""

    key: str
    fingerprint: str
    response: dict[str, Any]
    created_at: datetime


class FileRepository(Protocol):
    """Files of all tenants; every question names its tenant. Deleted files are found only where it says so."""

    def add(self, *added: File) -> None:
        """Record new files, many of them for little more than one."""

    def get(self, tenant_id: str, file_id: str, *, include_deleted: bool = False) -> File | None:
        """Find one by its full id or a prefix of 8 characters. Raises Conflict when the prefix fits several."""

    def list(
        self, tenant_id: str, criteria: FileFilter, *, limit: int, offset: int, after: Position | None = None
    ) -> tuple[Sequence[File], int]:
        """As `page`, with the number of all such files, however many."""

    def page(
        self,
        tenant_id: str,
        criteria: FileFilter,
        *,
        limit: int,
        offset: int,
        after: Position | None = None,
        exact_total: bool = False,
    ) -> tuple[Sequence[File], Total]:
        """Return a page of the files that meet the filter, in its order, and how many there are.

        The page begins `offset` files behind `after`, or behind the beginning. Where counting takes time it ends at
        MAX_COUNTED unless the total is to be exact.
        """

    def these(self, tenant_id: str, file_ids: Sequence[str]) -> Mapping[str, File]:
        """Return those of the files that are the tenant's, by their ids."""

    def lookups(self, tenant_id: str, criteria: FileFilter) -> "Sequence[Lookup]":
        """Return the words that the filter's search goes by, with those that stand for them."""

    def matching(self, tenant_id: str, criteria: FileFilter, file_ids: Sequence[str]) -> set[str]:
        """Return those of the files, a thousand at most, that meet the filter."""

    def sizes(self, tenant_id: str, criteria: FileFilter, *, limit: int) -> Sequence[tuple[int | None, int | None]]:
        """Return width and height in pixels of the first files that `list` would give, in its order."""

    def state(self, tenant_id: str) -> ListState:
        """Return what tells that the tenant's list has changed since."""

    def update(self, file: File) -> None:
        """Save a changed title and changed tags."""

    def find_by_hash(self, tenant_id: str, sha256: str) -> File | None:
        """Return the oldest file of the tenant with this content."""

    def known_hashes(self, tenant_id: str, hashes: Sequence[str]) -> set[str]:
        """Return those of the hashes that a file of the tenant has."""

    def mark_deleted(self, tenant_id: str, file_id: str, at: datetime) -> bool:
        """Soft-delete; False when there is no such file."""

    def restore(self, tenant_id: str, file_id: str, at: datetime) -> bool:
        """Undo a soft deletion; False when there is no such deleted file. See `restore_file` for what it missed."""

    def unfinished(self, tenant_id: str, before: datetime, *, limit: int) -> tuple[Sequence[File], int]:
        """Return files to which something is still to happen and nothing has since `before`, and how many there are."""

    def settled(self, file_ids: Collection[str]) -> set[str]:
        """Return those of the ids, of any tenant's, whose description has ended, and those of deleted files."""


class VariantRepository(Protocol):
    """The variants of files."""

    def of(self, file_ids: Sequence[str]) -> dict[str, tuple[Variant, ...]]:
        """Return the variants, smallest first, of each file that has any; TILES, if there, the last."""

    def missing(self, file_id: str) -> File | None:
        """Return the file if it is there and its variants are not."""

    def save(self, file_id: str, variants: Sequence[Variant], blur_hash: str | None = None) -> None:
        """Keep the variants made, and the BlurHash; replaces what was there, but for tiles."""

    def measured(self, file_id: str, width: int, height: int, taken: datetime | None) -> None:
        """Note what making them told of the file: its size in pixels as it is shown, and when it was taken."""

    def without_tiles(self, file_id: str) -> File | None:
        """Return the file if it is there and has no tiles."""

    def save_tiles(self, file_id: str, tiles: Variant) -> None:
        """Keep the tiles made; they stay when variants are made again. Nothing for a file that is gone for good."""

    def fail(self, file_id: str, error: str) -> None:
        """Note why there will be none."""

    def ask_again(self, file_id: str, at: datetime) -> None:
        """Note that new ones are to come; those there are stay until then."""


class SessionRepository(Protocol):
    """Upload sessions and the files in them."""

    def add(self, session: Session) -> None:
        """Record a new session."""

    def get(self, tenant_id: str, session_id: str) -> Session | None:
        """Find one of the tenant's."""

    def list(
        self,
        tenant_id: str,
        now: datetime,
        *,
        status: SessionStatus | None = None,
        upload_method: str | None = None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Session], int]:
        """Return a page of the tenant's sessions, newest first, of one status and one way of sending if they are named;
        and the number of all such sessions."""

    def append(self, session_id: str, added: Sequence[SessionFile], at: datetime) -> None:
        """Add files at their positions."""

    def positions(self, session_id: str) -> set[int]:
        """Return the positions that are taken."""

    def counts(self, sessions: Sequence[Session]) -> dict[str, SessionCounts]:
        """Return how many files of each session stand how."""

    def page(
        self, session_id: str, *, include_failed: bool, limit: int, offset: int
    ) -> tuple[Sequence[tuple[SessionFile, File | None]], int]:
        """Return a page of the session's files by position, with their records, and the number of all such files."""

    def latest(self, session_id: str, *, failed: bool, limit: int) -> Sequence[tuple[SessionFile, File | None]]:
        """Return the files that ended last, or those that failed last."""

    def events(self, session_id: str, after: int, *, limit: int) -> Sequence[SessionEvent]:
        """Return what happened to the session's files, oldest first, from the event numbered `after` + 1 on."""

    def settled(self, session_ids: Collection[str]) -> set[str]:
        """Return those of the ids, of any tenant's, of whose files none is still to be described."""

    def cancel(self, session_id: str, at: datetime) -> None:
        """Note that a session was given up, once its files were (see `cancel_files`)."""

    def cancel_files(self, session_id: str, at: datetime, *, limit: int) -> Sequence[File]:
        """Skip the next files that have not ended yet, and return them; their jobs will find nothing to do."""


class IdempotencyRepository(Protocol):
    """Answers kept for replay (24 hours), per tenant."""

    def find(self, tenant_id: str, key: str, since: datetime) -> IdempotencyRecord | None:
        """Return the answer kept under `key`, if it is not older than `since`."""

    def keep(self, tenant_id: str, record: IdempotencyRecord) -> None:
        """Keep an answer; replaces an expired one under the same key."""


class WorkerRepository(Protocol):
    """Heartbeats of the workers, so that others can tell whether anyone describes."""

    def beat(self, worker_id: str, at: datetime, *, ready: bool) -> None:
        """Note that the worker is alive, and whether it is able to work."""

    def leave(self, worker_id: str) -> None:
        """Note that the worker has gone, so that nobody counts on it any more."""

    def prune(self, before: datetime) -> int:
        """Forget workers of which nothing was heard since then; return how many there were."""

    def beats(self) -> Mapping[str, datetime]:
        """Return the last heartbeat of each worker, able to work or not."""

    def last_beat(self) -> datetime | None:
        """Return the newest heartbeat of any worker that is able to work."""


class Transaction(Protocol):
    """What can be done between begin and commit. All of it happens, or none."""

    @property
    def files(self) -> FileRepository: ...
    @property
    def inspections(self) -> InspectionRepository: ...
    @property
    def aggregates(self) -> AggregateRepository: ...
    @property
    def variants(self) -> VariantRepository: ...
    @property
    def descriptions(self) -> DescriptionRepository: ...
    @property
    def versions(self) -> VersionRepository: ...
    @property
    def vectors(self) -> VectorRepository: ...
    @property
    def fingerprints(self) -> FingerprintRepository: ...
    @property
    def lending(self) -> LendingRepository: ...
    @property
    def embeddings(self) -> EmbeddingRepository: ...
    @property
    def engines(self) -> EngineRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def tenants(self) -> TenantRepository: ...
    @property
    def keys(self) -> KeyRepository: ...
    @property
    def idempotency(self) -> IdempotencyRepository: ...
    @property
    def workers(self) -> WorkerRepository: ...
    @property
    def upkeep(self) -> UpkeepRepository: ...
    @property
    def maintenance(self) -> MaintenanceRepository: ...

    @property
    def marks(self) -> MarkRepository: ...
    @property
    def metrics(self) -> MetricsRepository: ...
    @property
    def direct_uploads(self) -> DirectUploadRepository: ...
    @property
    def storage_configs(self) -> StorageConfigRepository: ...
    @property
    def webhooks(self) -> WebhookRepository: ...
    @property
    def tenant_data(self) -> TenantDataRepository: ...
    @property
    def documents(self) -> DocumentRepository: ...
    @property
    def counts(self) -> CountRepository: ...
    @property
    def tag_vocabularies(self) -> TagVocabularyRepository: ...
    @property
    def rules(self) -> RuleRepository: ...
    @property
    def reviews(self) -> ReviewRepository: ...


class Database(Protocol):
    """Runs work in transactions; callers never commit.

    Several processes may share a database. Work that another process was in the way of is run again from its beginning,
    so it must change nothing but what the transaction holds. What it reads in order to change it (a file, a session,
    a key by its id; a content by its hash; what a month has used) stays as it is until the transaction ends.
    """

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result after the commit. Blocks: call it from a thread."""

    def submit(self, work: Callable[[Transaction], T]) -> "Future[T]":
        """Like `write`, without waiting."""

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view; changes are rolled back. Blocks: call it from a thread."""

    def check(self) -> None:
        """Prove that the database answers; raises ServiceUnavailable when it does not."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job about a file; `worker_id` names who has begun it, None when nobody has or when it has ended."""

    id: str
    file_id: str
    worker_id: str | None


class JobQueue(Protocol):
    """Durable work. A job exists if, and only if, the transaction that asked for it was committed."""

    def enqueue_description(self, transaction: Transaction, file: File, revision: int, priority: Priority) -> None:
        """Ask, within `transaction`, for this revision of the file's description. Asking twice is asking once.

        Tenants take turns, whatever waits of each; `priority` orders the jobs of one tenant.
        """

    def enqueue_new(self, transaction: Transaction, files: Sequence[File], priority: Priority) -> None:
        """Ask, within `transaction`, for what is to be made of new files of one tenant.

        That is the first description of those that are queued for it, or else variants, where there are to be any.
        """

    def enqueue_engine(self, transaction: Transaction, engine: str, file: File, revision: int) -> None:
        """Ask, within `transaction`, that `engine` answers about a perceived file. Asking twice is asking once."""

    def enqueue_variants(self, transaction: Transaction, file: File) -> None:
        """Ask, within `transaction`, for the variants of a file that is not to be described."""

    def enqueue_variants_again(self, transaction: Transaction, file: File) -> str:
        """Ask for the variants of a file that has had its chance. Returns the name of the job."""

    def enqueue_tiles(self, transaction: Transaction, file: File) -> None:
        """Ask, within `transaction`, for the tiles of a large image."""

    def check(self) -> None:
        """Prove that the queue answers; raises ServiceUnavailable when it does not."""

    def all(self) -> Iterator["Job"]:
        """Yield every job there is a record of, waiting, under way or ended."""

    def ended(self, before: datetime, *, limit: int) -> Sequence[str]:
        """Return the ids of jobs that ended before then, whatever their end was."""

    def delete(self, job_ids: Sequence[str]) -> None:
        """Remove the records of jobs."""
