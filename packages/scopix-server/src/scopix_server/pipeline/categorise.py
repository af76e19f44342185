"""What a category adds to a description without a language model: its fields, and what they say in words."""

from dataclasses import replace
from typing import Any

from scopix_server.categories import Catalogue, Category, Extraction
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.phrases import Statement
from scopix_server.domain.ports import Describer

__all__ = ["CategoryDescriber"]

_MAX_DESCRIPTION = 4_000
_MAX_TAGS, _MAX_TAG_LENGTH = 40, 50


class CategoryDescriber:
    """Describes with another describer, then adds what the category asks for.

    The other describer's evidence names its statements one by one, in the order of its text.
    """

    def __init__(self, base: Describer, catalogue: Catalogue) -> None:
        self._base = base
        self._catalogue = catalogue

    def describe(self, perception: Perception, category: str) -> Description:
        """See `Describer`. Pure and deterministic as far as the other describer is."""
        described = self._base.describe(perception, category)
        known = self._catalogue.get(category)
        if known.extract is None:
            return described
        found = known.extract(perception)
        statements = _joined(described, found.statements or _nothing_found(known, found))
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
    told = {index for statement in added for index in statement.evidence.get("regions", ())}
    new = [{"statement": statement.text, **statement.evidence} for statement in added]
    rest = [other for other in others if not other.get("regions") or not set(other["regions"]) <= told]
    kept, length = [], 0
    for statement in (opening, *new, *rest):
        if length + len(statement["statement"]) < _MAX_DESCRIPTION:
            kept.append(statement)
            length += len(statement["statement"]) + 1
    return kept


def _nothing_found(category: Category, found: Extraction) -> tuple[Statement, ...]:
    """Say plainly that nothing of what the category asks for was found."""
    if found.data or not category.schema["properties"]:
        return ()
    names = ", ".join(name.replace("_", " ") for name in category.schema["properties"])
    said = f"Nothing of what the category {category.title.lower()} asks for ({names}) could be read or told on it."
    return (Statement(said, {"not_found": list(category.schema["properties"])}),)


def _tags(tags: tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    new = (" ".join(tag.lower().split()) for tag in added)
    short = (tag for tag in new if 2 <= len(tag) <= _MAX_TAG_LENGTH)
    return tuple(dict.fromkeys([*tags, *short]))[:_MAX_TAGS]
