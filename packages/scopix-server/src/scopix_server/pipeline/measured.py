"""A vision-language engine as the evaluation measures it: one picture after the other, without a queue."""

from pathlib import Path

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.categories import Catalogue
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.engines import EngineCopy, EngineUnavailable, Question, VisionEngine
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.ports import Perceived, RenderedVariant
from scopix_server.pipeline.perceive import BuiltInWorkshop
from scopix_server.pipeline.seen_and_read import with_fields_read

__all__ = ["MeasuredEngine"]


class MeasuredEngine:
    """Perceives as the built-in engine does, and describes with another one, which sees the picture looked at last.

    `workshop` makes the engine's copy with each decode.
    """

    def __init__(self, workshop: BuiltInWorkshop, engine: VisionEngine, catalogue: Catalogue, language: str) -> None:
        self._workshop = workshop
        self._engine = engine
        self._catalogue = catalogue
        self._language = language
        self._image = b""

    def perceive(self, path: Path) -> Perceived:
        """See `ImageReader`."""
        perceived = self._workshop.perceive(path)
        wanted = EngineCopy(self._engine.spec.image_side, self._engine.spec.jpeg_quality)
        self._image = dict(perceived.copies)[wanted]
        return perceived

    def render(self, path: Path) -> tuple[RenderedVariant, ...]:
        """See `ImageReader`."""
        return self._workshop.render(path)

    def copy(self, path: Path, wanted: EngineCopy) -> bytes:
        """See `ImageReader`."""
        return self._workshop.copy(path, wanted)

    def describe(self, perception: Perception, category: str) -> Description:
        """Return the engine's answer about the picture looked at last. Raises DescribeError."""
        known = self._catalogue.get(category)
        question = Question(self._image, perception, known.name, known.prompt, known.schema, self._language)
        try:
            said = self._engine.answer(question)
        except EngineUnavailable as error:
            raise DescribeError(error.message, DescriptionErrorType.UNKNOWN, retryable=True) from error
        return with_fields_read(said, known, perception)
