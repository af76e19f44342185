"""Opening tenants' buckets, at addresses that the guard lets pass."""

from scopix_server.domain.storage import BucketAddress, S3Credentials
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp
from scopix_server.storage.s3 import S3Store
from scopix_server.storage.spool import Spool

__all__ = ["GuardedBuckets"]


class GuardedBuckets:
    """The `BucketOpener` port. All buckets share its connections.

    Args:
        max_bytes: an object that is larger than this is not read.
    """

    def __init__(self, guard: AddressGuard, spool: Spool, *, max_bytes: int) -> None:
        self._guard = guard
        self._http = OutgoingHttp(guard)
        self._spool = spool
        self._max_bytes = max_bytes

    def check(self, address: BucketAddress) -> None:
        if address.endpoint_url is not None:
            self._guard.check_url(address.endpoint_url)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def open(self, address: BucketAddress, credentials: S3Credentials) -> S3Store:
        return S3Store(address, credentials, self._http, self._spool, max_bytes=self._max_bytes)
