"""The truth beside the server: what it acknowledged, and in which states that may end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Entry", "KnownFile", "KnownSession", "Model", "Sent"]

_PROGRESS = {"completed": "completed", "skipped": "completed", "failed": "failed"}


@dataclass
class KnownFile:
    """An acknowledged file. `ends`: the states in which its description may end.

    `requests` counts how often a description was requested; `is_settled`: it was seen ended, and not requested since.
    """

    id: str
    name: str
    sha256: str
    ends: set[str]
    is_image: bool = True
    is_damaged: bool = False
    is_deleted: bool = False
    is_settled: bool = False
    requests: int = 0

    def request(self) -> None:
        """Its description was requested (again)."""
        self.requests += 1
        self.is_settled = False
        self.ends = {"failed"} if self.is_damaged else {"completed"}


@dataclass
class Entry:
    """One place of a session: `accepted`, `duplicate`, `rejected`, `cancelled`, or `perhaps` (cancelled, or not)."""

    file: KnownFile | None
    outcome: str

    def progress(self) -> set[str]:
        """What the session may say of it."""
        if self.outcome == "rejected" or self.file is None:
            return {"failed"}
        if self.outcome != "accepted" and self.outcome != "perhaps":
            return {"skipped"}
        states = {"skipped"} if self.file.is_deleted else {_PROGRESS[end] for end in self.file.ends}
        return states | {"skipped"} if self.outcome == "perhaps" else states


@dataclass
class KnownSession:
    """An acknowledged session; `expected` is what was announced."""

    id: str
    expected: int | None
    entries: list[Entry] = field(default_factory=list)
    is_cancelled: bool = False

    @property
    def missing(self) -> int:
        return max(0, (self.expected or 0) - len(self.entries))


@dataclass(frozen=True)
class Sent:
    """An upload that was acknowledged: what was sent, and the ids that it was given, in order."""

    path: str
    key: str
    parts: tuple[tuple[str, tuple[str, bytes]], ...]
    fields: dict[str, Any]
    ids: tuple[str | None, ...]


@dataclass
class Model:
    """All that one tenant was body."""

    files: dict[str, KnownFile] = field(default_factory=dict)
    sessions: dict[str, KnownSession] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def live(self) -> list[KnownFile]:
        return [file for file in self.files.values() if not file.is_deleted]

    def deleted(self) -> list[KnownFile]:
        return [file for file in self.files.values() if file.is_deleted]

    def with_content(self, sha256: str) -> set[str]:
        """The ids of the live files with this content."""
        return {file.id for file in self.live() if file.sha256 == sha256}

    def entries_of(self, file: KnownFile) -> Iterator[Entry]:
        for session in self.sessions.values():
            yield from (entry for entry in session.entries if entry.file is file)
