"""Bodies of the routes of a tenant's own list of tags."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from scopix.types._paging import Page
from scopix.types._wire import WireModel

__all__ = [
    "ApplyVocabularyRequest",
    "ApplyVocabularyResponse",
    "SetTagVocabularyRequest",
    "TagSuggestion",
    "TagSuggestionList",
    "TagTerm",
    "TagVocabulary",
]

Mode = Literal["free", "prefer", "only"]
Tag = Annotated[str, Field(min_length=1, max_length=50)]


class TagTerm(WireModel):
    """A tag of the vocabulary, and what else is said for it."""

    model_config = ConfigDict(extra="forbid")

    name: Tag
    synonyms: list[Tag] = Field(default_factory=list, max_length=30)


class SetTagVocabularyRequest(WireModel):
    """The whole vocabulary, in the place of the one there is."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = "prefer"
    terms: list[TagTerm] = Field(max_length=1000)


class TagVocabulary(WireModel):
    """A tenant's own list of tags. `updated_at` is null where none was made.

    `mode` is free (descriptions have tags of their own), prefer (the vocabulary's first) or only (no others).
    """

    mode: Mode
    terms: list[TagTerm]
    updated_at: datetime | None = None


class TagSuggestion(WireModel):
    """A tag that descriptions found and the vocabulary does not have, and on how many files it is."""

    tag: str
    file_count: int


class TagSuggestionList(Page[TagSuggestion]):
    """Such tags, the most frequent first."""

    items: list[TagSuggestion]
    total_count: int


class ApplyVocabularyRequest(WireModel):
    """Which files are next: those behind the `next_cursor` of the answer before; left out, the first."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(max_length=36)] | None = None


class ApplyVocabularyResponse(WireModel):
    """How many files were looked at and how many got other tags. `next_cursor` is null when all are done."""

    examined: int
    changed: int
    next_cursor: str | None = None
