"""A tenant's own bucket: configure, look at, validate, remove."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from scopix.types.settings import RemoveS3ConfigResponse, S3ConfigRequest, S3ConfigStatus, S3ValidationResult
from scopix_server.api.auth import StorageConfigurer, StorageReader, StorageRemover, StorageValidator
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import BucketSettingsDep, ThreadsDep
from scopix_server.api.problems import responses
from scopix_server.domain.storage import BucketAddress, S3Credentials, StorageConfig
from scopix_server.library.own_bucket import Removal

__all__ = ["router"]

router = APIRouter(prefix="/tenant/s3-config", tags=["storage settings"], route_class=JsonRoute)


@router.post("", response_model=S3ConfigStatus, responses=responses(401, 403, 422, 503))
async def configure(
    caller: StorageConfigurer, settings: BucketSettingsDep, threads: ThreadsDep, body: S3ConfigRequest
) -> S3ConfigStatus:
    """Try a bucket out (write, read and delete one object), then let it take the files meant for custom storage.

    The credentials are stored encrypted and shown by no route.
    """
    address = BucketAddress(body.bucket_name, body.region, body.endpoint_url or None, body.force_path_style)
    credentials = S3Credentials(
        body.access_key_id.get_secret_value().strip(), body.secret_access_key.get_secret_value().strip()
    )
    tried = await threads.with_bucket(
        caller.tenant_id, lambda: settings.configure(caller.tenant_id, address, credentials)
    )
    return _status(tried)


@router.get("", response_model=S3ConfigStatus, responses=responses(401, 403))
async def get_status(caller: StorageReader, settings: BucketSettingsDep) -> S3ConfigStatus:
    """Return which bucket is configured, and how its last check went."""
    return _status(await run_in_threadpool(settings.status, caller.tenant_id))


@router.post("/validate", response_model=S3ValidationResult, responses=responses(401, 403))
async def validate(caller: StorageValidator, settings: BucketSettingsDep, threads: ThreadsDep) -> S3ValidationResult:
    """Try the configured bucket out again: write, read and delete one object."""
    config = await threads.with_bucket(caller.tenant_id, lambda: settings.validate(caller.tenant_id))
    if config is None:
        return S3ValidationResult(valid=False, error="No custom storage is configured.")
    address = config.address
    return S3ValidationResult(
        valid=config.is_validated, bucket_name=address.bucket_name, region=address.region, error=config.error
    )


@router.delete("", response_model=RemoveS3ConfigResponse, responses=responses(401, 403))
async def remove(caller: StorageRemover, settings: BucketSettingsDep) -> RemoveS3ConfigResponse:
    """Send no new files to the bucket. What is in it stays there, and stays readable here."""
    removal = await run_in_threadpool(settings.remove, caller.tenant_id)
    return RemoveS3ConfigResponse(removed=removal.removed, message=_removal_message(removal))


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


def _removal_message(removal: Removal) -> str:
    if not removal.removed:
        return "No custom storage was configured."
    if not removal.files_left:
        return "The custom storage was removed, and its credentials forgotten."
    return (
        f"The custom storage was removed. {removal.files_left} files stay in the bucket; the credentials are kept, "
        "encrypted, to read them with."
    )
