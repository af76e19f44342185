"""The ports of what is said about files: descriptions, their progress, their versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.file import File

__all__ = ["DescriptionRecord", "DescriptionRepository", "VersionRepository"]


@dataclass(frozen=True, slots=True)
class DescriptionRecord:
    """A stored description: one version of one file.

    `given_tags` are the tags as they were given, where the tenant's vocabulary made others of them. `lent_from` is the
    file with the same bytes that was looked at instead of this one.
    """

    id: str
    file_id: str
    revision: int
    description: Description
    category: str
    created_at: datetime
    processing_time_ms: int
    is_current: bool = True
    given_tags: tuple[str, ...] | None = None
    lent_from: str | None = None


class DescriptionRepository(Protocol):
    """Descriptions and their progress. Moves are refused unless `domain.states` allows them."""

    def claim(self, file_id: str, revision: int, at: datetime, *, new_attempt: bool = True) -> File | None:
        """Move to PROCESSING and count the attempt. None when this revision is done, outdated or its file deleted."""

    def is_current(self, file_id: str, revision: int) -> bool:
        """Whether this revision is still to be made: not done, not outdated, its file not deleted."""

    def release(self, file_id: str, revision: int, at: datetime) -> None:
        """Undo `begin`, when its attempt was broken off through no fault of the file's."""

    def save_perception(
        self, file_id: str, perception: Perception, taken: datetime | None, *, is_all: bool = True
    ) -> None:
        """Keep what was perceived; replaces what was there. `taken` is the EXIF time.

        `is_all`: nothing is left to be looked at; of a document it is the first page only.
        """

    def perception(self, file_id: str) -> Perception | None:
        """Return what was perceived, if it was."""

    def complete(self, record: DescriptionRecord) -> bool:
        """Save this version and move to COMPLETED. False when it was saved before or is outdated.

        It becomes the current one, unless that was written by a person.
        """

    def refine(self, file: File, engine: str) -> int:
        """Note that `engine` is to give a better answer; return its revision. The file stays COMPLETED meanwhile."""

    def ask_again(self, file: File, category: str, at: datetime, *, engine: str | None = None) -> int:
        """Move to QUEUED for another description, under `category`, by `engine` if named; return its revision."""

    def park(self, file_id: str, revision: int, engine: str, at: datetime, reason: str | None = None) -> bool:
        """Move back to QUEUED: the file waits for its engine, perhaps for a `reason`. False as `complete`."""

    def settle(self, file: File, revision: int, at: datetime) -> None:
        """Move to COMPLETED with the version a person wrote, unless an engine's answer is under way."""

    def give_up(
        self,
        file_id: str,
        revision: int,
        status: DescriptionStatus,
        error: str,
        kind: DescriptionErrorType,
        *,
        retryable: bool,
    ) -> None:
        """Note a failure: QUEUED (it will be tried again) or FAILED. Does nothing when this revision is outdated."""

    def current(self, file_ids: Sequence[str]) -> dict[str, DescriptionRecord]:
        """Return the current version of each file that has one."""

    def perceptions(self, file_ids: Sequence[str]) -> dict[str, Perception]:
        """Return what was perceived on each file, if it was."""

    def versions(self, file_id: str) -> Sequence[DescriptionRecord]:
        """Return all versions, newest first."""

    def all_versions(self, file_ids: Sequence[str]) -> dict[str, Sequence[DescriptionRecord]]:
        """Return the same for each file that has any."""


class VersionRepository(Protocol):
    """The versions of descriptions, and which of them is current."""

    def next_revision(self, file_id: str) -> int:
        """Return the number of the file's next version."""

    def add(self, record: DescriptionRecord) -> None:
        """Save a version, without making it current."""

    def choose(self, file_id: str, revision: int, at: datetime) -> bool:
        """Make a version the current one; False when there is no such version."""
