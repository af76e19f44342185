"""A tenant's own bucket: where it is, who may use it, and how far that was tried out."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from scopix_server.domain.errors import ValidationFailed

__all__ = [
    "BUCKET_FOLDER",
    "BucketAddress",
    "S3Credentials",
    "StorageConfig",
    "check_bucket_name",
    "check_credentials",
    "check_region",
]

BUCKET_FOLDER = "scopix"
"""Everything this server writes into a tenant's bucket is below this: rights may be limited to it."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is.

    `endpoint_url`: of a store that speaks S3; None is Amazon's own in the region. `force_path_style`: whether the
    bucket stands in the path of its addresses, not in the host; None decides by what usually works.
    """

    bucket_name: str
    region: str
    endpoint_url: str | None = None
    force_path_style: bool | None = None


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """Who uses a bucket. Nothing prints them."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """A tenant's bucket as it is recorded. `sealed_credentials` are encrypted, with the key that `key_id` names.

    There is one record for each bucket a tenant ever configured and still has files in; the one without `removed_at`
    takes new files.
    """

    id: str
    tenant_id: str
    address: BucketAddress
    sealed_credentials: str = field(repr=False)
    key_id: str
    configured_at: datetime
    is_validated: bool
    error: str | None = None
    removed_at: datetime | None = None


def check_bucket_name(name: str) -> str:
    """Return the name of a bucket.

    Raises:
        ValidationFailed: it cannot be one.
    """
    if not _BUCKET_NAME.fullmatch(name) or ".." in name:
        raise ValidationFailed(
            "A bucket's name has 3 to 63 of a-z, 0-9, hyphen and dot, and begins and ends with a letter or a figure.",
            field="bucket_name",
        )
    return name


def check_region(region: str) -> str:
    """Return the name of a region. Raises ValidationFailed when it cannot be one."""
    if not _REGION.fullmatch(region):
        raise ValidationFailed("A region is named like us-east-1: of a-z, 0-9 and hyphen.", field="region")
    return region


def check_credentials(credentials: S3Credentials) -> S3Credentials:
    """Return credentials that can be some. Raises ValidationFailed, which does not repeat them, for others."""
    for name in ("access_key_id", "secret_access_key"):
        value: str = getattr(credentials, name)
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValidationFailed(f"{name} has a character in it that no key has, such as a space.", field=name)
    return credentials
