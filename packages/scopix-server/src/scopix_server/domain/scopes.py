"""Scopes: what the holder of a key may do.

Three go by role (`read`, `write`, `admin`, each with what the ones before it hold), the others name one permission on
one resource, as `api_keys:write`.
"""

from collections.abc import Iterable, Sequence

from scopix_server.domain.errors import Forbidden, MalformedRequest

__all__ = ["ROLES", "SCOPES", "check_scopes", "granted", "narrowed"]

_RESOURCES = ("api_keys", "usage", "tenants", "cloud_storage")
_PERMISSIONS = ("read", "write", "delete", "share")
_FINE = frozenset(f"{resource}:{permission}" for resource in _RESOURCES for permission in _PERMISSIONS)

# A reader sees which bucket is configured, and nobody its credentials.
_READ = frozenset({"read", "api_keys:read", "usage:read", "tenants:read", "cloud_storage:read"})
ROLES: dict[str, frozenset[str]] = {
    "read": _READ,
    "write": _READ | {"write"},
    "admin": _READ | {"write", "admin"} | _FINE,
}
"""Each role and what it includes."""

SCOPES: tuple[str, ...] = (*ROLES, *sorted(_FINE))
"""Every scope there is."""


def granted(held: Iterable[str]) -> frozenset[str]:
    """Return everything that the held scopes allow."""
    return frozenset().union(*(ROLES.get(scope, frozenset({scope})) for scope in held))


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes without doubles.

    Raises:
        MalformedRequest: one is none.
    """
    for scope in scopes:
        if scope not in SCOPES:
            raise MalformedRequest(
                f"There is no scope '{scope[:50]}'; choose from {', '.join(SCOPES)}.", field="scopes", allowed=SCOPES
            )
    return tuple(dict.fromkeys(scopes))


def narrowed(requested: Sequence[str], creator: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes of a key that the holder of `creator` makes: those `wanted`, or the creator's own for none.

    Raises:
        MalformedRequest: one is none.
        Forbidden: the key would be allowed more than its creator.
    """
    scopes = check_scopes(requested) or tuple(creator)
    beyond = [scope for scope in scopes if not granted([scope]) <= granted(creator)]
    if beyond:
        raise Forbidden(
            f"A key cannot be allowed more than the key that makes it; that lacks {', '.join(beyond)}.",
            needed=beyond,
            held=list(creator),
        )
    return scopes
