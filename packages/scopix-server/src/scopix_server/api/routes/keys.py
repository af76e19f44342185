"""API keys: make, list, change, deactivate. A tenant sees its own keys; their secrets nobody sees again."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.keys import ApiKeyInfo, ApiKeyList, CreateApiKeyRequest, CreatedApiKey, UpdateApiKeyRequest
from scopix_server.api import key_shapes
from scopix_server.api.auth import KeyMaker, KeyReader, KeyRemover
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.problems import responses
from scopix_server.api.requests import in_utc, is_uuid
from scopix_server.api.services import services_of
from scopix_server.domain.errors import NotFound, ValidationFailed
from scopix_server.domain.ports import Transaction
from scopix_server.domain.scopes import narrowed
from scopix_server.domain.tenant import ApiKey, check_metadata, issue_key

__all__ = ["router"]

router = APIRouter(prefix="/api-keys", tags=["api keys"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=CreatedApiKey, responses=responses(400, 401, 403, 422))
async def create_key(request: Request, caller: KeyMaker, wanted: CreateApiKeyRequest) -> CreatedApiKey:
    """Make a key, allowed no more than the one that makes it. The answer shows it, this once."""
    now = datetime.now(UTC)
    key, made = issue_key(
        caller.tenant_id,
        wanted.name,
        narrowed(wanted.scopes, caller.scopes),
        now,
        description=wanted.description,
        metadata=check_metadata(wanted.metadata),
        expires_at=_future(wanted.expires_at, now),
    )
    await run_in_threadpool(services_of(request).database.write, lambda t: t.keys.add(key))
    return key_shapes.created_key(key, made)


@router.get("", response_model=ApiKeyList, responses=responses(401, 403, 422))
async def list_keys(
    request: Request,
    caller: KeyReader,
    include_inactive: bool = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> ApiKeyList:
    """List the tenant's keys, newest first."""
    keys, total = await run_in_threadpool(
        services_of(request).database.read,
        lambda t: t.keys.list(caller.tenant_id, include_inactive=include_inactive, limit=limit, offset=offset),
    )
    return key_shapes.key_list(keys, total, limit, offset)


@router.get("/{key_id}", response_model=ApiKeyInfo, responses=responses(401, 403, 404))
async def get_key(request: Request, caller: KeyReader, key_id: str) -> ApiKeyInfo:
    """Return what is known of a key."""
    key = await run_in_threadpool(services_of(request).database.read, lambda t: _find(t, caller.tenant_id, key_id))
    return key_shapes.key_info(key)


@router.put("/{key_id}", response_model=ApiKeyInfo, responses=responses(400, 401, 403, 404, 422))
async def update_key(request: Request, caller: KeyMaker, key_id: str, changes: UpdateApiKeyRequest) -> ApiKeyInfo:
    """Change what a key is called and what is noted about it. What it may do stays as it was made."""
    added = check_metadata(changes.metadata)

    def save(transaction: Transaction) -> ApiKey:
        key = _find(transaction, caller.tenant_id, key_id)
        changed = replace(
            key,
            name=changes.name or key.name,
            description=changes.description if "description" in changes.model_fields_set else key.description,
            metadata=check_metadata({**key.own_metadata, **added}) | key.server_metadata,
        )
        transaction.keys.update(changed)
        return changed

    return key_shapes.key_info(await run_in_threadpool(services_of(request).database.write, save))


@router.delete("/{key_id}", status_code=204, responses=responses(401, 403, 404, 422))
async def deactivate_key(
    request: Request, caller: KeyRemover, key_id: str, reason: Annotated[str | None, Query(max_length=500)] = None
) -> None:
    """Deactivate a key, from the next request on and for good. It stays in the list with `include_inactive`."""

    def deactivate(transaction: Transaction) -> None:
        key = _find(transaction, caller.tenant_id, key_id)
        # The first time and the first reason stay.
        if key.is_active:
            transaction.keys.update(key.deactivated(reason, datetime.now(UTC)))

    await run_in_threadpool(services_of(request).database.write, deactivate)


def _find(transaction: Transaction, tenant_id: str, key_id: str) -> ApiKey:
    wanted = key_id.lower()
    key = transaction.keys.get(tenant_id, wanted) if is_uuid(wanted) else None
    if key is None:
        raise NotFound(f"There is no API key '{key_id[:64]}'.", resource_type="api_key", resource_id=key_id[:64])
    return key


def _future(at: datetime | None, now: datetime) -> datetime | None:
    if at is None:
        return None
    utc = in_utc(at, "expires_at")
    if utc <= now:
        raise ValidationFailed("expires_at must be in the future.", field="expires_at")
    return utc
