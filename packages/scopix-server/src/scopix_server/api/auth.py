"""What a route may ask of its caller, as annotations: `caller: Writer` is one whose key may write."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from scopix_server.api.parts import parts_of
from scopix_server.api.queries import check_query
from scopix_server.domain.tenant import Caller

__all__ = [
    "Admin",
    "KeyMaker",
    "KeyReader",
    "KeyRemover",
    "Reader",
    "StorageConfigurer",
    "StorageReader",
    "StorageRemover",
    "StorageValidator",
    "Uploader",
    "UsageReader",
    "Writer",
]

# Only for the OpenAPI description; the checks are below, so that their errors are ours.
_scheme = HTTPBearer(
    scheme_name="ApiKey",
    auto_error=False,
    description="`Authorization: Bearer scopix_...`. The names beside it are the scope that the key needs.",
)


def _requires(scope: str, *, sensitive: bool = False) -> Callable[..., Awaitable[Caller]]:
    async def required(request: Request, _: Annotated[object, Security(_scheme, scopes=[scope])]) -> Caller:
        caller = await parts_of(request).authenticator.authenticate(request, scope, sensitive=sensitive)
        check_query(request)  # here, as strangers hear of their key first
        return caller

    return required


Reader = Annotated[Caller, Depends(_requires("read"))]
"""A caller who may read."""

Writer = Annotated[Caller, Depends(_requires("write"))]
"""A caller who may upload and change."""


async def _upload(request: Request, caller: Writer) -> AsyncIterator[Caller]:
    with parts_of(request).slots.taken(caller):
        yield caller


Uploader = Annotated[Caller, Depends(_upload)]
"""A caller who may upload, and for whom one of the uploads allowed at once is held until the request ends."""

Admin = Annotated[Caller, Depends(_requires("admin"))]
"""A caller who may do everything."""

UsageReader = Annotated[Caller, Depends(_requires("usage:read"))]
"""A caller who may see what is used and what is left."""

StorageReader = Annotated[Caller, Depends(_requires("cloud_storage:read"))]
"""A caller who may see which bucket is configured."""

_StorageWriter = Annotated[Caller, Depends(_requires("cloud_storage:write"))]
_StorageRemover = Annotated[Caller, Depends(_requires("cloud_storage:delete"))]


async def _configure(request: Request, caller: _StorageWriter) -> Caller:
    # Each of these asks an address that the caller chose.
    parts_of(request).rates.count_action(request.scope, caller, "configure bucket", 5)
    return caller


async def _validate(request: Request, caller: _StorageWriter) -> Caller:
    parts_of(request).rates.count_action(request.scope, caller, "validate bucket", 10)
    return caller


async def _remove(request: Request, caller: _StorageRemover) -> Caller:
    parts_of(request).rates.count_action(request.scope, caller, "remove bucket", 5)
    return caller


StorageConfigurer = Annotated[Caller, Depends(_configure)]
"""A caller who may configure a bucket, five times a minute."""

StorageValidator = Annotated[Caller, Depends(_validate)]
"""A caller who may try the configured bucket out, ten times a minute."""

StorageRemover = Annotated[Caller, Depends(_remove)]
"""A caller who may remove the configuration, five times a minute."""

KeyReader = Annotated[Caller, Depends(_requires("api_keys:read"))]
"""A caller who may see which keys there are: everyone but the holder of a narrow key."""

KeyMaker = Annotated[Caller, Depends(_requires("api_keys:write", sensitive=True))]
"""A caller who may make and change keys."""

KeyRemover = Annotated[Caller, Depends(_requires("api_keys:delete", sensitive=True))]
"""A caller who may deactivate keys."""
