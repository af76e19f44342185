"""The job behind an upload: analyze, describe, save. Each step may be repeated without harm."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType
from scopix_server.analysis.ask import copy_key, record_of, with_keywords
from scopix_server.analysis.by_vocabulary import by_vocabulary
from scopix_server.analysis.describe_document import ReadDocument
from scopix_server.analysis.lend import BorrowDescription
from scopix_server.analysis.tile_file import TileFile
from scopix_server.domain.analysis import (
    Analysis,
    Analyzer,
    Describer,
    DocumentAnalyzer,
    RenderedVariant,
    Rendering,
    SheetLine,
)
from scopix_server.domain.description import Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import BUILTIN
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, Variant, object_key
from scopix_server.domain.ports import Database, DescriptionRecord, JobQueue, Transaction
from scopix_server.domain.rules import RuleBook
from scopix_server.intake.stores import Stores

__all__ = ["DescribeFile"]

_MAX_ATTEMPTS = 20  # transient failures end a job long before; so many have only images that bring down workers


class DescribeFile:
    """Describes files of all tenants. Every method blocks and takes a file's id and the revision that was asked for.

    With vision-language engines configured (`choice`), a file is looked at here and handed over to its engine's own
    queue. With `quick_answer` it is described here all the same, and the engine's answer replaces that later.
    With `keywords_as_tags` what people wrote into an image as its keywords become tags, whoever describes it.
    Documents are read by `documents`, at most `max_ocr_pages` of each by their pictures, and are always described here.
    Images of more than `tile_pixels` pixels get tiles after their variants (see `tiles`).
    """

    def __init__(
        self,
        database: Database,
        stores: Stores,
        analyzer: Analyzer,
        describer: Describer,
        jobs: JobQueue,
        choice: EngineChoice,
        *,
        quick_answer: bool = False,
        keywords_as_tags: bool = False,
        documents: DocumentAnalyzer | None = None,
        max_ocr_pages: int = 2000,
        tile_pixels: int = 0,
        rules: RuleBook | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._analyzer = analyzer
        self._describer = describer
        self._jobs = jobs
        self._choice = choice
        self._quick_answer = quick_answer
        self._rules = rules
        self._keywords_as_tags = keywords_as_tags
        self._now = now
        self._documents = (
            ReadDocument(database, stores, documents, self._keep, max_ocr_pages=max_ocr_pages, now=now)
            if documents is not None
            else None
        )
        self._borrow = BorrowDescription(database, self.make_variants, rules, now)
        self.tiles = TileFile(database, stores, analyzer, jobs, min_pixels=tile_pixels)
        # What `analyze` has just seen, for the `describe` that follows in the same process: it need not be read again.
        self._seen: dict[tuple[str, int], tuple[File, Perception]] = {}

    def analyze(self, file_id: str, revision: int) -> bool:
        """Look at the image, unless that was done before; keep its variants and what is on it.

        Returns:
            False when there is nothing left to do: the file was deleted, another revision was asked for since, or its
            lender's description was taken.

        Raises:
            DescribeError: the image cannot be read.
        """
        file, known = self._database.write(lambda t: self._claim(t, file_id, revision, new_attempt=True))
        if file is None:
            return False
        if file.media_type is MediaType.DOCUMENT:
            self._check_attempts(file)
            return self._reader().run(file, revision)
        if known is not None:
            self._seen[file_id, revision] = file, known
            return True
        self._check_attempts(file)
        if self._borrow.run(file, revision):
            return False
        with self._stores.local_path(file) as path:
            analysis = self._analyzer.analyze(path)
            variants = [self._keep(file, variant) for variant in analysis.variants]
            if analysis.is_reduced:
                # That may take minutes, in which the picture is shown already.
                self._database.write(lambda t: t.variants.save(file_id, variants))
                analysis = self._read_in_bands(path, analysis)
        for kind, data in analysis.copies:
            if all(kind.name != variant.name for variant in variants):
                self._stores.keep(copy_key(file, kind), data)
        self._database.write(lambda t: self._save(t, file, analysis, variants))
        self._seen[file_id, revision] = file, analysis.perception
        return True

    def _read_in_bands(self, path: Path, analysis: Analysis) -> Analysis:
        lines: list[SheetLine] = []
        following: int | None = 0
        # Some bands at a time: between two portions others have their turn.
        while following is not None:
            portion = self._analyzer.read_bands(path, following)
            lines += portion.lines
            following = portion.following
        text = self._analyzer.join_lines(lines, analysis.perception) if lines else analysis.perception.text
        return replace(analysis, perception=replace(analysis.perception, text=text))

    def _save(self, transaction: Transaction, file: File, analysis: Analysis, variants: list[Variant]) -> None:
        transaction.variants.save(file.id, variants, analysis.blur_hash)
        transaction.descriptions.save_perception(file.id, analysis.perception, analysis.taken)
        if analysis.fingerprint is not None:
            transaction.fingerprints.keep(file.id, analysis.fingerprint)
        self.tiles.request(transaction, file, analysis.perception.width, analysis.perception.height)

    def _check_attempts(self, file: File) -> None:
        if file.description_attempts > _MAX_ATTEMPTS:
            message = "The description was given up: the worker died each time it was tried."
            raise DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False)

    def _reader(self) -> ReadDocument:
        if self._documents is None:
            raise DescribeError("Documents are not read here.", DescriptionErrorType.UNKNOWN, retryable=False)
        return self._documents

    def describe(self, file_id: str, revision: int) -> bool:
        """Describe an analyzed file and save the answer as its current version, or hand it over to its engine.

        Returns:
            False when the answer was not wanted any more, is there already, or will come from an engine.

        Raises:
            DescribeError: the describer failed.
        """
        started = time.monotonic()
        seen = self._seen.pop((file_id, revision), None)
        file, perception = seen or self._database.write(lambda t: self._claim(t, file_id, revision, new_attempt=False))
        if file is None:
            return False
        is_document = file.media_type is MediaType.DOCUMENT
        engine = BUILTIN if is_document else self._choice.pick(file.description_engine, f"{file_id}:{revision}")
        is_first = file.description_current is None and file.description_engine is None
        if engine != BUILTIN and not (self._quick_answer and is_first):
            self._database.write(lambda t: self._park(t, file, engine))
            return False
        digest = self._database.read(lambda t: self._reader().digest(t, file_id)) if is_document else None
        if digest is None and (is_document or perception is None):
            raise DescribeError("The file was not looked at yet.", DescriptionErrorType.UNKNOWN, retryable=True)
        analysis = Analysis(perception or Perception(0, 0), document=digest)
        description = self._describer.describe(analysis, file.content_category)
        if self._keywords_as_tags:
            description = with_keywords(description, analysis.perception)
        record = record_of(file, revision, description, self._now(), time.monotonic() - started)
        return self._database.write(lambda t: self._complete(t, file, record, engine))

    def _claim(
        self, transaction: Transaction, file_id: str, revision: int, *, new_attempt: bool
    ) -> tuple[File | None, Perception | None]:
        file = transaction.descriptions.claim(file_id, revision, self._now(), new_attempt=new_attempt)
        return file, None if file is None else transaction.descriptions.perception(file_id)

    def _park(self, transaction: Transaction, file: File, engine: str) -> None:
        revision = file.description_revision
        if transaction.descriptions.park(file.id, revision, engine, self._now()):
            self._jobs.enqueue_engine(transaction, engine, file, revision)

    def _complete(self, transaction: Transaction, file: File, record: DescriptionRecord, engine: str) -> bool:
        saved = transaction.descriptions.complete(by_vocabulary(transaction, file.tenant_id, record))
        if saved and engine != BUILTIN:
            self._jobs.enqueue_engine(transaction, engine, file, transaction.descriptions.refine(file, engine))
        elif saved and self._rules is not None:
            self._rules.described(transaction, file, record.revision)
        return saved

    def postpone(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that will be tried again."""
        self._give_up(file_id, revision, DescriptionStatus.QUEUED, error)

    def release(self, file_id: str, revision: int) -> None:
        """Note that the worker leaves before it is done: that was no attempt."""
        self._database.write(lambda t: t.descriptions.release(file_id, revision, self._now()))

    def fail(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that is final."""
        self._give_up(file_id, revision, DescriptionStatus.FAILED, error)

    def make_variants(self, file_id: str) -> bool:
        """Make the variants of a file that is not to be described.

        Returns:
            False when there is nothing to do.

        Raises:
            DescribeError: the image cannot be read.
        """
        file = self._database.read(lambda t: t.variants.missing(file_id))
        if file is None:
            return False
        if file.media_type is MediaType.DOCUMENT:
            rendering = Rendering(tuple(self._reader().render(file)))
        else:
            with self._stores.local_path(file) as path:
                rendering = self._analyzer.render(path)
        variants = [self._keep(file, variant) for variant in rendering.variants]

        def save(transaction: Transaction) -> None:
            transaction.variants.save(file_id, variants, rendering.blur_hash)
            if rendering.fingerprint is not None:
                transaction.fingerprints.keep(file_id, rendering.fingerprint)
            if rendering.width:
                self.tiles.request(transaction, file, rendering.width, rendering.height)
                transaction.variants.measured(file_id, rendering.width, rendering.height, rendering.taken)

        self._database.write(save)
        return True

    def fail_variants(self, file_id: str, error: DescribeError) -> None:
        """Note that the variants of a file cannot be made."""
        self._database.write(lambda t: t.variants.fail(file_id, error.message))

    def _give_up(self, file_id: str, revision: int, status: DescriptionStatus, error: DescribeError) -> None:
        self._database.write(
            lambda t: t.descriptions.give_up(
                file_id, revision, status, error.message, error.error_type, retryable=error.retryable
            )
        )

    def _keep(self, file: File, variant: RenderedVariant) -> Variant:
        key = object_key(file.tenant_id, file.id, f"{variant.name}.{variant.extension}")
        self._stores.keep(key, variant.data)
        return Variant(variant.name, key, variant.content_type, variant.width, variant.height, len(variant.data))
