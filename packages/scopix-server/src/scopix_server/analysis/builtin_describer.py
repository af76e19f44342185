"""The built-in describer: sentences from a perception, and what the category asks for, without a language model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scopix_server.categories import Catalogue
from scopix_server.domain.analysis import Analysis
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.document import DocumentDigest
from scopix_server.domain.phrases import Statement

__all__ = ["BuiltInDescriber"]

_MAX_DESCRIPTION = 4_000
_MAX_TAGS, _MAX_TAG_LENGTH = 40, 50


class BuiltInDescriber:
    """The `Describer` port without a language model: sentences from a perception, with what the category asks for.

    Args:
        compose: writes about a perception under a category. Its evidence names its statements one by one, in the
            order of its text.
        catalogue: the categories; what one finds is added as fields and as statements.
        compose_document: writes about a document and the perception of its first page.
    """

    def __init__(
        self,
        compose: Callable[[Perception, str], Description],
        catalogue: Catalogue,
        compose_document: Callable[[DocumentDigest, Perception], Description] | None = None,
    ) -> None:
        self._compose = compose
        self._catalogue = catalogue
        self._compose_document = compose_document

    def describe(self, analysis: Analysis, category: str) -> Description:
        """See `Describer`. Pure and deterministic as far as `compose` is."""
        if analysis.document is not None and self._compose_document is not None:
            described = self._compose_document(analysis.document, analysis.perception)
        else:
            described = self._compose(analysis.perception, category)
        known = self._catalogue.get(category)
        if known.extract is None:
            return described
        found = known.extract(analysis.perception)
        statements = _joined(described, found.statements)
        return replace(
            described,
            text=" ".join(statement["statement"] for statement in statements),
            tags=_tags(described.tags, found.tags),
            category_data=found.data,
            evidence=(*statements, *found.evidence),
        )


def _joined(described: Description, added: tuple[Statement, ...]) -> list[dict[str, Any]]:
    """Put what the category says behind the opening, and leave out what would be said twice."""
    opening, *others = described.evidence
    stated = {index for statement in added for index in statement.evidence.get("regions", ())}
    new = [{"statement": statement.text, **statement.evidence} for statement in added]
    rest = [other for other in others if not other.get("regions") or not set(other["regions"]) <= stated]
    kept, length = [], 0
    for statement in (opening, *new, *rest):
        if length + len(statement["statement"]) < _MAX_DESCRIPTION:
            kept.append(statement)
            length += len(statement["statement"]) + 1
    return kept


def _tags(tags: tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    new = (" ".join(tag.lower().split()) for tag in added)
    short = (tag for tag in new if 2 <= len(tag) <= _MAX_TAG_LENGTH)
    return tuple(dict.fromkeys([*tags, *short]))[:_MAX_TAGS]
