"""What direct uploads need of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scopix_server.domain.direct import DirectUpload, DirectUploadStatus

__all__ = ["DirectUploadRepository"]


class DirectUploadRepository(Protocol):
    """Uploads that are announced first and sent in parts."""

    def add(self, upload: DirectUpload) -> None:
        """Record a new one."""

    def get(self, tenant_id: str, upload_id: str) -> DirectUpload | None:
        """Find one of the tenant's."""

    def find_open(self, tenant_id: str, sha256: str, now: datetime) -> Sequence[DirectUpload]:
        """Return the tenant's uploads of this content that can go on, oldest first."""

    def close(
        self,
        upload_id: str,
        status: DirectUploadStatus,
        *,
        reason: str | None = None,
        response: dict[str, object] | None = None,
    ) -> bool:
        """Move an open upload to a final status; False when it is not open any more."""

    def overdue(self, now: datetime, limit: int) -> Sequence[DirectUpload]:
        """Return open uploads whose time has run out, of all tenants."""

    def prune(self, before: datetime) -> int:
        """Remove the records of uploads that were closed and would have expired before then; return how many."""
