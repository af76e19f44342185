"""A vision-language engine as a describer: what it saw, joined with what was read."""

from scopix_server.analysis.seen_and_read import with_fields_read
from scopix_server.categories import Catalogue
from scopix_server.domain.analysis import Analysis
from scopix_server.domain.description import Description
from scopix_server.domain.engines import EngineCopy, Question, VisionEngine

__all__ = ["EngineDescriber", "copy_for"]


class EngineDescriber:
    """The `Describer` port over an engine. The analysis must hold the copy that the engine wants (`copy_for`)."""

    def __init__(self, engine: VisionEngine, catalogue: Catalogue, *, language: str) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._language = language

    def describe(self, analysis: Analysis, category: str) -> Description:
        """Return the engine's answer. Raises as `VisionEngine.answer`."""
        known = self._catalogue.get(category)
        question = Question(
            image=dict(analysis.copies)[copy_for(self._engine)],
            perception=analysis.perception,
            category=known.name,
            prompt=known.prompt,
            schema=known.schema,
            language=self._language,
        )
        return with_fields_read(self._engine.answer(question), known, analysis.perception)


def copy_for(engine: VisionEngine) -> EngineCopy:
    """Return which copy of an image an engine is sent."""
    return EngineCopy(engine.spec.image_side, engine.spec.jpeg_quality)
