"""Asking a vision-language engine about a file that was looked at before. One call is one attempt."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.categories import Catalogue, Category
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.engines import EngineCopy, Question, VisionEngine
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, object_key
from scopix_server.domain.ports import Database, Describer, ImageReader
from scopix_server.pipeline.seen_and_read import with_fields_read
from scopix_server.pipeline.stores import Stores

__all__ = ["AskEngine", "copy_key", "record_of"]


class AskEngine:
    """Puts questions to engines and saves their answers. Every method blocks, and may be repeated without harm."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        reader: ImageReader,
        describer: Describer,
        catalogue: Catalogue,
        *,
        language: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._reader = reader
        self._describer = describer
        self._catalogue = catalogue
        self._language = language
        self._now = now

    def ask(self, file_id: str, revision: int, engine: VisionEngine | None, *, new_attempt: bool) -> bool:
        """Make one attempt at a description by `engine`, or by the built-in describer if that is None.

        Returns:
            False when the answer was not wanted any more, or is there already.

        Raises:
            EngineUnavailable, EngineBusy, DescribeError: as `VisionEngine.answer` says.
        """
        started, now = time.monotonic(), self._now()
        file = self._database.write(lambda t: t.descriptions.begin(file_id, revision, now, new_attempt=new_attempt))
        if file is None:
            return False
        perception = self._database.read(lambda t: t.descriptions.perception(file_id))
        if perception is None:
            raise DescribeError("The image was not looked at yet.", DescriptionErrorType.UNKNOWN, retryable=True)
        if engine is None:
            said = self._describer.describe(perception, file.content_category)
        else:
            category = self._catalogue.get(file.content_category)
            said = engine.answer(self._question(file, perception, category, engine))
            said = with_fields_read(said, category, perception)
        record = record_of(file, revision, said, self._now(), time.monotonic() - started)
        return self._database.write(lambda t: t.descriptions.complete(record))

    def hold(self, file_id: str, revision: int, engine: str, reason: str) -> None:
        """Note that the file waits for its engine, and why."""
        self._database.write(lambda t: t.descriptions.hold(file_id, revision, engine, self._now(), reason))

    def is_wanted(self, file_id: str, revision: int) -> bool:
        """Whether anybody still waits for this revision."""
        return self._database.read(lambda t: t.descriptions.is_wanted(file_id, revision))

    def postpone(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that will be tried again."""
        self._give_up(file_id, revision, DescriptionStatus.QUEUED, error)

    def fail(self, file_id: str, revision: int, error: DescribeError) -> None:
        """Note a failure that is final."""
        self._give_up(file_id, revision, DescriptionStatus.FAILED, error)

    def _give_up(self, file_id: str, revision: int, status: DescriptionStatus, error: DescribeError) -> None:
        self._database.write(
            lambda t: t.descriptions.give_up(
                file_id, revision, status, error.message, error.error_type, retryable=error.retryable
            )
        )

    def _question(self, file: File, perception: Perception, category: Category, engine: VisionEngine) -> Question:
        return Question(
            image=self._copy(file, EngineCopy(engine.spec.image_side, engine.spec.jpeg_quality)),
            perception=perception,
            category=category.name,
            prompt=category.prompt,
            schema=category.schema,
            language=self._language,
        )

    def _copy(self, file: File, wanted: EngineCopy) -> bytes:
        """Return the copy that was made when the image was decoded; make it now if it was looked at before that."""
        key = copy_key(file, wanted)
        kept = self._stores.kept(key)
        if kept is not None:
            return kept
        with self._stores.local_path(file) as path:
            data = self._reader.copy(path, wanted)
        self._stores.keep(key, data)
        return data


def copy_key(file: File, wanted: EngineCopy) -> str:
    """Return where the copy for engines is kept: beside the renditions; or it is one of them."""
    return object_key(file.tenant_id, file.id, f"{wanted.name}.jpg")


def record_of(file: File, revision: int, said: Description, at: datetime, seconds: float) -> DescriptionRecord:
    """Return an answer as a version of its file. The time counts from the file's turn, or else `seconds` are taken."""
    since = file.description_started_at
    # The better answer to a file that has a quick one took its own time only.
    is_refinement = file.description_status is DescriptionStatus.COMPLETED
    spent = seconds if is_refinement or since is None else (at - since).total_seconds()
    return DescriptionRecord(
        id=str(uuid.uuid4()),
        file_id=file.id,
        revision=revision,
        description=said,
        category=file.content_category,
        created_at=at,
        processing_time_ms=int(spent * 1000),
    )
