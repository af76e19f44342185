"""GET /metrics of a real server: what Prometheus would read, and who may read it."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.integration.api.test_metrics import Metrics, look
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_described, wait_until_over

TOKEN = "a-token-for-the-figures"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own: its figures begin at zero."""
    server = ServerProcess(tmp_path_factory.mktemp("metrics"), worker_processes="1").start().wait_until_ready()
    yield server
    assert server.stop() == 0


def test_what_happens_is_counted(own: ServerProcess) -> None:
    data = encoded(picture())
    before = look(own)
    with own.client() as http:
        sent = {"file": ("a.png", data)}
        file_id = http.post("/files/upload", files=sent, headers={"Idempotency-Key": "k"}).json()["image_id"]
        http.post("/files/upload", files=sent, headers={"Idempotency-Key": "k"})
        http.post("/files/upload", files=sent, data={"skip_duplicates": "true"})
        http.post("/files/upload", files={"file": ("a.exe", b"MZ" + bytes(100))})
        http.post("/files/upload", files=sent, data={"auto_describe": "false"})
        files = [("files", ("b.png", encoded(picture(seed=2)))), ("files", ("c.png", b"no picture at all"))]
        session = http.post("/files/upload/batch", files=files).json()["session_id"]
        wait_until_over(http, session)
        wait_until_described(http, file_id)
        http.get(f"/files/{file_id}")
        http.get("/files/00000000-0000-4000-8000-000000000000")
        http.get("/no/such/route/at/all")
        with http.stream("GET", f"/files/upload/sessions/{session}/events") as stream:
            stream.read()
    after = wait_for_stages(own, rendered=1, described=2)

    def more(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert more("scopix_uploads_total", way="single", outcome="accepted") == 2
    assert more("scopix_uploads_total", way="single", outcome="replayed") == 1
    assert more("scopix_uploads_total", way="single", outcome="duplicate") == 1
    assert more("scopix_uploads_total", way="batch", outcome="accepted") == 1
    assert more("scopix_uploads_total", way="batch", outcome="rejected") == 1
    assert more("scopix_refusals_total", code="UNSUPPORTED_FILE_TYPE") == 2
    assert more("scopix_refusals_total", code="NOT_FOUND") == 2
    assert more("scopix_http_requests_total", route="/api/v2/files/upload", method="POST", status="201") == 4
    assert more("scopix_http_requests_total", route="/api/v2/files/upload", method="POST", status="400") == 1
    assert more("scopix_http_requests_total", route="/api/v2/files/{file_id}", status="200") == 1
    assert more("scopix_http_requests_total", route="/api/v2/files/{file_id}", status="404") == 1
    assert more("scopix_http_requests_total", route="unknown", status="404") == 1
    assert more("scopix_http_request_seconds_count", route="/api/v2/files/{file_id}") == 2
    assert more("scopix_received_bytes_total") > 5 * len(data)
    assert more("scopix_receive_seconds_count", way="single") == 4
    assert after.value("scopix_open_streams") == 0
    workers = own.setup.workers or 1
    assert after.value("scopix_workers_alive") == workers
    assert after.value("scopix_worker_heartbeat_age_seconds") < 30 * workers
    assert after.value("scopix_disk_free_bytes") > 0
    assert after.value("scopix_jobs") == 0
    for stage in ("perceive", "describe"):
        assert after.value("scopix_stage_seconds_count", stage=stage, outcome="done") == 2
        assert after.value("scopix_stage_seconds_bucket", stage=stage, outcome="done", le="+Inf") == 2
        assert after.value("scopix_stage_seconds_sum", stage=stage, outcome="done") > 0
    assert after.labels("scopix_server_info") == [{"version": "2.0.0"}]


def wait_for_stages(server: ServerProcess, *, rendered: int, described: int) -> Metrics:
    """Workers hand in their figures with their heartbeat."""
    deadline = time.monotonic() + 60
    while True:
        found = look(server)
        counted = [
            found.value("scopix_stage_seconds_count", stage=stage, outcome="done") for stage in ("render", "describe")
        ]
        if counted == [rendered, described]:
            return found
        assert time.monotonic() < deadline, counted
        time.sleep(0.3)


def test_no_label_takes_what_a_client_chooses(own: ServerProcess) -> None:
    httpx2.request("BREW", f"{own.root}/coffee")
    with own.client() as http:
        http.get("/files/secret-word-of-a-client")
    found = look(own)
    text = str([sample.labels for sample in found.samples])
    assert "secret-word" not in text
    assert "BREW" not in text
    assert "coffee" not in text
    assert own.api_key[:15] not in text


def test_figures_of_the_stages_outlive_their_worker(own: ServerProcess) -> None:
    counted = look(own).value("scopix_stage_seconds_count")
    worker = next(process for process in own.processes() if "worker" in process.cmdline())
    worker.kill()
    own.wait_until_ready()
    assert look(own).value("scopix_stage_seconds_count") >= counted


def test_by_default_this_machine_alone_may_look(own: ServerProcess) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        answer = httpx2.get(f"{own.root}/metrics", headers={header: "203.0.113.7"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AUTHZ_ERROR")
