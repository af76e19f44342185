"""Files that are there: found by their ids, listed, looked at, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scopix.types.vocabulary import MediaType
from scopix_server.domain.description import Perception
from scopix_server.domain.document import DocumentProgress
from scopix_server.domain.engines import EngineState
from scopix_server.domain.errors import NotFound
from scopix_server.domain.file import File, Variant
from scopix_server.domain.hits import Hit, find_hits
from scopix_server.domain.ids import is_file_id
from scopix_server.domain.listing import FileFilter, ListState, Position, Total, files_before, position_of
from scopix_server.domain.ports import Database, DescriptionRecord, Transaction
from scopix_server.domain.similar import SimilarFile
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.similar import find_similar

__all__ = ["FilePage", "Files", "KnownOfFile", "find_file"]

Variants = Mapping[str, tuple[Variant, ...]]


@dataclass(frozen=True, slots=True)
class KnownOfFile:
    """What is kept of a file beside its record."""

    variants: tuple[Variant, ...]
    versions: Sequence[DescriptionRecord]
    perception: Perception | None
    document: DocumentProgress | None


@dataclass(frozen=True, slots=True)
class FilePage:
    """A page of a list; `following` is where the next begins, None at the end. The details only if asked for."""

    files: Sequence[File]
    total: Total
    following: Position | None
    variants: Variants
    versions: Mapping[str, Sequence[DescriptionRecord]] = field(default_factory=dict)
    perceptions: Mapping[str, Perception] = field(default_factory=dict)
    documents: Mapping[str, DocumentProgress] = field(default_factory=dict)
    hits: Mapping[str, Sequence[Hit]] = field(default_factory=dict)


class Files:
    """A tenant's files. All methods block. `vectors` are those in memory, which `similar` compares."""

    def __init__(self, database: Database, vectors: KeptVectors | None = None) -> None:
        self._database = database
        self._vectors = vectors or KeptVectors(0)

    @property
    def vectors(self) -> KeptVectors:
        """The vectors in memory."""
        return self._vectors

    def find(self, tenant_id: str, file_id: str) -> File:
        """Return the tenant's file by its id or the first 8 characters of it. Raises as `find_file`."""
        return self._database.read(lambda t: find_file(t, tenant_id, file_id))

    def page(
        self,
        tenant_id: str,
        criteria: FileFilter,
        *,
        limit: int,
        offset: int,
        after: Position | None,
        with_details: bool,
        exact_total: bool = False,
        with_hits: bool = False,
    ) -> FilePage:
        """Return the files that meet the criteria, `offset` behind `after` or behind the beginning.

        They are counted as far as MAX_COUNTED where that takes time, unless the total is to be exact.
        """

        def read(transaction: Transaction) -> FilePage:
            # One more than is shown tells whether more follow.
            found, total = transaction.files.page(
                tenant_id, criteria, limit=limit + 1, offset=offset, after=after, exact_total=exact_total
            )
            files = found[:limit]
            number = files_before(after) + offset + len(files)
            following = position_of(files[-1], criteria.sort_by, number) if len(found) > limit else None
            ids = [file.id for file in files]
            variants = transaction.variants.of(ids)
            hits = _hits_of(transaction, tenant_id, criteria, files) if with_hits else {}
            if not with_details:
                return FilePage(files, total, following, variants, hits=hits)
            return FilePage(
                files,
                total,
                following,
                variants,
                transaction.descriptions.all_versions(ids),
                transaction.descriptions.perceptions(ids),
                transaction.documents.all_progress([f.id for f in files if f.media_type is MediaType.DOCUMENT]),
                hits,
            )

        return self._database.read(read)

    def details(self, tenant_id: str, file_id: str) -> tuple[File, KnownOfFile]:
        """Return a file with everything that is kept of it. Raises as `find`."""

        def read(transaction: Transaction) -> tuple[File, KnownOfFile]:
            file = find_file(transaction, tenant_id, file_id)
            known = KnownOfFile(
                transaction.variants.of([file.id]).get(file.id, ()),
                transaction.descriptions.versions(file.id),
                transaction.descriptions.perception(file.id),
                _document_progress(transaction, file),
            )
            return file, known

        return self._database.read(read)

    def versions(self, tenant_id: str, file_id: str) -> tuple[File, Sequence[DescriptionRecord]]:
        """Return a file with all versions of its description, newest first. Raises as `find`."""

        def read(transaction: Transaction) -> tuple[File, Sequence[DescriptionRecord]]:
            file = find_file(transaction, tenant_id, file_id)
            return file, transaction.descriptions.versions(file.id)

        return self._database.read(read)

    def variants_of(self, file_id: str) -> tuple[Variant, ...]:
        """Return the variants of a file, smallest first, as far as they are made."""
        return self._database.read(lambda t: t.variants.of([file_id])).get(file_id, ())

    def known_hashes(self, tenant_id: str, hashes: Sequence[str]) -> set[str]:
        """Return those of the SHA-256 hashes (in hex) that a file of the tenant has."""
        return self._database.read(lambda t: t.files.known_hashes(tenant_id, hashes))

    def sizes(self, tenant_id: str, criteria: FileFilter, *, limit: int) -> Sequence[tuple[int | None, int | None]]:
        """Return width and height in pixels of the first files that meet the criteria, in their order."""
        return self._database.read(lambda t: t.files.sizes(tenant_id, criteria, limit=limit))

    def unfinished(
        self, tenant_id: str, before: datetime, *, limit: int
    ) -> tuple[Sequence[File], int, Mapping[str, EngineState]]:
        """Return files to which nothing has happened since then, how many there are, and how the engines are."""

        def read(transaction: Transaction) -> tuple[Sequence[File], int, Mapping[str, EngineState]]:
            found, total = transaction.files.unfinished(tenant_id, before, limit=limit)
            return found, total, transaction.engines.states()

        return self._database.read(read)

    def document_progress(self, file: File) -> DocumentProgress | None:
        """Return how far a document was read; None for an image, and for one of which no page was."""
        return self._database.read(lambda t: _document_progress(t, file))

    def engine_of(self, file: File) -> EngineState | None:
        """Return what is known of the engine that is to describe a file."""
        if file.description_engine is None:
            return None
        return self._database.read(lambda t: t.engines.states()).get(file.description_engine)

    def similar(
        self, tenant_id: str, file_id: str, *, limit: int, min_score: float
    ) -> tuple[File, Sequence[SimilarFile], Variants]:
        """Return a file, the images most like it, and the variants of these. Raises as `find` and `find_similar`."""

        def read(transaction: Transaction) -> tuple[File, Sequence[SimilarFile], Variants]:
            file = find_file(transaction, tenant_id, file_id)
            found = find_similar(transaction, file, limit=limit, min_score=min_score, kept=self._vectors)
            return file, found, transaction.variants.of([each.file.id for each in found])

        return self._database.read(read)

    def state(self, tenant_id: str, key_id: str) -> ListState | None:
        """Return what tells that the tenant's list has changed since; None once the key that asks has ended."""

        def read(transaction: Transaction) -> ListState | None:
            key = transaction.keys.find(key_id)
            if key is None or key.state(datetime.now(UTC)) != "active":
                return None
            return transaction.files.state(tenant_id)

        return self._database.read(read)


def _document_progress(transaction: Transaction, file: File) -> DocumentProgress | None:
    return transaction.documents.progress(file.id) if file.media_type is MediaType.DOCUMENT else None


def _hits_of(
    transaction: Transaction, tenant_id: str, criteria: FileFilter, files: Sequence[File]
) -> dict[str, Sequence[Hit]]:
    lookups = transaction.files.lookups(tenant_id, criteria)
    if not lookups:
        return {}
    ids = [file.id for file in files]
    current, seen = transaction.descriptions.current(ids), transaction.descriptions.perceptions(ids)
    made = {file_id: record.description for file_id, record in current.items()}
    return {file.id: find_hits(lookups, file, made.get(file.id), seen.get(file.id)) for file in files}


def find_file(transaction: Transaction, tenant_id: str, file_id: str) -> File:
    """Return the tenant's file by its id or the first 8 characters of it.

    Raises:
        NotFound: the tenant has no such file. A foreign file and a word that is no id are no different.
        Conflict: several ids begin so.
    """
    known_id = file_id.lower()
    file = transaction.files.get(tenant_id, known_id) if is_file_id(known_id) else None
    if file is None:
        raise NotFound(f"There is no file '{file_id[:64]}'.", resource_type="file", resource_id=file_id[:64])
    return file
