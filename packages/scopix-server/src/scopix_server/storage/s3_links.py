"""Signing addresses of a bucket (AWS Signature 4, in the query): for our own requests, and for links we hand out."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.domain.redaction import register_temporary_secrets
from scopix_server.domain.storage import BucketAddress, S3Credentials
from scopix_server.storage.keys import check_key

__all__ = ["S3Signer", "endpoint_of"]


def endpoint_of(address: BucketAddress) -> str:
    """Return the endpoint that a bucket is reached at."""
    if address.endpoint_url is not None:
        return address.endpoint_url.rstrip("/")
    suffix = "amazonaws.com.cn" if address.region.startswith("cn-") else "amazonaws.com"
    return f"https://s3.{address.region}.{suffix}"


class S3Signer:
    """Makes signed addresses. It computes only; nothing is sent."""

    def __init__(self, address: BucketAddress, credentials: S3Credentials) -> None:
        try:
            from botocore.auth import S3SigV4QueryAuth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import ReadOnlyCredentials
        except ModuleNotFoundError as error:
            raise ServiceUnavailable(
                "This server was installed without support for S3. Its operator adds it with: "
                "pip install 'scopix-server[s3]'."
            ) from error
        # There may be a pair for each tenant; and an access key is a name, but of no use to anybody who reads a log.
        register_temporary_secrets(credentials.secret_access_key, credentials.access_key_id)
        self._auth = S3SigV4QueryAuth
        self._request = AWSRequest
        self._credentials = ReadOnlyCredentials(credentials.access_key_id, credentials.secret_access_key, None)
        self._region = address.region
        self._base = _base_of(address)

    def url(
        self,
        method: str,
        key: str | None,
        *,
        seconds: int,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Return an address good for one method on one object (None: on the bucket itself), for so long.

        It is good only with these `headers`, and with no `x-amz-` header beside them.
        """
        where = self._base if key is None else f"{self._base}/{check_key(key)}"
        request = self._request(method=method, url=where, params=dict(parameters or {}), headers=dict(headers or {}))
        self._auth(self._credentials, "s3", self._region, expires=seconds).add_auth(request)
        return str(request.url)


def _base_of(address: BucketAddress) -> str:
    spool = urlsplit(endpoint_of(address))
    in_path = address.force_path_style
    if in_path is None:
        # Amazon wants the bucket in the host, but a dot in it breaks the certificate; other stores rarely do.
        in_path = address.endpoint_url is not None or "." in address.bucket_name
    if in_path:
        return f"{spool.scheme}://{spool.netloc}{spool.path}/{address.bucket_name}"
    return f"{spool.scheme}://{address.bucket_name}.{spool.netloc}{spool.path}"
