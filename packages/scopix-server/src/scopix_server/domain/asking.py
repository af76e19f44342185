"""What is told in reply to a question about a library, and the interfaces of what it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scopix_server.domain.description import Box
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.questions import Understood

__all__ = [
    "AggregateRepository",
    "Citation",
    "Claim",
    "FieldTotal",
    "Reply",
    "ReplyRow",
    "ReplyWriter",
    "WriterFailed",
]


class WriterFailed(Exception):
    """An engine wrote nothing that can be told; the message says why."""


@dataclass(frozen=True, slots=True)
class FieldTotal:
    """What a field of so many files adds up to, of those in one unit, as a currency; for things, how many are seen."""

    name: str
    unit: str | None
    files: int
    total: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Citation:
    """What a row of a reply rests on: a field or a text of its file; the line that it was read in, with its place."""

    field: str
    text: str
    box: Box | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A file that a question is about: the fields that are shown, as they are written, and what they rest on."""

    file: File
    values: Mapping[str, str]
    citations: Sequence[Citation]
    found_by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, and the rows that it rests on, counted from 1; none for one about all files that were found."""

    text: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is told. `count` is of all files found, of which `rows` are the first; `writer` wrote the claims: an engine,
    or None for the rules of this server. Not `is_complete` while texts are still to be embedded."""

    understood: Understood
    rows: Sequence[ReplyRow]
    count: int
    count_is_minimum: bool = False
    totals: Sequence[FieldTotal] = ()
    claims: Sequence[Claim] = ()
    notes: tuple[str, ...] = ()
    writer: str | None = None
    is_complete: bool = True
    by_meaning: bool = False
    variants: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


class ReplyWriter(Protocol):
    """A language model that puts a reply into sentences."""

    @property
    def name(self) -> str:
        """What it is called in the settings."""

    def write(self, question: str, reply: Reply) -> Sequence[Claim]:
        """Write sentences about the rows, each with those that it rests on. Raises WriterFailed. Blocks."""


class AggregateRepository(Protocol):
    """Numbers over all files of a tenant that meet a filter."""

    def has_field(self, tenant_id: str, name: str) -> bool:
        """Whether a file has a field of that name."""

    def totals(self, tenant_id: str, criteria: FileFilter, name: str) -> Sequence[FieldTotal]:
        """Return what a field adds up to, by unit, the most files first. A file counts once."""

    def extremes(self, tenant_id: str, criteria: FileFilter, name: str, *, largest: bool, limit: int) -> Sequence[str]:
        """Return the ids of the files with the largest or the smallest numbers in a field, in this order."""

    def things(self, tenant_id: str, criteria: FileFilter, label: str) -> FieldTotal:
        """Return how many things of a label are seen on files."""
