"""Opening tenants' buckets, at addresses that the guard lets pass."""

from scopix_server.domain.storage import BucketAddress, S3Credentials
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp
from scopix_server.storage.parts import Parts
from scopix_server.storage.s3 import S3Store

__all__ = ["GuardedBuckets"]


class GuardedBuckets:
    """The `BucketOpener` port. All buckets share its connections.

    Args:
        most_bytes: an object that is larger than this is not read.
    """

    def __init__(self, guard: AddressGuard, parts: Parts, *, most_bytes: int) -> None:
        self._guard = guard
        self._http = OutgoingHttp(guard)
        self._parts = parts
        self._most_bytes = most_bytes

    def check(self, address: BucketAddress) -> None:
        if address.endpoint_url is not None:
            self._guard.check_url(address.endpoint_url)

    def open(self, address: BucketAddress, credentials: S3Credentials) -> S3Store:
        return S3Store(address, credentials, self._http, self._parts, most_bytes=self._most_bytes)
