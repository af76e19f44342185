"""Asking a vision-language engine about a file that was looked at before. One call is one attempt."""

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.analysis.by_vocabulary import by_vocabulary
from scopix_server.analysis.engine_describer import EngineDescriber, copy_for
from scopix_server.categories import Catalogue
from scopix_server.domain.analysis import Analysis, Analyzer, Describer
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.engines import EngineCopy, VisionEngine
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, object_key
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.rules import RuleBook
from scopix_server.intake.stores import Stores

__all__ = ["AskEngine", "copy_key", "record_of", "with_keywords"]

_MAX_TAGS, _MAX_TAG_LENGTH = 40, 50  # as descriptions have them
_MAX_KEYWORDS = 20
"""Half of the tags: the other half tells what was seen."""


class AskEngine:
    """Puts questions to engines and saves their answers. Every method blocks, and may be repeated without harm."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        analyzer: Analyzer,
        describer: Describer,
        catalogue: Catalogue,
        *,
        language: str,
        keywords_as_tags: bool = False,
        rules: RuleBook | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._analyzer = analyzer
        self._describer = describer
        self._catalogue = catalogue
        self._language = language
        self._keywords_as_tags = keywords_as_tags
        self._rules = rules
        self._now = now

    def ask(self, file_id: str, revision: int, engine: VisionEngine | None, *, new_attempt: bool) -> bool:
        """Make one attempt at a description by `engine`, or by the built-in describer if that is None.

        Returns:
            False when the answer was not wanted any more, or is there already.

        Raises:
            EngineUnavailable, EngineBusy, DescribeError: as `VisionEngine.answer` says.
        """
        started, now = time.monotonic(), self._now()
        file = self._database.write(lambda t: t.descriptions.claim(file_id, revision, now, new_attempt=new_attempt))
        if file is None:
            return False
        perception = self._database.read(lambda t: t.descriptions.perception(file_id))
        if perception is None:
            raise DescribeError("The image was not looked at yet.", DescriptionErrorType.UNKNOWN, retryable=True)
        if engine is None:
            description = self._describer.describe(Analysis(perception), file.content_category)
        else:
            kind = copy_for(engine)
            analysis = Analysis(perception, copies=((kind, self._copy(file, kind)),))
            vocabulary = self._database.read(lambda t: t.tag_vocabularies.get(file.tenant_id))
            by_engine = EngineDescriber(engine, self._catalogue, language=self._language, vocabulary=vocabulary)
            description = by_engine.describe(analysis, file.content_category)
        if self._keywords_as_tags:
            description = with_keywords(description, perception)
        record = record_of(file, revision, description, self._now(), time.monotonic() - started)
        return self._database.write(lambda t: self._complete(t, file, record))

    def _complete(self, transaction: Transaction, file: File, record: DescriptionRecord) -> bool:
        saved = transaction.descriptions.complete(by_vocabulary(transaction, file.tenant_id, record))
        if saved and self._rules is not None:
            self._rules.described(transaction, file, record.revision)
        return saved

    def park(self, file_id: str, revision: int, engine: str, reason: str) -> None:
        """Note that the file waits for its engine, and why."""
        self._database.write(lambda t: t.descriptions.park(file_id, revision, engine, self._now(), reason))

    def is_current(self, file_id: str, revision: int) -> bool:
        """Whether anybody still waits for this revision."""
        return self._database.read(lambda t: t.descriptions.is_current(file_id, revision))

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

    def _copy(self, file: File, kind: EngineCopy) -> bytes:
        """Return the copy that was made when the image was decoded; make it now if it was looked at before that."""
        key = copy_key(file, kind)
        kept = self._stores.kept(key)
        if kept is not None:
            return kept
        with self._stores.local_path(file) as path:
            data = self._analyzer.copy(path, kind)
        self._stores.keep(key, data)
        return data


def copy_key(file: File, kind: EngineCopy) -> str:
    """Return where the copy for engines is kept: beside the variants; or it is one of them."""
    return object_key(file.tenant_id, file.id, f"{kind.name}.jpg")


def with_keywords(description: Description, perception: Perception) -> Description:
    """Return the description with the keywords that people wrote into the file as its first tags."""
    written = perception.descriptive.keywords if perception.descriptive else ()
    words = [word.casefold() for word in written if len(word) <= _MAX_TAG_LENGTH][:_MAX_KEYWORDS]
    tags = dict.fromkeys((*words, *description.tags))
    return replace(description, tags=tuple(tags)[:_MAX_TAGS]) if words else description


def record_of(file: File, revision: int, description: Description, at: datetime, seconds: float) -> DescriptionRecord:
    """Return an answer as a version of its file. The time counts from the file's turn, or else `seconds` are taken."""
    since = file.description_started_at
    # The better answer to a file that has a quick one took its own time only.
    is_refinement = file.description_status is DescriptionStatus.COMPLETED
    spent = seconds if is_refinement or since is None else (at - since).total_seconds()
    return DescriptionRecord(
        id=str(uuid.uuid4()),
        file_id=file.id,
        revision=revision,
        description=description,
        category=file.content_category,
        created_at=at,
        processing_time_ms=int(spent * 1000),
    )
