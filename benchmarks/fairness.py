"""How long does one tenant wait because of another, or of its own bulk work? As ratios to an idle server.

    python benchmarks/fairness.py [--only backlog ...] [--full] [--patience 120] [--analyzer scripted] [--postgresql]

For each row a server of its own (SQLite, or the tests' PostgreSQL; one process that looks at images), two tenants, and
one thing that somebody waits for: measured three times on the idle server (the median counts), then while the other
work is there. What takes longer than `--patience` seconds is given up and told as such. The default sizes are scaled
down so that all of it ends in a few minutes; `--full` takes those that were complained of. Buckets and receivers of
webhooks are small servers of this script, which keep silent when they are told to.

- backlog: a tenant's batch waits to be described; another tenant uploads one image and waits for its description.
- own-batch: a batch of tiny images waits; the same tenant uploads one image and waits for its description.
- hanging-reads: a tenant's four files are in a bucket that hangs; another tenant uploads one image and waits.
- hanging-writes: a tenant uploads 32 files into a bucket that hangs; another uploads one into a bucket that does not.
- silent-webhook: a tenant sends 40 pings to a receiver that keeps silent; another sends one to another receiver.
- bulk-describe: a tenant describes all its files again by a filter; the longest that changing a title takes another
  meanwhile, when it does so over and over.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopix_server.config import Settings
from scopix_server.domain.tenant import Tenant
from scopix_server.wiring.keys import create_key
from scopix_server.wiring.shared import open_database
from tests.support.images import encoded, noise, picture
from tests.support.postgres import fresh_database
from tests.support.server import ServerProcess

_BATCH = 100
_SIZES = {"backlog": (150, 2001), "own-batch": (100, 150), "hanging-reads": (4, 4), "hanging-writes": (32, 32)}
_SIZES |= {"silent-webhook": (40, 40), "bulk-describe": (500, 2001)}


@dataclass
class Row:
    """One line of the table: seconds on the idle server, and beside the other work; None: not within the patience."""

    name: str
    size: int
    idle: float
    busy: float | None

    def __str__(self) -> str:
        busy = "given up" if self.busy is None else f"{self.busy:.2f}"
        ratio = "–" if self.busy is None else f"{self.busy / self.idle:.1f}"
        return f"| {self.name} | {self.size} | {self.idle:.2f} | {busy} | {ratio} |"


class Outsider:
    """A server of somebody else's: a bucket that keeps what it is given, and takes webhooks; silent when told so."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.posted = 0
        self.silent: set[str] = set()
        self.asked = 0
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                outer.asked += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.command in outer.silent:
                    outer.let_go.wait()
                    self.close_connection = True
                    return
                path = self.path.partition("?")[0]
                found = outer.objects.get(path)
                if self.command == "PUT":
                    outer.objects[path] = body
                elif self.command == "DELETE":
                    outer.objects.pop(path, None)
                elif self.command == "POST":
                    outer.posted += 1
                missing = self.command in {"GET", "HEAD"} and found is None
                answer = b"" if missing or self.command != "GET" else found or b""
                self.send_response(404 if missing else 200)
                self.send_header("ETag", '"0"')
                self.send_header("Content-Length", str(len(found or b"") if self.command == "HEAD" else len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _take  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()


class Site:
    """A server, and what tenants do with it."""

    def __init__(self, folder: Path, analyzer: str, patience: float, database_url: str | None) -> None:
        self._patience = patience
        settings = {} if database_url is None else {"database_url": database_url}
        self.server = ServerProcess(
            folder,
            analyzer=analyzer,
            allowed_addresses="127.0.0.1",
            worker_processes="1",
            log_level="error",
            **settings,
        )
        self.server.start().wait_until_ready()

    def tenant(self) -> httpx2.Client:
        database = open_database(Settings(data_dir=self.server.data_dir, **self.server.setup.settings))
        try:
            tenant = Tenant(str(uuid.uuid4()), f"tenant {uuid.uuid4()}", datetime.now(UTC))
            database.write(lambda t: t.tenants.add_tenant(tenant))
            key = create_key(database, "a key", ("admin",), tenant=tenant).secret
        finally:
            database.close()
        limits = httpx2.Limits(max_connections=200)
        return httpx2.Client(
            base_url=self.server.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=600, limits=limits
        )

    def upload(self, http: httpx2.Client, content: bytes, **fields: str) -> str:
        answer = http.post("/files/upload", files={"file": ("a.png", content)}, data=fields)
        answer.raise_for_status()
        return str(answer.json()["image_id"])

    def batch(self, http: httpx2.Client, contents: list[bytes], **fields: str) -> None:
        for start in range(0, len(contents), _BATCH):
            parts = [("files", (f"{n}.png", content)) for n, content in enumerate(contents[start : start + _BATCH])]
            http.post("/files/upload/batch", files=parts, data=fields).raise_for_status()

    def upload_and_wait(self, http: httpx2.Client, seed: int) -> float | None:
        """Seconds from an upload to its description."""
        content, started = large(seed), time.monotonic()
        file_id = self.upload(http, content)
        return self.until(lambda: described(http, file_id), started)

    def until(self, is_so: Callable[[], bool], started: float) -> float | None:
        while not is_so():
            if time.monotonic() - started > self._patience:
                return None
            time.sleep(0.05)
        return time.monotonic() - started

    def use_bucket(self, http: httpx2.Client, bucket: Outsider) -> None:
        body = {"access_key_id": "AKIAEXAMPLEEXAMPLE00", "secret_access_key": "example-" * 5, "bucket_name": "bucket"}
        body |= {"region": "us-east-1", "endpoint_url": bucket.url, "force_path_style": True}
        answer = http.post("/tenant/s3-config", json=body)
        assert answer.is_success, answer.text

    def ping(self, http: httpx2.Client, webhook: str) -> str:
        return str(http.post(f"/webhooks/{webhook}/ping").raise_for_status().json()["id"])

    def webhook(self, http: httpx2.Client, receiver: Outsider) -> str:
        made = http.post("/webhooks", json={"url": f"{receiver.url}/", "events": ["file.described"]})
        return str(made.raise_for_status().json()["id"])


def large(seed: int) -> bytes:
    """A picture that takes a while to decode and to make thumbnails of."""
    return encoded(picture(1600, 1200, seed), "JPEG")


def described(http: httpx2.Client, file_id: str) -> bool:
    status = http.get(f"/files/{file_id}/processing-status").raise_for_status().json()
    return bool(status["is_terminal"])


def idle(measure: Callable[[int], float | None]) -> float:
    times = [measure(number) for number in range(3)]
    assert all(spent is not None for spent in times), "the idle server took longer than the patience"
    return statistics.median(spent for spent in times if spent is not None)


@contextmanager
def at_once(work: Callable[[int], object], number: int) -> Iterator[None]:
    """Do work many times at once, meanwhile; what becomes of it does not matter."""
    threads = [threading.Thread(target=work, args=[n], daemon=True) for n in range(number)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    yield


def backlog(site: Site, size: int) -> tuple[float, float | None]:
    many, one = site.tenant(), site.tenant()
    quiet = idle(lambda seed: site.upload_and_wait(one, 1000 + seed))
    site.batch(many, [large(seed) for seed in range(size)])
    return quiet, site.upload_and_wait(one, 2000)


def own_batch(site: Site, size: int) -> tuple[float, float | None]:
    own = site.tenant()
    quiet = idle(lambda seed: site.upload_and_wait(own, 1000 + seed))
    site.batch(own, [encoded(noise(32, 32, seed)) for seed in range(size)])
    return quiet, site.upload_and_wait(own, 2000)


def hanging_reads(site: Site, size: int) -> tuple[float, float | None]:
    hanging, one, bucket = site.tenant(), site.tenant(), Outsider()
    site.use_bucket(hanging, bucket)
    quiet = idle(lambda seed: site.upload_and_wait(one, 1000 + seed))
    bucket.silent = {"GET"}
    for seed in range(size):
        site.upload(hanging, large(seed), storage_target="custom")
    time.sleep(2)
    spent = site.upload_and_wait(one, 2000)
    bucket.let_go.set()
    return quiet, spent


def hanging_writes(site: Site, size: int) -> tuple[float, float | None]:
    hanging, one, bad, good = site.tenant(), site.tenant(), Outsider(), Outsider()
    site.use_bucket(hanging, bad)
    site.use_bucket(one, good)
    content = encoded(picture())

    def upload(number: int) -> float:
        started = time.monotonic()
        site.upload(one, content, storage_target="custom", auto_describe="false")
        return time.monotonic() - started

    quiet = idle(upload)
    bad.silent = {"PUT"}

    def hang(_: int) -> None:
        # It ends when the server does.
        with suppress(httpx2.HTTPError):
            hanging.post("/files/upload", files={"file": ("a.png", content)}, data={"storage_target": "custom"})

    with at_once(hang, size), ThreadPoolExecutor(1) as thread:
        started = time.monotonic()
        spent = site.until(thread.submit(upload, 0).done, started)
        bad.let_go.set()
    return quiet, spent


def silent_webhook(site: Site, size: int) -> tuple[float, float | None]:
    first, second, silent, heard = site.tenant(), site.tenant(), Outsider(), Outsider()
    silent.silent = {"POST"}
    bad, good = site.webhook(first, silent), site.webhook(second, heard)

    def deliver(_: int) -> float | None:
        before, started = heard.posted, time.monotonic()
        site.ping(second, good)
        return site.until(lambda: heard.posted > before, started)

    quiet = idle(deliver)
    for _ in range(size):
        site.ping(first, bad)
    time.sleep(2)
    spent = deliver(0)
    silent.let_go.set()
    return quiet, spent


def bulk_describe(site: Site, size: int) -> tuple[float, float | None]:
    many, one = site.tenant(), site.tenant()
    site.batch(many, [encoded(noise(32, 32, seed)) for seed in range(size)], auto_describe="false", tags="all")
    file_id = site.upload(one, encoded(picture()), auto_describe="false")

    def change(number: int) -> float:
        started = time.monotonic()
        one.patch(f"/files/{file_id}", json={"title": f"title {number}"}).raise_for_status()
        return time.monotonic() - started

    quiet = idle(change)
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(many.post, "/files/describe", json={"tags": ["all"]})
        longest = 0.0
        while not call.done():
            longest = max(longest, change(time.monotonic_ns()))
            time.sleep(0.02)
        found = call.result().raise_for_status().json()
    assert found["queued"] == size, found
    return quiet, longest


ROWS: dict[str, Callable[[Site, int], tuple[float, float | None]]] = {
    "backlog": backlog,
    "own-batch": own_batch,
    "hanging-reads": hanging_reads,
    "hanging-writes": hanging_writes,
    "silent-webhook": silent_webhook,
    "bulk-describe": bulk_describe,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--full", action="store_true", help="the sizes that were complained of")
    parser.add_argument("--patience", type=float, default=120.0)
    parser.add_argument("--analyzer", choices=["builtin", "scripted"], default="scripted")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    wanted = parser.parse_args()
    print("| | size | idle server, s | beside it, s | ratio |\n|---|---|---|---|---|")
    for name in wanted.only:
        size = _SIZES[name][wanted.full]
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            url = stack.enter_context(fresh_database(migrated=True)) if wanted.postgresql else None
            site = Site(Path(folder) / "data", wanted.analyzer, wanted.patience, url)
            stack.callback(site.server.kill)
            print(Row(name, size, *ROWS[name](site, size)), flush=True)


if __name__ == "__main__":
    main()
