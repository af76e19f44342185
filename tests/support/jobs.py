"""Files for which jobs are asked, where the files themselves do not matter."""

from datetime import UTC, datetime

from scopix.types.vocabulary import MediaType
from scopix_server.domain.file import File

__all__ = ["file_named"]

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def file_named(file_id: str, tenant_id: str = "tenant", storage_id: str | None = None) -> File:
    """A file of this id, in the server's own store unless the id of a bucket is given; it is recorded nowhere."""
    return File(
        id=file_id,
        tenant_id=tenant_id,
        filename=f"{file_id}.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key=f"{file_id}/original.png",
        storage_id=storage_id,
        created_at=_NOW,
        updated_at=_NOW,
    )
