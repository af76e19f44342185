"""Who may do what: tenants and API keys.

A key is `scopix_` + 8 characters that name it + a secret of 256 random bits. Only the SHA-256 of the whole key is
kept: with that much entropy a slow password hash would add nothing but latency to each request.
"""

import hashlib
import hmac
import json
import secrets
import string
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scopix_server.domain.errors import (
    DeactivatedApiKey,
    ExpiredApiKey,
    Forbidden,
    InvalidApiKey,
    MalformedRequest,
    ValidationFailed,
)
from scopix_server.domain.plans import PLANS, Plan
from scopix_server.domain.scopes import granted

__all__ = [
    "RESERVED_METADATA",
    "ApiKey",
    "Caller",
    "NewApiKey",
    "Tenant",
    "check_metadata",
    "issue_key",
    "key_prefix_of",
    "make_api_key",
]

_PREFIX = "scopix_"
_IDENTIFIER_LENGTH = 8
_MAX_METADATA_BYTES = 16 * 1024
_MAX_METADATA_LEVELS = 20
_ALPHABET = string.ascii_letters + string.digits

RESERVED_METADATA = frozenset({"created_by_user_id", "deactivation_reason", "deactivated_at"})
"""What the server alone writes into a key's metadata."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer of this server. Everything stored belongs to exactly one tenant."""

    id: str
    name: str
    created_at: datetime
    plan: str | None = None
    """One of `domain.plans`; None follows the settings."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key: never the key itself."""

    id: str
    tenant_id: str
    name: str
    key_prefix: str
    key_hash: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    is_active: bool = True
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    last_used_at: datetime | None = None
    usage_count: int = 0
    created_by: str | None = None
    """The id of the key that made it; None: made on the server's command line, or before this was recorded."""
    outlives_creator: bool = False
    """Whether it goes on when the key that made it is deactivated or has expired; an administrator has said so."""

    def admit(self, presented: str, now: datetime) -> None:
        """Let the holder of the `presented` key in.

        Raises:
            InvalidApiKey: the secret does not match.
            DeactivatedApiKey, ExpiredApiKey: the secret matches, but the key is no longer good.
        """
        if not hmac.compare_digest(self.key_hash, _hash(presented)):
            raise InvalidApiKey
        self.check(now)

    def check(self, now: datetime) -> None:
        """Pass while the key is good. Raises DeactivatedApiKey or ExpiredApiKey."""
        if not self.is_active:
            raise DeactivatedApiKey
        if self.expires_at is not None and self.expires_at <= now:
            raise ExpiredApiKey

    def expiry_of_child(self, requested: datetime | None, *, outlives_creator: bool) -> datetime | None:
        """Return when a key that this one makes expires: as is `wanted`, but not after this one itself."""
        ends = [at for at in (requested, None if outlives_creator else self.expires_at) if at is not None]
        return min(ends, default=None)

    @property
    def own_metadata(self) -> dict[str, Any]:
        """What the tenant noted."""
        return {name: value for name, value in self.metadata.items() if name not in RESERVED_METADATA}

    @property
    def server_metadata(self) -> dict[str, Any]:
        """What the server noted."""
        return {name: value for name, value in self.metadata.items() if name in RESERVED_METADATA}

    def deactivated(self, reason: str | None, now: datetime) -> "ApiKey":
        """Return the key as it is after its deactivation; its metadata says when and why."""
        noted: dict[str, Any] = {"deactivated_at": now.isoformat()}
        if reason:
            noted["deactivation_reason"] = reason
        return replace(self, is_active=False, metadata={**self.metadata, **noted})

    def state(self, now: datetime) -> str:
        """Return `active`, `expired` or `deactivated`."""
        if not self.is_active:
            return "deactivated"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made. `secret` is the full key; it is shown once and kept nowhere."""

    key_prefix: str
    key_hash: str
    secret: str

    def __repr__(self) -> str:
        return f"NewApiKey({self.key_prefix}...)"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, taken from the key alone."""

    tenant_id: str
    key_id: str
    scopes: tuple[str, ...]
    plan: Plan = PLANS["custom"]

    def require(self, scope: str) -> None:
        """Pass if one of the caller's scopes includes `scope`.

        Raises:
            Forbidden: if none does.
        """
        if scope not in granted(self.scopes):
            raise Forbidden(f"This operation needs the scope '{scope}'.", needed=scope, held=list(self.scopes))


def make_api_key() -> NewApiKey:
    """Make a new random key."""
    identifier = "".join(secrets.choice(_ALPHABET) for _ in range(_IDENTIFIER_LENGTH))
    secret = f"{_PREFIX}{identifier}{secrets.token_urlsafe(32)}"
    return NewApiKey(key_prefix=f"{_PREFIX}{identifier}", key_hash=_hash(secret), secret=secret)


def issue_key(
    tenant_id: str,
    name: str,
    scopes: tuple[str, ...],
    now: datetime,
    *,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    created_by: str | None = None,
    outlives_creator: bool = False,
) -> tuple[ApiKey, NewApiKey]:
    """Make a key for a tenant: what is kept of it, and what is shown once."""
    made = make_api_key()
    key = ApiKey(
        id=str(uuid.uuid4()),
        tenant_id=tenant_id,
        name=name,
        key_prefix=made.key_prefix,
        key_hash=made.key_hash,
        scopes=scopes,
        created_at=now,
        expires_at=expires_at,
        description=description,
        metadata=dict(metadata or {}),
        created_by=created_by,
        outlives_creator=outlives_creator,
    )
    return key, made


def check_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that a caller gave.

    Raises:
        MalformedRequest: it has a name that only the server may write.
        ValidationFailed: it is no JSON (NaN, half a character), nested deeper than 20 levels, or larger than 16 KiB.
    """
    reserved = sorted(RESERVED_METADATA & metadata.keys())
    if reserved:
        raise MalformedRequest(f"The server alone writes metadata.{reserved[0]}.", field=f"metadata.{reserved[0]}")
    if _deeper_than(_MAX_METADATA_LEVELS, metadata):
        raise ValidationFailed(f"The metadata is nested deeper than {_MAX_METADATA_LEVELS} levels.", field="metadata")
    try:
        size = len(json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:
        raise ValidationFailed("The metadata must be plain JSON.", field="metadata") from None
    if size > _MAX_METADATA_BYTES:
        raise ValidationFailed(f"The metadata has {size} bytes; at most {_MAX_METADATA_BYTES} fit.", field="metadata")
    return dict(metadata)


def _deeper_than(levels: int, value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return levels == 0 or any(_deeper_than(levels - 1, item) for item in inner)


def key_prefix_of(presented: str) -> str | None:
    """Return the part of a presented key that names it, or None when it does not look like a key."""
    prefix = presented[: len(_PREFIX) + _IDENTIFIER_LENGTH]
    identifier = prefix[len(_PREFIX) :]
    if not presented.startswith(_PREFIX) or len(identifier) < _IDENTIFIER_LENGTH or len(presented) > 200:
        return None
    return prefix if _all_in(identifier, _ALPHABET) else None


def _all_in(text: Iterable[str], alphabet: str) -> bool:
    return all(character in alphabet for character in text)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
