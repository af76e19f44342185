"""API keys: make, list, change, deactivate. A tenant sees its own keys; their secrets nobody sees again."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types.keys import ApiKeyInfo, ApiKeyList, CreateApiKeyRequest, CreatedApiKey, UpdateApiKeyRequest
from scopix_server.api import key_shapes
from scopix_server.api.auth import KeyMaker, KeyReader, KeyRemover, Reader
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import ApiKeysDep
from scopix_server.api.problems import responses
from scopix_server.api.requests import in_utc
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.scopes import narrowed
from scopix_server.domain.tenant import check_metadata
from scopix_server.library.keys import KeyRequest

__all__ = ["router"]

router = APIRouter(prefix="/api-keys", tags=["api keys"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=CreatedApiKey, responses=responses(400, 401, 403, 422))
async def create_key(caller: KeyMaker, keys: ApiKeysDep, body: CreateApiKeyRequest) -> CreatedApiKey:
    """Make a key, allowed no more than the one that makes it, and for no longer. The answer shows it, this once."""
    if body.outlives_creator:
        caller.require("admin")
    request = KeyRequest(
        name=body.name,
        scopes=narrowed(body.scopes, caller.scopes),
        description=body.description,
        metadata=check_metadata(body.metadata),
        expires_at=_future(body.expires_at, datetime.now(UTC)),
        outlives_creator=body.outlives_creator,
    )
    return key_shapes.created_key(*await run_in_threadpool(keys.create, caller.tenant_id, caller.key_id, request))


@router.get("", response_model=ApiKeyList, responses=responses(401, 403, 422))
async def list_keys(
    caller: KeyReader,
    keys: ApiKeysDep,
    include_inactive: bool = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> ApiKeyList:
    """List the tenant's keys, newest first."""
    found, total = await run_in_threadpool(
        lambda: keys.list(caller.tenant_id, include_inactive=include_inactive, limit=limit, offset=offset)
    )
    return key_shapes.key_list(found, total, limit, offset)


@router.get("/current", response_model=ApiKeyInfo, responses=responses(401, 403))
async def get_current_key(caller: Reader, keys: ApiKeysDep) -> ApiKeyInfo:
    """Return what is known of the key that asks: its name, what it may do, until when."""
    return key_shapes.key_info(await run_in_threadpool(keys.find, caller.tenant_id, caller.key_id))


@router.get("/{key_id}", response_model=ApiKeyInfo, responses=responses(401, 403, 404))
async def get_key(caller: KeyReader, keys: ApiKeysDep, key_id: str) -> ApiKeyInfo:
    """Return what is known of a key."""
    return key_shapes.key_info(await run_in_threadpool(keys.find, caller.tenant_id, key_id))


@router.put("/{key_id}", response_model=ApiKeyInfo, responses=responses(400, 401, 403, 404, 422))
async def update_key(caller: KeyMaker, keys: ApiKeysDep, key_id: str, changes: UpdateApiKeyRequest) -> ApiKeyInfo:
    """Change what a key is called and what is noted about it. What it may do stays as it was made."""
    named = {name: getattr(changes, name) for name in changes.model_fields_set & {"name", "description"}}
    added = check_metadata(changes.metadata)
    return key_shapes.key_info(await run_in_threadpool(keys.update, caller.tenant_id, key_id, named, added))


@router.delete("/{key_id}", status_code=204, responses=responses(401, 403, 404, 422))
async def deactivate_key(
    caller: KeyRemover,
    keys: ApiKeysDep,
    key_id: str,
    reason: Annotated[str | None, Query(max_length=500)] = None,
    keep_created: Annotated[
        bool, Query(description="Keep the keys that it made, which else end with it; needs the scope `admin`.")
    ] = False,
) -> None:
    """Deactivate a key and those it made, for good: here from the next request on, on other servers within a second.

    They stay in the list with `include_inactive`.
    """
    if keep_created:
        caller.require("admin")
    await run_in_threadpool(lambda: keys.deactivate(caller.tenant_id, key_id, reason, keep_created=keep_created))


def _future(at: datetime | None, now: datetime) -> datetime | None:
    if at is None:
        return None
    utc = in_utc(at, "expires_at")
    if utc <= now:
        raise ValidationFailed("expires_at must be in the future.", field="expires_at")
    return utc
