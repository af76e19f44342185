"""Describing once what was uploaded several times: a file lends its description to others with the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scopix_server.domain.description import Perception
from scopix_server.domain.description_ports import DescriptionRecord
from scopix_server.domain.file import File

__all__ = ["Borrower", "Lender", "LendingRepository", "Offer"]


@dataclass(frozen=True, slots=True)
class Lender:
    """A file that lends its description; it may still be under way."""

    id: str
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What is lent: a version, and what was perceived. `taken` is the EXIF time."""

    record: DescriptionRecord
    perception: Perception
    taken: datetime | None


@dataclass(frozen=True, slots=True)
class Borrower:
    """A file that need not wait any longer. `lender_is_gone`: it was deleted, so nobody of its group was described."""

    file: File
    lender_is_gone: bool


class LendingRepository(Protocol):
    """Who lends to whom. Files lend within their tenant and category, to files with the same bytes."""

    def find(self, file: File) -> Lender | None:
        """Return who can lend a new file its description: one that is described, or else one that will be."""

    def offer(self, file: File) -> Offer | None:
        """Return what the file's lender has for it now: its newest version that no person wrote."""

    def ended(self, before: datetime, *, limit: int) -> Sequence[Borrower]:
        """Return files whose lender is not under way any more, and files that wait since `before`, oldest first."""

    def wake(self, borrower: Borrower) -> None:
        """Note that the file's own turn has come. One whose lender is gone forgets it."""

    def inherit(self, lender_id: str, heir_id: str, at: datetime) -> None:
        """Let all that wait for a lender wait for its heir."""
