"""What a client may ask for beside its files."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from scopix.types.vocabulary import ContentCategory, StorageTarget

__all__ = ["SessionOptions", "UploadOptions"]


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What the caller asked for beside the file. Its values are part of fingerprints: see `intake.replay`."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    auto_describe: bool = True
    skip_duplicates: bool = False
    describe_once: bool = False
    storage_target: StorageTarget = StorageTarget.DEFAULT
    folder_id: str | None = None
    project_id: str | None = None
    content_category: str = ContentCategory.GENERAL.value
    custom_schema_id: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the options as JSON knows them."""
        return self.known() | {"tags": list(self.tags), "storage_target": self.storage_target.value}

    def known(self) -> dict[str, Any]:
        """Return the options for fingerprints: one that came later only where it is used, as if it had never come."""
        values = asdict(self)
        if not self.describe_once:
            del values["describe_once"]
        return values

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Self:
        """Return the options that `plain` was made of."""
        return cls(
            **values | {"tags": tuple(values["tags"]), "storage_target": StorageTarget(values["storage_target"])}
        )


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """Which session the files go to.

    `session_id`: an open one of the caller's; None starts one. `expected_files`: how many it will hold in all.
    `start_index`: the position in it of the request's first file; None appends.
    """

    session_id: str | None = None
    expected_files: int | None = None
    start_index: int | None = None
