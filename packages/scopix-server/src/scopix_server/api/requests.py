"""What routes read off a request in the same way."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Header, Request

from scopix_server.api.file_links import Links, original_grant
from scopix_server.api.links import Grant, link_in
from scopix_server.api.threads import Threads
from scopix_server.domain.errors import NotFound, ValidationFailed
from scopix_server.domain.file import File
from scopix_server.intake.stores import Stores

__all__ = ["IDEMPOTENCY_KEY", "IdempotencyKey", "StoreLinks", "declared_length", "in_utc"]

IDEMPOTENCY_KEY = r"^[A-Za-z0-9_.-]{1,128}$"
"""What may stand in the header of that name."""

IdempotencyKey = Annotated[
    str | None,
    Header(pattern=IDEMPOTENCY_KEY, description="Makes a retry safe: 1-128 of A-Z a-z 0-9 _ . -"),
]
"""The header Idempotency-Key of an upload."""


class StoreLinks:
    """Links that lead straight into the store of a file, for one answer."""

    def __init__(self, links: Links, stores: Stores, threads: Threads) -> None:
        self._links = links
        self._stores = stores
        self._threads = threads

    async def original(self, file: File) -> str:
        """Return a link to a file's original.

        Raises:
            NotFound: it is not in its bucket any more.
            BucketRefused, ServiceUnavailable, StorageNotConfigured: the bucket cannot be read.
        """
        return await self.to(original_grant(file))

    async def to(self, grant: Grant) -> str:
        """Return a link for a grant. Raises as `original`."""
        if grant.bucket is None:
            return self._links.to(grant)
        tenant_id, storage_id = grant.bucket

        def find() -> str:
            bucket = self._stores.bucket_of(tenant_id, storage_id)
            try:
                bucket.require(grant.object_key)
            except FileNotFoundError:
                raise NotFound("The file is not in its bucket any more.", resource_type="file") from None
            return link_in(bucket, grant)

        return await self._threads.with_bucket(tenant_id, find)


def declared_length(request: Request) -> int:
    """Return the Content-Length, or 0 when none is declared."""
    length = request.headers.get("Content-Length", "0")
    return int(length) if length.isdecimal() else 0


def in_utc(moment: datetime, field: str) -> datetime:
    """Return the moment in UTC; one without a zone is read as UTC.

    Raises:
        ValidationFailed: it is in a zone that takes it out of the calendar.
    """
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValidationFailed(f"{field} is beyond what a calendar holds.", field=field) from None
