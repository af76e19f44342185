"""Bodies of the routes of rules, and of the queue of files that wait to be looked at."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool

from scopix.types._paging import Page
from scopix.types._wire import RestCategory, WireModel

__all__ = [
    "CorrectReviewRequest",
    "DecideReviewRequest",
    "Review",
    "ReviewList",
    "Rule",
    "RuleAction",
    "RuleDryRun",
    "RuleFile",
    "RuleList",
    "RuleRequest",
    "RuleRun",
    "RuleRunList",
]

Trigger = Literal["uploaded", "described", "field_found", "low_confidence"]
Tag = Annotated[str, Field(min_length=1, max_length=50)]
Note = Annotated[str, Field(max_length=500)]


class RuleAction(WireModel):
    """One thing that a rule does, by `do`, with what that needs.

    tag: `tags`. category: `category`, under which the file is described. describe: again, by `engine` or the usual one.
    webhook: `webhook_id`, which is told `rule.matched`. review: `reason`, the rule's name if left out.
    """

    model_config = ConfigDict(extra="forbid")

    do: Literal["review", "tag", "category", "describe", "webhook"]
    tags: list[Tag] = Field(default_factory=list, max_length=40)
    category: RestCategory | None = None
    engine: Annotated[str, Field(max_length=64)] | None = None
    webhook_id: Annotated[str, Field(max_length=36)] | None = None
    reason: Note | None = None


class RuleRequest(WireModel):
    """When what happens to which files, and what is done then.

    `filter` is what lists are searched by, empty for all files. `field` names a field as searches do; `below` is the
    confidence, 0..1, from which on a field is sure.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    trigger: Trigger
    filter: Annotated[str, Field(max_length=1000)] = ""
    field: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    below: Annotated[float, Field(gt=0, le=1)] | None = None
    actions: Annotated[list[RuleAction], Field(min_length=1, max_length=5)]
    is_active: StrictBool = True


class Rule(WireModel):
    """A rule as it is kept."""

    id: str
    name: str
    trigger: Trigger
    filter: str
    field: str | None = None
    below: float | None = None
    actions: list[RuleAction]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class RuleList(Page[Rule]):
    """The tenant's rules, oldest first."""

    items: list[Rule]
    total_count: int


class RuleFile(WireModel):
    """A file that a rule would be run on."""

    id: str
    filename: str
    title: str | None = None


class RuleDryRun(WireModel):
    """What a rule would do: how many of the latest files were looked at, how many it would be run on, and the first 20
    of these; and a sentence for each action."""

    examined: int
    matched: int
    files: list[RuleFile]
    would: list[str]


class RuleRun(WireModel):
    """What a rule did with a file: a sentence for each action, and why one could not be done."""

    id: str
    rule_id: str | None = None
    rule_name: str
    image_id: str
    revision: int
    at: datetime
    done: list[str]
    error: str | None = None


class RuleRunList(Page[RuleRun]):
    """One page of what rules did, newest first."""

    items: list[RuleRun]
    total_count: int
    limit: int
    offset: int
    has_more: bool


class Review(WireModel):
    """A file that waits to be looked at, or did. `status` is open, accepted, corrected or rejected."""

    id: str
    image_id: str
    filename: str | None = None
    title: str | None = None
    reason: str
    rule_id: str | None = None
    status: str
    created_at: datetime
    decided_at: datetime | None = None
    note: str | None = None


class ReviewList(Page[Review]):
    """One page of the queue, those that wait longest first."""

    items: list[Review]
    total_count: int
    limit: int
    offset: int
    has_more: bool


class DecideReviewRequest(WireModel):
    """A note to what was decided."""

    model_config = ConfigDict(extra="forbid")

    note: Note | None = None


class CorrectReviewRequest(DecideReviewRequest):
    """What is corrected; what is left out stays."""

    title: Annotated[str, Field(max_length=255)] | None = None
    tags: list[str] | None = None
    description: str | None = None
    ai_tags: list[str] | None = None
