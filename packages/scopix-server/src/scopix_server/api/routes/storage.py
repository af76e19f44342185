"""A tenant's own bucket: configure, look at, validate, remove."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.settings import RemoveS3ConfigResponse, S3ConfigRequest, S3ConfigStatus, S3ValidationResult
from scopix_server.api.auth import StorageConfigurer, StorageReader, StorageRemover, StorageValidator
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.problems import responses
from scopix_server.api.requests import with_bucket
from scopix_server.api.services import services_of
from scopix_server.domain.storage import BucketAddress, S3Credentials, StorageConfig
from scopix_server.pipeline.own_bucket import Removal

__all__ = ["router"]

router = APIRouter(prefix="/tenant/s3-config", tags=["storage settings"], route_class=JsonRoute)


@router.post("", response_model=S3ConfigStatus, responses=responses(401, 403, 422, 503))
async def configure(request: Request, caller: StorageConfigurer, wanted: S3ConfigRequest) -> S3ConfigStatus:
    """Try a bucket out (write, read and delete one object), then let it take the files meant for custom storage.

    The credentials are stored encrypted and shown by no route.
    """
    address = BucketAddress(wanted.bucket_name, wanted.region, wanted.endpoint_url or None, wanted.force_path_style)
    credentials = S3Credentials(
        wanted.access_key_id.get_secret_value().strip(), wanted.secret_access_key.get_secret_value().strip()
    )
    settings = services_of(request).bucket_settings
    return _status(await with_bucket(request, lambda: settings.configure(caller.tenant_id, address, credentials)))


@router.get("", response_model=S3ConfigStatus, responses=responses(401, 403))
async def get_status(request: Request, caller: StorageReader) -> S3ConfigStatus:
    """Return which bucket is configured, and how its last check went."""
    return _status(await run_in_threadpool(services_of(request).bucket_settings.status, caller.tenant_id))


@router.post("/validate", response_model=S3ValidationResult, responses=responses(401, 403))
async def validate(request: Request, caller: StorageValidator) -> S3ValidationResult:
    """Try the configured bucket out again: write, read and delete one object."""
    settings = services_of(request).bucket_settings
    config = await with_bucket(request, lambda: settings.validate(caller.tenant_id))
    if config is None:
        return S3ValidationResult(valid=False, error="No custom storage is configured.")
    address = config.address
    return S3ValidationResult(
        valid=config.is_validated, bucket_name=address.bucket_name, region=address.region, error=config.error
    )


@router.delete("", response_model=RemoveS3ConfigResponse, responses=responses(401, 403))
async def remove(request: Request, caller: StorageRemover) -> RemoveS3ConfigResponse:
    """Send no new files to the bucket. What is in it stays there, and stays readable here."""
    removal = await run_in_threadpool(services_of(request).bucket_settings.remove, caller.tenant_id)
    return RemoveS3ConfigResponse(removed=removal.removed, message=_told(removal))


def _status(config: StorageConfig | None) -> S3ConfigStatus:
    if config is None:
        return S3ConfigStatus(configured=False)
    return S3ConfigStatus(
        configured=True,
        bucket_name=config.address.bucket_name,
        region=config.address.region,
        configured_at=config.configured_at.isoformat(),
        is_validated=config.is_validated,
        error=config.error,
        endpoint_url=config.address.endpoint_url,
    )


def _told(removal: Removal) -> str:
    if not removal.removed:
        return "No custom storage was configured."
    if not removal.files_left:
        return "The custom storage was removed, and its credentials forgotten."
    return (
        f"The custom storage was removed. {removal.files_left} files stay in the bucket; the credentials are kept, "
        "encrypted, to read them with."
    )
