"""The job behind an upload: perceive, describe, save. Each step may be repeated without harm."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.domain.description import Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import BUILTIN
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, Variant, object_key
from scopix_server.domain.ports import (
    Database,
    Describer,
    DescriptionRecord,
    ImageReader,
    JobQueue,
    Perceived,
    RenderedVariant,
    Transaction,
)
from scopix_server.pipeline.ask import copy_key, record_of
from scopix_server.pipeline.stores import Stores

__all__ = ["DescribeFile"]

_MOST_ATTEMPTS = 20  # transient failures end a job long before; so many have only images that bring down workers


class DescribeFile:
    """Describes files of all tenants. Every method blocks and takes a file's id and the revision that was asked for.

    With vision-language engines configured (`choice`), a file is looked at here and handed over to its engine's own
    queue. With `quick_answer` it is described here all the same, and the engine's answer replaces that later.
    """

    def __init__(
        self,
        database: Database,
        stores: Stores,
        reader: ImageReader,
        describer: Describer,
        jobs: JobQueue,
        choice: EngineChoice,
        *,
        quick_answer: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._reader = reader
        self._describer = describer
        self._jobs = jobs
        self._choice = choice
        self._quick_answer = quick_answer
        self._now = now
        # What `perceive` has just seen, for the `describe` that follows in the same process: it need not be read again.
        self._seen: dict[tuple[str, int], tuple[File, Perception]] = {}

    def perceive(self, file_id: str, revision: int) -> bool:
        """Look at the image, unless that was done before; keep its renditions and what is on it.

        Returns:
            False when there is nothing left to do: the file was deleted, or another revision was asked for since.

        Raises:
            DescribeError: the image cannot be read.
        """
        file, known = self._database.write(lambda t: self._begin(t, file_id, revision, new_attempt=True))
        if file is None:
            return False
        if known is not None:
            self._seen[file_id, revision] = file, known
            return True
        if file.description_attempts > _MOST_ATTEMPTS:
            message = "The description was given up: the worker died each time it was tried."
            raise DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False)
        with self._stores.local_path(file) as path:
            perceived = self._reader.perceive(path)
        variants = [self._keep(file, variant) for variant in perceived.variants]
        for wanted, data in perceived.copies:
            if all(wanted.name != variant.name for variant in variants):
                self._stores.keep(copy_key(file, wanted), data)
        self._database.write(lambda t: _save(t, file_id, perceived, variants))
        self._seen[file_id, revision] = file, perceived.perception
        return True

    def describe(self, file_id: str, revision: int) -> bool:
        """Describe a perceived file and save the answer as its current version, or hand it over to its engine.

        Returns:
            False when the answer was not wanted any more, is there already, or will come from an engine.

        Raises:
            DescribeError: the describer failed.
        """
        started = time.monotonic()
        seen = self._seen.pop((file_id, revision), None)
        file, perception = seen or self._database.write(lambda t: self._begin(t, file_id, revision, new_attempt=False))
        if file is None:
            return False
        engine = self._choice.pick(file.description_engine, f"{file_id}:{revision}")
        is_first = file.description_current is None and file.description_engine is None
        if engine != BUILTIN and not (self._quick_answer and is_first):
            self._database.write(lambda t: self._hand_over(t, file, engine))
            return False
        if perception is None:
            raise DescribeError("The image was not looked at yet.", DescriptionErrorType.UNKNOWN, retryable=True)
        description = self._describer.describe(perception, file.content_category)
        record = record_of(file, revision, description, self._now(), time.monotonic() - started)
        return self._database.write(lambda t: self._complete(t, file, record, engine))

    def _begin(
        self, transaction: Transaction, file_id: str, revision: int, *, new_attempt: bool
    ) -> tuple[File | None, Perception | None]:
        file = transaction.descriptions.begin(file_id, revision, self._now(), new_attempt=new_attempt)
        return file, None if file is None else transaction.descriptions.perception(file_id)

    def _hand_over(self, transaction: Transaction, file: File, engine: str) -> None:
        revision = file.description_revision
        if transaction.descriptions.hold(file.id, revision, engine, self._now()):
            self._jobs.enqueue_engine(transaction, engine, file.id, revision)

    def _complete(self, transaction: Transaction, file: File, record: DescriptionRecord, engine: str) -> bool:
        saved = transaction.descriptions.complete(record)
        if saved and engine != BUILTIN:
            self._jobs.enqueue_engine(transaction, engine, file.id, transaction.descriptions.refine(file, engine))
        return saved

    def postpone(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that will be tried again."""
        self._give_up(file_id, revision, DescriptionStatus.QUEUED, error)

    def hand_back(self, file_id: str, revision: int) -> None:
        """Note that the worker leaves before it is done: that was no attempt."""
        self._database.write(lambda t: t.descriptions.hand_back(file_id, revision, self._now()))

    def fail(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that is final."""
        self._give_up(file_id, revision, DescriptionStatus.FAILED, error)

    def make_variants(self, file_id: str) -> bool:
        """Make the renditions of a file that is not to be described.

        Returns:
            False when there is nothing to do.

        Raises:
            DescribeError: the image cannot be read.
        """
        file = self._database.read(lambda t: t.variants.wanted(file_id))
        if file is None:
            return False
        with self._stores.local_path(file) as path:
            rendered = self._reader.render(path)
        variants = [self._keep(file, variant) for variant in rendered]
        self._database.write(lambda t: t.variants.save(file_id, variants))
        return True

    def fail_variants(self, file_id: str, error: DescribeError) -> None:
        """Note that the renditions of a file cannot be made."""
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


def _save(transaction: Transaction, file_id: str, perceived: Perceived, variants: list[Variant]) -> None:
    transaction.variants.save(file_id, variants)
    transaction.descriptions.save_perception(file_id, perceived.perception, perceived.taken)
