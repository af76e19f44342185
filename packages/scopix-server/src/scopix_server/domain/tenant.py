"""Who may do what: tenants, API keys and scopes.

A key is `scopix_` + 8 characters that name it + a secret of 256 random bits. Only the SHA-256 of the whole key is
kept: with that much entropy a slow password hash would add nothing but latency to each request.
"""

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scopix_server.domain.errors import DeactivatedApiKey, ExpiredApiKey, Forbidden, InvalidApiKey

__all__ = ["SCOPES", "ApiKey", "Caller", "NewApiKey", "Tenant", "key_prefix_of", "make_api_key"]

_PREFIX = "scopix_"
_IDENTIFIER_LENGTH = 8
_ALPHABET = string.ascii_letters + string.digits

SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""Each scope and what it includes."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer of this server. Everything stored belongs to exactly one tenant."""

    id: str
    name: str
    created_at: datetime


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

    def admit(self, presented: str, now: datetime) -> None:
        """Let the holder of the `presented` key in.

        Raises:
            InvalidApiKey: the secret does not match.
            DeactivatedApiKey, ExpiredApiKey: the secret matches, but the key is no longer good.
        """
        if not hmac.compare_digest(self.key_hash, _hash(presented)):
            raise InvalidApiKey
        if not self.is_active:
            raise DeactivatedApiKey
        if self.expires_at is not None and self.expires_at <= now:
            raise ExpiredApiKey


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

    def require(self, scope: str) -> None:
        """Pass if one of the caller's scopes includes `scope`.

        Raises:
            Forbidden: if none does.
        """
        if not any(scope in SCOPES.get(held, ()) for held in self.scopes):
            raise Forbidden(f"This operation needs the scope '{scope}'.", needed=scope, held=list(self.scopes))


def make_api_key() -> NewApiKey:
    """Make a new random key."""
    identifier = "".join(secrets.choice(_ALPHABET) for _ in range(_IDENTIFIER_LENGTH))
    secret = f"{_PREFIX}{identifier}{secrets.token_urlsafe(32)}"
    return NewApiKey(key_prefix=f"{_PREFIX}{identifier}", key_hash=_hash(secret), secret=secret)


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
