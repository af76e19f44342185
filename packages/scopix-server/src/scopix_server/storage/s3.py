"""A store in a bucket of any server that speaks S3.

What is uploaded is first kept in a local folder: its type, size and hash are checked before the bucket sees a byte, and
an upload that is given up leaves nothing there, no unfinished multipart upload either. Each object is sent in one
request (S3 takes up to 5 GiB so), which makes it visible whole or not at all.
"""

import logging
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from scopix_server.domain.errors import (
    AddressRefused,
    BucketRefused,
    BucketUnavailable,
    DomainError,
    ServiceUnavailable,
)
from scopix_server.domain.storage import BUCKET_FOLDER, BucketAddress, S3Credentials
from scopix_server.domain.storage_ports import StoredObject
from scopix_server.outgoing.http import OutgoingHttp, Reply, RequestFailed
from scopix_server.storage.keys import check_key
from scopix_server.storage.s3_links import S3Signer
from scopix_server.storage.s3_listing import MAX_BYTES, read_page
from scopix_server.storage.s3_refusals import RIGHTS, code_of, is_missing_object, refusal
from scopix_server.storage.spool import Spool, SpoolWriter

__all__ = ["S3Store", "ServerBucket"]

T = TypeVar("T")
_CHUNK = 256 * 1024
_SIGNED_SECONDS = 900
_MAX_ERROR_BYTES = 64 * 1024
_PAUSES = (0.2, 1.0)
_MAX_BYTES = 5 * 1024**3
_log = logging.getLogger(__name__)

Body = tuple[int, Callable[[], Iterable[bytes]]]
"""The length of what is sent, and a way to begin it, again for each attempt."""


class S3Store:
    """The `Bucket` port. Methods block; each is good for all threads.

    Args:
        parts: where uploads and lent files are kept meanwhile.
        most_bytes: an object that is larger than this is not read.
    """

    commits_at_once = 8

    def __init__(
        self,
        address: BucketAddress,
        credentials: S3Credentials,
        http: OutgoingHttp,
        spool: Spool,
        *,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        self._address = address
        self._signer = S3Signer(address, credentials)
        self._http = http
        self._spool = spool
        self._max_bytes = max_bytes

    def open_writer(self) -> SpoolWriter:
        def install(spooled: str, key: str) -> bool:
            self.put_file(key, Path(spooled))
            return False

        return self._spool.new(install)

    def put(self, key: str, data: bytes) -> None:
        body = (len(data), lambda: [data] if data else [])
        self._send("PUT", key, lambda _: None, {"Content-Type": "application/octet-stream"}, body)

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        body = (path.stat().st_size, lambda: _chunks_of(path))
        self._send("PUT", key, lambda _: None, {"Content-Type": content_type}, body)

    def read(self, key: str) -> bytes:
        return self._send("GET", key, lambda reply: b"".join(self._bounded(reply)))

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        headers = {"Range": f"bytes={offset}-{offset + length - 1}"}
        return self._send("GET", key, lambda reply: reply.read(length), headers)

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        with self._spool.lent() as path:
            self._send("GET", key, lambda reply: self._save(reply, path))
            yield path

    def delete(self, key: str) -> None:
        try:
            self._send("DELETE", key, lambda _: None)
        except FileNotFoundError:
            pass

    def list(self, prefix: str) -> Iterator[StoredObject]:
        parameters = {"list-type": "2", "prefix": f"{check_key(prefix)}/" if prefix else ""}
        while True:
            body = self._send("LIST", None, lambda reply: reply.read(MAX_BYTES), parameters=parameters)
            page, following = read_page(body)
            yield from page
            if following is None:
                return
            parameters["continuation-token"] = following

    def require(self, key: str) -> None:
        # A HEAD would not say what is missing, the object or the bucket.
        self._send("GET", key, lambda reply: reply.read(1), {"Range": "bytes=0-0"})

    def link(self, key: str, *, content_type: str, disposition: str, seconds: int) -> str:
        shown = {"response-content-type": content_type, "response-content-disposition": disposition}
        return self._signer.url("GET", key, seconds=seconds, parameters=shown)

    def free_bytes(self) -> int | None:
        return self._spool.free_bytes()

    def check(self) -> None:
        # An object that is not there is enough: the bucket answered for itself. Amazon calls it denied to those who may
        # not list the bucket.
        try:
            self._once("GET", f"{BUCKET_FOLDER}/access-check/none", lambda _: None)
        except FileNotFoundError:
            pass
        except DomainError as error:
            if error.details.get("reason") != "access_denied":
                raise
        # What is on its way to the bucket waits here.
        self._spool.check()

    def probe(self) -> None:
        key, content = f"{BUCKET_FOLDER}/access-check/{uuid.uuid4()}", secrets.token_hex(16).encode()
        self.put(key, content)
        read, *denied = _unless_denied(lambda: self.read(key))
        _, *denied_too = _unless_denied(lambda: self.delete(key))
        if denied or denied_too:
            raise _missing_rights(self._address, [*denied, *denied_too])
        if read != content:
            raise BucketRefused(
                "What was written could not be read back; is this an S3 endpoint?",
                reason="refused",
                bucket_name=self._address.bucket_name,
            )

    def _send(
        self,
        method: str,
        key: str | None,
        take: Callable[[Reply], T],
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> T:
        """Send a request until it is answered, or was tried three times; every one of them may be repeated."""
        for pause in _PAUSES:
            try:
                return self._once(method, key, take, headers, body, parameters)
            except BucketUnavailable:
                time.sleep(pause)
        return self._once(method, key, take, headers, body, parameters)

    def _once(
        self,
        method: str,
        key: str | None,
        take: Callable[[Reply], T],
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> T:
        verb = "GET" if method == "LIST" else method
        url = self._signer.url(verb, key, seconds=_SIGNED_SECONDS, parameters=parameters)
        sent = dict(headers or {})
        if body is not None:
            sent["Content-Length"] = str(body[0])
        try:
            with self._http.send(verb, url, sent, body[1]() if body is not None else None) as reply:
                if reply.status < 300:
                    return take(reply)
                code = code_of(reply.read(_MAX_ERROR_BYTES))
        except AddressRefused as error:
            details = {"reason": "address_refused", "bucket_name": self._address.bucket_name}
            raise BucketRefused(error.message, **details) from error
        except RequestFailed as error:
            raise BucketUnavailable(
                f"The bucket '{self._address.bucket_name}' does not answer: {error}",
                bucket_name=self._address.bucket_name,
            ) from error
        if is_missing_object(method, reply.status, code):
            raise FileNotFoundError(key)
        raise refusal(self._address, method, reply.status, code, reply.headers)

    def _save(self, reply: Reply, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in self._bounded(reply):
                file.write(chunk)

    def _bounded(self, reply: Reply) -> Iterator[bytes]:
        size = 0
        for chunk in reply.chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise BucketRefused(
                    "The object in the bucket is larger than any that was put there.",
                    reason="refused",
                    bucket_name=self._address.bucket_name,
                )
            yield chunk


class ServerBucket(S3Store):
    """The bucket that is the server's own store: what goes wrong with it is the operator's to hear, in the log.

    Args:
        public_endpoint: where clients reach the endpoint, for links; None when it is the same.
    """

    def __init__(
        self,
        address: BucketAddress,
        credentials: S3Credentials,
        http: OutgoingHttp,
        spool: Spool,
        *,
        public_endpoint: str | None = None,
    ) -> None:
        super().__init__(address, credentials, http, spool)
        shown = BucketAddress(
            address.bucket_name, address.region, public_endpoint or address.endpoint_url, address.force_path_style
        )
        self._links = S3Signer(shown, credentials)

    def link(self, key: str, *, content_type: str, disposition: str, seconds: int) -> str:
        shown = {"response-content-type": content_type, "response-content-disposition": disposition}
        return self._links.url("GET", key, seconds=seconds, parameters=shown)

    def upload_link(self, key: str, *, size_bytes: int, seconds: int) -> str:
        # The length is signed, or the link would take as much as the bucket holds.
        return self._links.url("PUT", key, seconds=seconds, headers={"Content-Length": str(size_bytes)})

    @contextmanager
    def received(self, key: str, *, max_bytes: int) -> Iterator[tuple[Path, str]]:
        with self._spool.lent() as path:

            def fetch(reply: Reply) -> str:
                self._save(reply, path)
                return reply.headers.get("etag", "")

            etag = self._send("GET", key, fetch, {"Range": f"bytes=0-{max_bytes}"})
            yield path, etag

    def sweep(self) -> int:
        """Remove what an earlier process left half written and return how many parts; call it before any write."""
        return self._spool.sweep()

    def _once(
        self,
        method: str,
        key: str | None,
        take: Callable[[Reply], T],
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> T:
        try:
            return super()._once(method, key, take, headers, body, parameters)
        except BucketUnavailable as error:
            _log.warning("the server's bucket: %s", error.message)
            raise BucketUnavailable("The server's storage does not answer right now. Try again in a moment.") from error
        except BucketRefused as error:
            _log.error("the server's bucket: %s", error.message)
            raise _unusable(error) from error


def _unusable(error: DomainError) -> ServiceUnavailable:
    return ServiceUnavailable(
        "The server's storage cannot be used; its operator finds the reason in the log.",
        reason=error.details.get("reason"),
        retry_after=60,
    )


def _unless_denied(act: Callable[[], T]) -> tuple[T | None, *tuple[str, ...]]:
    """Return the result, and after it the right that is missing for one."""
    try:
        return (act(),)
    except BucketRefused as error:
        if error.details.get("reason") != "access_denied":
            raise
        return None, error.details["right"]
    except FileNotFoundError:
        return (None,)


def _missing_rights(address: BucketAddress, missing: list[str]) -> BucketRefused:
    actions = dict(RIGHTS.values())
    named = " and ".join(f"{right} ({actions[right]})" for right in missing)
    left = " The object of the check was left there." if "delete" in missing else ""
    return BucketRefused(
        f"The access key may not {named} below '{BUCKET_FOLDER}/' in the bucket '{address.bucket_name}'.{left}",
        reason="access_denied",
        right=missing[0],
        missing_rights=missing,
        bucket_name=address.bucket_name,
    )


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
