"""What a bucket refuses, and what becomes of it: against a real S3 server, with rights taken away."""

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from scopix_server.domain.errors import BucketRefused, BucketUnavailable, ServiceUnavailable
from scopix_server.domain.storage import BUCKET_FOLDER, BucketAddress, S3Credentials
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp
from scopix_server.storage.s3 import S3Store, ServerBucket
from scopix_server.storage.s3_links import S3Signer
from scopix_server.storage.spool import Spool
from tests.support.s3 import REGION, Identity, S3Server, open_store

KEY = "scopix/tenant/ab/file/original.png"
NOBODY = Identity("AKNOBODY0000000000", "x" * 40)


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


def refusal(act) -> BucketRefused:
    with pytest.raises(BucketRefused) as caught:
        act()
    return caught.value


def test_a_bucket_with_all_rights_passes_and_keeps_nothing(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    with open_store(s3_server, bucket, tmp_path) as store:
        store.probe()
    assert s3_server.keys(bucket) == []


@pytest.mark.parametrize("act", ["probe", "put", "read", "delete", "check"])
def test_a_wrong_key_is_told_from_a_wrong_secret_and_a_missing_bucket(
    s3_server: S3Server, bucket: str, tmp_path: Path, act: str
) -> None:
    half = dataclasses.replace(s3_server.admin, secret_access_key="y" * 40)
    for name, who, reason in (
        (bucket, NOBODY, "invalid_access_key"),
        (bucket, half, "invalid_secret_key"),
        ("no-such-bucket", s3_server.admin, "missing_bucket"),
    ):
        with open_store(s3_server, name, tmp_path, who) as store:
            doing = {
                "probe": store.probe,
                "put": lambda store=store: store.put(KEY, b"x"),
                "read": lambda store=store: store.read(KEY),
                "delete": lambda store=store: store.delete(KEY),
                "check": store.check,
            }
            error = refusal(doing[act])
            assert error.details == {"reason": reason, "bucket_name": name}
            assert who.secret_access_key not in repr((error, error.details, error.message))


def test_the_missing_right_is_named(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    with open_store(s3_server, bucket, tmp_path, s3_server.reader) as store:
        error = refusal(store.probe)
    assert (error.details["reason"], error.details["right"]) == ("access_denied", "write")
    assert "s3:PutObject" in error.message
    with open_store(s3_server, bucket, tmp_path, s3_server.writer) as store:
        error = refusal(store.probe)
    assert error.details["missing_rights"] == ["read"]
    assert "s3:GetObject" in error.message
    # What the check wrote, it deleted: that right was there.
    assert s3_server.keys(bucket) == []


def test_an_object_is_there_whole_or_not_at_all(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    with open_store(s3_server, bucket, tmp_path) as store:
        writer = store.open_writer()
        writer.write(b"x" * 3_000_000)
        assert s3_server.keys(bucket) == []
        writer.commit(KEY)
    assert s3_server.read(bucket, KEY) == b"x" * 3_000_000


def test_the_type_of_a_file_goes_with_it(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "photo"
    source.write_bytes(b"photo")
    with open_store(s3_server, bucket, tmp_path / "parts") as store:
        store.put_file(KEY, source, "image/png")
    assert s3_server.client().head_object(Bucket=bucket, Key=KEY)["ContentType"] == "image/png"


def test_a_link_gives_one_object_as_it_was_asked_for(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    disposition = "attachment; filename*=UTF-8''caf%C3%A9.png"
    with open_store(s3_server, bucket, tmp_path) as store:
        store.put(KEY, b"photo")
        store.require(KEY)
        with pytest.raises(FileNotFoundError):
            store.require(KEY.replace("ab", "cd"))
        url = store.link(KEY, content_type="image/png", disposition=disposition, seconds=3600)
    answer = httpx2.get(url)
    assert (answer.status_code, answer.content) == (200, b"photo")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == disposition
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["3600"]
    assert httpx2.get(url.replace("original", "other")).status_code == 403
    assert httpx2.put(url, content=b"mine").status_code == 403
    assert httpx2.get(url.replace("image%2Fpng", "text%2Fhtml")).status_code == 403


def test_objects_larger_than_any_of_ours_are_not_read(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    s3_server.client().put_object(Bucket=bucket, Key=KEY, Body=b"x" * 2000)
    http = OutgoingHttp(AddressGuard(["127.0.0.1"]))
    credentials = S3Credentials(s3_server.admin.access_key_id, s3_server.admin.secret_access_key)
    address = BucketAddress(bucket, REGION, s3_server.endpoint)
    store = S3Store(address, credentials, http, Spool(tmp_path, sync=False), max_bytes=1999)
    with pytest.raises(BucketRefused), store.local_path(KEY):
        pass
    assert refusal(lambda: store.read(KEY)).details["reason"] == "refused"
    assert list(tmp_path.iterdir()) == []
    http.close()


def test_a_private_address_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with answering(200) as (endpoint, seen):
        store = store_at(endpoint, tmp_path, AddressGuard())
        assert refusal(store.probe).details["reason"] == "address_refused"
        assert seen == []


def test_a_bucket_that_does_not_answer_is_asked_three_times(tmp_path: Path) -> None:
    with answering(503, b"<Error><Code>SlowDown</Code></Error>") as (endpoint, seen):
        with pytest.raises(BucketUnavailable):
            store_at(endpoint, tmp_path).put(KEY, b"x")
        assert len(seen) == 3
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BucketUnavailable, match="does not answer"):
        store_at(endpoint, tmp_path).put(KEY, b"x")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (301, b"<Error><Code>PermanentRedirect</Code></Error>", "wrong_region"),
        (400, b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>", "wrong_region"),
        (403, b"", "access_denied"),
        (404, b"<html>nothing here</html>", "refused"),
        (418, b"<Error><Code>" + b"x" * 200_000, "refused"),
    ],
)
def test_other_answers_are_told_apart(tmp_path: Path, status: int, body: bytes, reason: str) -> None:
    with answering(status, body) as (endpoint, seen):
        error = refusal(lambda: store_at(endpoint, tmp_path).put(KEY, b"x"))
        assert error.details["reason"] == reason
        assert len(seen) == 1
        assert ("eu-west-1" in error.message) == (status == 301)


def test_whatever_answers_200_is_no_bucket_yet(tmp_path: Path) -> None:
    with answering(200, b"welcome") as (endpoint, _):
        assert refusal(store_at(endpoint, tmp_path).probe).details["reason"] == "refused"


def test_the_servers_own_bucket_is_the_operators_business(s3_server: S3Server, tmp_path: Path, caplog) -> None:
    http = OutgoingHttp(None)
    credentials = S3Credentials(s3_server.admin.access_key_id, s3_server.admin.secret_access_key)
    address = BucketAddress("gone-bucket", REGION, s3_server.endpoint)
    store = ServerBucket(address, credentials, http, Spool(tmp_path, sync=False), public_endpoint="https://s3.example")
    with pytest.raises(ServiceUnavailable) as caught:
        store.put(KEY, b"x")
    assert "gone-bucket" not in caught.value.message
    assert "There is no bucket 'gone-bucket'" in caplog.text
    link = store.link(KEY, content_type="image/png", disposition="inline", seconds=60)
    assert link.startswith(f"https://s3.example/gone-bucket/{KEY}?")
    http.close()


@pytest.mark.parametrize(
    ("address", "start"),
    [
        (BucketAddress("photos", "eu-west-1"), "https://photos.s3.eu-west-1.amazonaws.com/"),
        (BucketAddress("my.photos", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/my.photos/"),
        (BucketAddress("photos", "cn-north-1"), "https://photos.s3.cn-north-1.amazonaws.com.cn/"),
        (BucketAddress("photos", "auto", "https://s3.example:9000/"), "https://s3.example:9000/photos/"),
        (BucketAddress("photos", "auto", "https://h.example/storage/s3"), "https://h.example/storage/s3/photos/"),
        (BucketAddress("photos", "auto", "https://s3.example", False), "https://photos.s3.example/"),
        (BucketAddress("photos", "us-east-1", None, True), "https://s3.us-east-1.amazonaws.com/photos/"),
    ],
)
def test_where_a_bucket_is(address: BucketAddress, start: str) -> None:
    credentials = S3Credentials("AKIDEXAMPLE000000", "z" * 40)
    url = S3Signer(address, credentials).url("GET", KEY, seconds=60)
    assert url.startswith(f"{start}{KEY}?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "z" * 40 not in url + repr(credentials)


def store_at(endpoint: str, folder: Path, guard: AddressGuard | None = None) -> S3Store:
    http = OutgoingHttp(guard or AddressGuard(["127.0.0.1"]))
    address = BucketAddress("photos", "us-east-1", endpoint)
    return S3Store(address, S3Credentials("AKIDEXAMPLE000000", "z" * 40), http, Spool(folder, sync=False))


@contextmanager
def answering(status: int, body: bytes = b"") -> Iterator[tuple[str, list[str]]]:
    """A server that gives everybody the same answer, and remembers who asked."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("x-amz-bucket-region", "eu-west-1" if status == 301 else "not a region!")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass

        do_GET = do_DELETE = do_PUT  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_folder_of_the_rights_is_the_one_that_is_documented() -> None:
    assert BUCKET_FOLDER == "scopix"


def test_a_long_list_comes_in_pages(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    """More than the 1,000 objects of a page; what we would never have written is left out."""
    client = s3_server.client()
    for number in range(1005):
        client.put_object(Bucket=bucket, Key=f"tenant/{number}", Body=b"")
    client.put_object(Bucket=bucket, Key="tenant/somebody else's", Body=b"")
    with open_store(s3_server, bucket, tmp_path) as store:
        assert {one.key for one in store.list("tenant")} == {f"tenant/{number}" for number in range(1005)}
    with open_store(s3_server, bucket, tmp_path, s3_server.writer) as store:
        error = refusal(lambda: list(store.list("tenant")))
    assert (error.details["right"], "s3:ListBucket" in error.message) == ("list", True)


def test_a_link_for_an_upload_takes_one_length_until_its_time_is_over(
    s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    address = BucketAddress(bucket, REGION, s3_server.endpoint)
    credentials = S3Credentials(s3_server.admin.access_key_id, s3_server.admin.secret_access_key)
    http, key = OutgoingHttp(None), "tenant/direct/upload/1"
    store = ServerBucket(address, credentials, http, Spool(tmp_path, sync=False))
    try:
        link = store.upload_link(key, size_bytes=5, seconds=60)
        for wrong in (b"", b"four", b"longer"):
            assert httpx2.put(link, content=wrong).status_code == 403
        assert httpx2.put(link, content=iter([b"five."])).status_code == 403, "in chunks"
        with pytest.raises(FileNotFoundError), store.received(key, max_bytes=5):
            pass
        etag = httpx2.put(link, content=b"five.").headers["etag"]
        with store.received(key, max_bytes=5) as received:
            assert (received[0].read_bytes(), received[1]) == (b"five.", etag)
        # Whatever is there, no more than one byte too many is read.
        store.put(key, b"x" * 100_000)
        with store.received(key, max_bytes=5) as (path, _):
            assert path.read_bytes() == b"x" * 6
        assert list(tmp_path.iterdir()) == []
        short = store.upload_link(key, size_bytes=5, seconds=1)
        time.sleep(2.1)
        assert httpx2.put(short, content=b"five.").status_code == 403
    finally:
        http.close()
