"""Direct uploads: a file announced first, then sent in parts, each by a signed link of its own, then completed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

__all__ = [
    "EXPIRES_AFTER",
    "LINK_LIFETIME",
    "MAX_PARTS",
    "SINGLE_PUT_BYTES",
    "DirectUpload",
    "DirectUploadStatus",
    "part_bytes",
]

LINK_LIFETIME = timedelta(minutes=10)
"""So long a part's link is good (contract 4.5); new ones are to be had at any time."""

EXPIRES_AFTER = timedelta(hours=24)
"""An upload that is not completed within this time is given up, and its parts are removed."""

MAX_PARTS = 10_000
SINGLE_PUT_BYTES = 32 * 1024 * 1024
"""Up to this size a file is sent by one PUT."""

_PART_BYTES = 16 * 1024 * 1024


class DirectUploadStatus(str, Enum):
    """Where a direct upload is. All but OPEN are final."""

    OPEN = "open"
    COMPLETED = "completed"
    ABORTED = "aborted"
    REFUSED = "refused"  # what was sent is not what was announced, or no file that is taken
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class DirectUpload:
    """One direct upload. `image_id` is the id that its file will have; `sha256` what was announced, or None.

    `options` are those of any upload, as plain values. `reason` says why it was refused; `response` is kept for repeats
    of the completion.
    """

    id: str
    tenant_id: str
    image_id: str
    filename: str
    size_bytes: int
    sha256: str | None
    part_size_bytes: int
    options: dict[str, Any]
    status: DirectUploadStatus
    created_at: datetime
    expires_at: datetime
    reason: str | None = None
    response: dict[str, Any] | None = None

    @property
    def total_parts(self) -> int:
        """How many parts the file is sent in; one for a file that one PUT takes."""
        return max(1, -(-self.size_bytes // self.part_size_bytes))

    @property
    def is_multipart(self) -> bool:
        """Whether there are several parts."""
        return self.total_parts > 1

    @property
    def prefix(self) -> str:
        """The keys of its parts begin so."""
        return f"{self.tenant_id}/direct/{self.id}"

    def part_key(self, number: int) -> str:
        """Return the key under which a part waits for the completion; parts count from 1."""
        return f"{self.prefix}/{number}"

    def size_of(self, number: int) -> int:
        """Return how many bytes a part has: all alike, the last one the rest."""
        if number < self.total_parts:
            return self.part_size_bytes
        return self.size_bytes - (self.total_parts - 1) * self.part_size_bytes

    def is_over(self, now: datetime) -> bool:
        """Whether its time has run out."""
        return self.status is DirectUploadStatus.OPEN and now >= self.expires_at


def part_bytes(size_bytes: int) -> int:
    """Return the size of the parts of a file: one PUT if that will do, else 16 MiB or what 10,000 parts need."""
    if size_bytes <= SINGLE_PUT_BYTES:
        return max(1, size_bytes)
    return max(_PART_BYTES, -(-size_bytes // MAX_PARTS))
