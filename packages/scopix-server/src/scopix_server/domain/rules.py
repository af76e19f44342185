"""Rules of a tenant's: when something happens to a file that meets a filter, something is done with it.

A rule is run in the transaction of what it waits for, and its run is recorded there: it has been run if, and only if,
that happened, once. A description that a rule asked for is described again by no rule, so none can run in circles.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from scopix_server.domain.description import Description
from scopix_server.domain.file import File
from scopix_server.domain.words import words_of

if TYPE_CHECKING:
    from scopix_server.domain.ports import Transaction

__all__ = [
    "MAX_RULES",
    "Action",
    "ActionKind",
    "Review",
    "ReviewRepository",
    "ReviewStatus",
    "Rule",
    "RuleBook",
    "RuleRepository",
    "RuleRun",
    "Trigger",
    "is_triggered",
]

MAX_RULES = 20
"""Active ones of a tenant: each is one question to the database within the transaction of a description."""


class Trigger(str, Enum):
    """What a rule waits for."""

    UPLOADED = "uploaded"
    DESCRIBED = "described"
    FIELD_FOUND = "field_found"
    LOW_CONFIDENCE = "low_confidence"


class ActionKind(str, Enum):
    """What a rule does."""

    TAG = "tag"
    CATEGORY = "category"
    DESCRIBE = "describe"
    WEBHOOK = "webhook"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done; what it needs is there by its kind, the rest is empty."""

    kind: ActionKind
    tags: tuple[str, ...] = ()
    category: str | None = None
    engine: str | None = None
    webhook_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with which files, and when.

    `search` is what lists are searched by; empty, all files meet it. `field` names a field as searches do
    (`total`, `sender_name`); `below` is the confidence, 0..1, from which a field counts as sure.
    """

    id: str
    tenant_id: str
    name: str
    trigger: Trigger
    actions: tuple[Action, ...]
    created_at: datetime
    updated_at: datetime
    search: str = ""
    field: str | None = None
    below: float | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What a rule did with a file: a sentence an action, or why it could not.

    `revision` is the description it was run on, 0 for none; `requested` the one that it asked for.
    """

    id: str
    tenant_id: str
    rule_id: str | None
    rule_name: str
    file_id: str
    revision: int
    at: datetime
    done: tuple[str, ...] = ()
    error: str | None = None
    requested: int | None = None


class ReviewStatus(str, Enum):
    """Where a file in the queue is."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Review:
    """A file that waits to be looked at by a person, and what came of it."""

    id: str
    tenant_id: str
    file_id: str
    reason: str
    status: ReviewStatus
    created_at: datetime
    decided_at: datetime | None = None
    rule_id: str | None = None
    note: str | None = None


class RuleRepository(Protocol):
    """Rules and their runs."""

    def add(self, rule: Rule) -> None:
        """Record a rule."""

    def list(self, tenant_id: str) -> Sequence[Rule]:
        """Return the tenant's rules, oldest first."""

    def active(self, tenant_id: str, *triggers: Trigger) -> Sequence[Rule]:
        """Return those that are active and wait for one of these, oldest first."""

    def update(self, rule: Rule) -> None:
        """Save a changed rule."""

    def delete(self, rule_id: str) -> None:
        """Remove it; the records of its runs stay."""

    def add_run(self, run: RuleRun) -> None:
        """Record a run."""

    def runs(self, tenant_id: str, rule_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[RuleRun], int]:
        """Return a page of the runs, newest first, of one rule if it is named, and how many there are."""

    def has_requested(self, file_id: str, revision: int) -> bool:
        """Whether a rule asked for this description."""

    def prefer(self, file_id: str, category: str, engine: str | None) -> None:
        """Note under which category, and by which engine, a file is to be described that is not yet."""


class ReviewRepository(Protocol):
    """The queue of files that wait to be looked at."""

    def add(self, review: Review) -> bool:
        """Let a file wait; False when it does already."""

    def get(self, tenant_id: str, review_id: str) -> Review | None:
        """Find one; nobody else decides it in this transaction."""

    def list(
        self, tenant_id: str, status: ReviewStatus | None, *, limit: int, offset: int
    ) -> tuple[Sequence[tuple[Review, File]], int]:
        """Return a page of them with their files, those that wait longest first, and how many there are."""

    def decide(self, review: Review) -> None:
        """Save what came of it."""


class RuleBook(Protocol):
    """What runs the rules."""

    def uploaded(self, transaction: "Transaction", files: Sequence[File]) -> None:
        """Run those that wait for new files of one tenant, within the transaction that records them."""

    def described(self, transaction: "Transaction", file: File, revision: int) -> None:
        """Run those that wait for a description, within the transaction that saves it."""


def is_triggered(rule: Rule, description: Description) -> bool:
    """Whether a description is what the rule waits for."""
    if rule.trigger is Trigger.FIELD_FOUND:
        return rule.field in set(_names((), description.category_data))
    if rule.trigger is Trigger.LOW_CONFIDENCE:
        return any(
            confidence < (rule.below or 0)
            for name, confidence in _confidences(description)
            if rule.field in (None, name)
        )
    return rule.trigger is Trigger.DESCRIBED


def _names(path: tuple[str, ...], data: Any) -> Iterator[str]:
    """Yield the names of fields that hold something, as searches have them: a value has those of what it is in, too."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _names((*path, str(name)), value)
    elif isinstance(data, list):
        for value in data:
            yield from _names(path, value)
    elif data not in (None, "") and path:
        for start in range(len(path)):
            yield "_".join(words_of(" ".join(path[start:])))
        for end in range(1, len(path)):
            yield "_".join(words_of(" ".join(path[:end])))


def _confidences(description: Description) -> Iterator[tuple[str, float]]:
    for one in description.evidence:
        pointer, confidence = one.get("field"), one.get("confidence")
        if isinstance(pointer, str) and isinstance(confidence, int | float):
            parts = [part for part in pointer.split("/") if part and not part.isdecimal()]
            for start in range(len(parts)):
                yield "_".join(words_of(" ".join(parts[start:]))), float(confidence)
