"""Keys from the domain to the wire."""

from collections.abc import Sequence

from scopix.types import keys as wire
from scopix_server.domain.tenant import ApiKey, NewApiKey

__all__ = ["created_key", "key_info", "key_list"]


def created_key(key: ApiKey, made: NewApiKey) -> wire.CreatedApiKey:
    """Answer with a key just made: the only answer that holds its secret."""
    return wire.CreatedApiKey(
        id=key.id,
        api_key=made.secret,
        name=key.name,
        description=key.description,
        key_prefix=key.key_prefix,
        created_at=key.created_at,
        expires_at=key.expires_at,
        is_active=key.is_active,
        scopes=list(key.scopes),
        metadata=dict(key.metadata),
        created_by=key.created_by,
        outlives_creator=key.outlives_creator,
    )


def key_info(key: ApiKey) -> wire.ApiKeyInfo:
    """Answer with what is known of a key."""
    return wire.ApiKeyInfo(
        id=key.id,
        name=key.name,
        description=key.description,
        key_prefix=key.key_prefix,
        created_at=key.created_at,
        expires_at=key.expires_at,
        is_active=key.is_active,
        scopes=list(key.scopes),
        metadata=dict(key.metadata),
        created_by=key.created_by,
        outlives_creator=key.outlives_creator,
        last_used_at=key.last_used_at,
        usage_count=key.usage_count,
    )


def key_list(keys: Sequence[ApiKey], total: int, limit: int, offset: int) -> wire.ApiKeyList:
    """Answer with one page of keys."""
    return wire.ApiKeyList(
        items=[key_info(key) for key in keys],
        total_count=total,
        limit=limit,
        offset=offset,
        has_more=offset + len(keys) < total,
    )
