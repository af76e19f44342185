"""What routes read off a request in the same way."""

import asyncio
import contextvars
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Header, Request
from starlette.concurrency import run_in_threadpool

from scopix_server.api.links import Grant, link_in
from scopix_server.api.services import services_of
from scopix_server.api.shapes import Links, original_grant
from scopix_server.domain.errors import NotFound, ValidationFailed
from scopix_server.domain.file import File
from scopix_server.domain.ports import Transaction
from scopix_server.domain.session import Session

__all__ = [
    "IdempotencyKey",
    "declared_length",
    "find_file",
    "find_session",
    "in_utc",
    "is_uuid",
    "links_of",
    "original_url",
    "url_in_store",
    "with_bucket",
]

T = TypeVar("T")
_PREFIX = re.compile(r"[0-9a-f]{8}")

IdempotencyKey = Annotated[
    str | None,
    Header(pattern=r"^[A-Za-z0-9_.-]{1,128}$", description="Makes a retry safe: 1-128 of A-Z a-z 0-9 _ . -"),
]
"""The header Idempotency-Key of an upload."""


def links_of(request: Request) -> Links:
    """Return links on the public URL from the settings, or on the address the client used; or in the store itself."""
    services = services_of(request)
    return Links(services.links, services.public_url or str(request.base_url), services.linking)


async def original_url(request: Request, file: File) -> str:
    """Return a link to a file's original that leads straight into its store.

    Raises:
        NotFound: it is not in its bucket any more.
        BucketRefused, ServiceUnavailable, StorageNotConfigured: the bucket cannot be read.
    """
    return await url_in_store(request, original_grant(file))


async def url_in_store(request: Request, grant: Grant) -> str:
    """Return a link for a grant that leads straight into its store. Raises as `original_url`."""
    if grant.bucket is None:
        return links_of(request).to(grant)
    stores = services_of(request).stores
    tenant_id, storage_id = grant.bucket

    def find() -> str:
        bucket = stores.bucket_of(tenant_id, storage_id)
        try:
            bucket.require(grant.object_key)
        except FileNotFoundError:
            raise NotFound("The file is not in its bucket any more.", resource_type="file") from None
        return link_in(bucket, grant)

    return await with_bucket(request, find)


async def with_bucket(request: Request, work: Callable[[], T]) -> T:
    """Do what asks a tenant's bucket in a thread of those kept for this: others shall not wait for a slow one."""
    run = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(services_of(request).bucket_threads, run, work)


async def find_file(request: Request, tenant_id: str, file_id: str) -> File:
    """Return the tenant's file by its id or the first 8 characters of it.

    Raises:
        NotFound: the tenant has no such file. A foreign file and a word that is no id are no different.
    """
    wanted = file_id.lower()
    if not _PREFIX.fullmatch(wanted) and not is_uuid(wanted):
        raise NotFound(f"There is no file '{file_id[:64]}'.", resource_type="file", resource_id=file_id[:64])
    database = services_of(request).database
    file: File | None = await run_in_threadpool(database.read, lambda t: t.files.get(tenant_id, wanted))
    if file is None:
        raise NotFound(f"There is no file '{wanted}'.", resource_type="file", resource_id=wanted)
    return file


def find_session(transaction: Transaction, tenant_id: str, session_id: str) -> Session:
    """Return the tenant's upload session.

    Raises:
        NotFound: the tenant has no such session. A foreign session and a word that is no id are no different.
    """
    wanted = session_id.lower()
    session = transaction.sessions.get(tenant_id, wanted) if is_uuid(wanted) else None
    if session is None:
        raise NotFound(
            f"There is no upload session '{session_id[:64]}'.", resource_type="session", resource_id=session_id[:64]
        )
    return session


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


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID as this server writes them."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
