"""All that is recorded of one tenant: to be given out, or to be removed for good; and the interface to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

__all__ = ["EXPORT_FILES", "Original", "TenantDataRepository"]

EXPORT_FILES = "files"
"""The name of the export's table that has the files."""


@dataclass(frozen=True, slots=True)
class Original:
    """Where the original of a file is; `storage_id` names the tenant's bucket, None the server's own store."""

    file_id: str
    storage_id: str | None
    object_key: str


class TenantDataRepository(Protocol):
    """One tenant's records in all tables there are, whatever their state."""

    def tables(self) -> Sequence[str]:
        """Return the names of what is given out."""

    def rows(self, tenant_id: str, table: str) -> Iterator[Mapping[str, Any]]:
        """Yield the tenant's records of a table, ready for JSON, in the order of their keys; nothing secret in them."""

    def shut_out(self, tenant_id: str, at: datetime) -> int:
        """Remove the tenant's keys, end its webhooks, delete (softly) its files; return how many keys there were."""

    def originals(self, tenant_id: str, *, limit: int) -> Sequence[Original]:
        """Return some of its files, deleted ones included; empty when there are none."""

    def mark_deleted(self, file_ids: Sequence[str], at: datetime) -> int:
        """Delete files softly, so that no job begins anything with them; return how many were not deleted yet."""

    def owned(self, tenant_id: str, file_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that are files of the tenant's."""

    def withdraw_jobs(self, job_ids: Sequence[str]) -> set[str]:
        """Take those of the jobs that wait out of their queues; return those that no worker is at, nor will be."""

    def remove_files(self, file_ids: Sequence[str]) -> None:
        """Remove files with everything that refers to them."""

    def remove_some(self, tenant_id: str, *, limit: int) -> Mapping[str, int]:
        """Remove some of its records other than files and buckets; return how many of which table, empty at the end."""

    def remove_tenant(self, tenant_id: str) -> bool:
        """Remove its buckets' records and the tenant itself; False while there is anything else left of it."""
