"""A relay that delays, refuses, cuts and repeats, between each two parts: nothing is lost, nothing doubled.

Which faults come is drawn from FAULTS_SEED; the first of each kind comes for certain. FAULTS_FILES=90 is a longer run.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from scopix import ClientConfig, SyncScopix
from scopix_server.upkeep.integrity import MARK_KEY
from tests.proofs.sending import FILES, KINDS, SEED, check_files, details, file_of, let_fail, upload, wait_until_ended
from tests.support.cluster import bucket_settings
from tests.support.endpoint import Endpoint
from tests.support.postgres import fresh_database
from tests.support.relay import HttpRelay, Relay
from tests.support.s3 import S3Server
from tests.support.server import ServerProcess
from tests.support.setup import clear_bucket

pytestmark = [
    pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning"),
    pytest.mark.timeout(300 + 10 * FILES),
]


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server without a worker."""
    running = ServerProcess(tmp_path / "data", worker=False, plans='{"custom": {"files_per_batch": 4}}').start()
    yield running
    assert running.stop() == 0


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[ServerProcess]:
    """A server with a worker, whose descriptions are made up."""
    server = ServerProcess(folder / "data", **{"worker_processes": "1", "analyzer": "scripted", **settings})
    server.start().wait_until_ready()
    try:
        yield server
    finally:
        assert server.stop() == 0


@contextmanager
def cutting(relay: Relay) -> Iterator[None]:
    """Cut all connections now and then for as long as the context lasts, ever more seldom.

    Else a machine on which nothing is done between two cuts would never come to an end.
    """
    chance, over = random.Random(SEED), threading.Event()

    def cut() -> None:
        longest = 0.6
        while not over.wait(chance.uniform(0.1, longest)):
            relay.cut()
            longest *= 1.1

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def socket_of(url: str) -> str:
    """The Unix socket of the server of a test database."""
    return f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"


def test_between_client_and_server(idle: ServerProcess) -> None:
    """The SDK tries again by itself, under the same keys: singles, and a batch of several requests in one session."""
    contents = [file_of(number) for number in range(2 * FILES)]
    with HttpRelay(idle.root) as relay:
        config = ClientConfig(
            api_key=idle.api_key,
            base_url=f"{relay.url}/api/v2",
            timeout=30,
            max_retries=30,
            retry_delay=0.001,
            circuit_breaker_enabled=False,
        )
        let_fail(relay, 0.4)
        options = {"auto_describe": False, "wait_for_descriptions": False}
        with SyncScopix.from_config(config) as client:
            results = [client.files.upload(data, filename=name, **options) for name, data in contents[:FILES]]
            names, bodies = zip(*contents[FILES:], strict=True)
            batch = client.files.upload_batch(list(bodies), filenames=list(names), **options)
        assert len(relay.suffered) >= len(KINDS)
    ids = {number: str(result.image_id) for number, result in enumerate([*results, *batch])}
    (session_id,) = batch.session_ids
    with idle.client() as http:
        check_files(http, ids, state="skipped")
        session = http.get(f"/files/upload/sessions/{session_id}").json()
    assert (session["status"], session["total_files"], session["completed_files"]) == ("completed", FILES, FILES)
    idle.setup.clear()
    assert Counter(path.parent.name for path in idle.stored_objects()) == dict.fromkeys(ids.values(), 1)


def test_between_server_and_store(tmp_path: Path, s3_server: S3Server) -> None:
    bucket = s3_server.new_bucket()
    with HttpRelay(s3_server.endpoint) as relay:
        settings = bucket_settings(s3_server, bucket) | {"s3_endpoint_url": relay.url}
        with running(tmp_path, **settings) as server, server.client() as http:
            let_fail(relay, 0.2)
            ids = {number: upload(http, number, described=True) for number in range(FILES)}
            wait_until_ended(http)
            relay.heal()
            check_files(http, ids, state="completed")
            url = server.setup.settings.get("database_url", f"sqlite:///{server.data_dir / 'scopix.db'}")
            clear_bucket(url, s3_server, bucket, server.data_dir)
        assert len(relay.suffered) >= len(KINDS)
    # The original and four variants of each, and nothing else.
    owners = Counter(key.split("/")[2] for key in s3_server.keys(bucket) if key != MARK_KEY)
    assert owners == dict.fromkeys(ids.values(), 5)


def test_between_worker_and_engine(tmp_path: Path) -> None:
    with Endpoint() as engine, HttpRelay(engine.url.removesuffix("/v1")) as relay:
        settings = {"engine_url": f"{relay.url}/v1", "engine_model": "fixed-1"}
        with running(tmp_path, **settings) as server, server.client() as http:
            let_fail(relay, 0.3)
            ids = {number: upload(http, number, described=True) for number in range(FILES)}
            wait_until_ended(http)
            relay.heal()
            # An answer that breaks off three times over one picture may be that picture's doing; it can be asked again.
            failed = [item for item in details(http) if item["description_status"] == "failed"]
            assert {item["description_error_type"] for item in failed} <= {"vlm_error", "timeout"}
            assert all(item["description_is_retryable"] for item in failed)
            again = http.post("/files/describe", json={"error_types": ["vlm_error", "timeout"]}).json()
            assert (again["matched"], again["queued"]) == (len(failed), len(failed))
            wait_until_ended(http)
            check_files(http, ids, state="completed")
            assert {item["full_descriptions"][0]["model"] for item in details(http)} == {"fixed-1"}
        assert len(relay.suffered) >= len(KINDS)


def test_between_everything_and_postgresql(tmp_path: Path) -> None:
    """Connections are refused, cut after some bytes either way, and all cut at once, while files are described."""
    with fresh_database() as url, Relay(socket_of(url)) as relay:
        address = f"postgresql://postgres@127.0.0.1:{relay.port}/{urlsplit(url).path.removeprefix('/')}"
        with running(tmp_path, database_url=address, database_connections="4") as server, server.client() as http:
            let_fail(relay, 0.3, "delay", "refuse", "cut request", "cut response")
            with cutting(relay), ThreadPoolExecutor(3) as threads:
                ids = dict(enumerate(threads.map(lambda number: upload(http, number, described=True), range(FILES))))
                wait_until_ended(http)
            relay.heal()
            relay.cut()
            check_files(http, ids, state="completed")
            server.setup.clear()
            assert Counter(path.parent.name for path in server.stored_objects()) == dict.fromkeys(ids.values(), 5)
        assert len(relay.suffered) >= 4
