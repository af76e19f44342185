"""A vision-language engine as a describer: what it saw, joined with what was read."""

from scopix_server.analysis.seen_and_read import with_fields_read
from scopix_server.categories import Catalogue
from scopix_server.domain.analysis import Analysis
from scopix_server.domain.description import Description
from scopix_server.domain.engines import EngineCopy, Question, VisionEngine
from scopix_server.domain.tag_vocabulary import TagVocabulary, VocabularyMode

__all__ = ["EngineDescriber", "copy_for"]


class EngineDescriber:
    """The `Describer` port over an engine. The analysis must hold the copy that the engine wants (`copy_for`).

    The engine is told the tags of the `vocabulary`; whoever saves its answer brings that onto them.
    """

    def __init__(
        self,
        engine: VisionEngine,
        catalogue: Catalogue,
        *,
        language: str,
        vocabulary: TagVocabulary = TagVocabulary(),
    ) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._language = language
        self._tags = tuple(term.name for term in vocabulary.terms) if vocabulary.mode is not VocabularyMode.FREE else ()
        self._only = vocabulary.mode is VocabularyMode.ONLY

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
            tags=self._tags,
            only_these_tags=self._only,
        )
        return with_fields_read(self._engine.answer(question), known, analysis.perception)


def copy_for(engine: VisionEngine) -> EngineCopy:
    """Return which copy of an image an engine is sent."""
    return EngineCopy(engine.spec.image_side, engine.spec.jpeg_quality)
