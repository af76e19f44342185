"""What a server tells about its work: logs with the ids of requests and files, and traces over all its processes."""

import json
import os
from pathlib import Path

import pytest

from tests.support.images import damaged_png, encoded, picture
from tests.support.server import ServerProcess
from tests.support.setup import StoredInBucket
from tests.support.traces import TraceCollector
from tests.support.waiting import wait_until_described, wait_until_over


def lines_of(server: ServerProcess) -> list[dict]:
    """The log, in which every single line must be a JSON object."""
    return [json.loads(line) for line in server.log.splitlines()]


def original_of(server: ServerProcess, file_id: str) -> "Path | StoredInBucket":
    """Where the file's content is stored."""
    (found,) = (path for path in server.stored_objects() if path.match(f"{file_id}/original.*"))
    return found


def test_every_line_is_json_and_names_the_request_and_the_file(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", log_format="json", worker_processes="1").start().wait_until_ready()
    with server.client() as http:
        asked = {"X-Request-ID": "the-upload"}
        sent = {"file": ("a.png", encoded(picture()))}
        file_id = http.post("/files/upload", files=sent, headers=asked).json()["image_id"]
        wait_until_described(http, file_id)
        batch = [("files", (f"{n}.png", encoded(picture(seed=n)))) for n in (2, 3)]
        session = http.post("/files/upload/batch", files=batch, headers={"X-Request-ID": "the-batch"}).json()
        wait_until_over(http, session["session_id"])
        # Its object is taken away, so that the work on it fails and is told.
        lost = http.post("/files/upload", files={"file": ("b.png", encoded(picture(seed=9)))}).json()["image_id"]
        wait_until_described(http, lost)
        original_of(server, lost).unlink()
        http.post(f"/files/{lost}/variants", headers={"X-Request-ID": "the-variants"})
        link = http.get(f"/files/{file_id}/download", follow_redirects=True).url
    worker = next(process for process in server.processes() if "worker" in process.cmdline())
    worker.kill()
    server.wait_until_ready()
    assert server.stop() == 0

    lines = lines_of(server)
    assert all({"event", "level", "timestamp", "logger"} <= set(line) for line in lines)
    described = [line for line in lines if line["event"].startswith("describe file")]
    assert [(line["file_id"], line["request_id"]) for line in described if line["file_id"] == file_id] == [
        (file_id, "the-upload")
    ]
    assert sum(line["request_id"] == "the-batch" for line in described) == 2
    assert all("file_id" in line for line in lines if line["logger"] == "scopix_server.jobs.worker" and "s" in line)
    token = str(link).rsplit("/", 1)[1]
    assert token not in server.log
    # Links to a bucket do not lead past the server.
    assert any(line.get("path") == "/api/v2/content/{token}" for line in lines) == (server.setup.bucket is None)


def test_a_failure_in_the_worker_names_its_file(tmp_path: Path) -> None:
    """What nobody foresaw with its traceback, a damaged image in one line."""
    server = ServerProcess(tmp_path / "data", worker=False, log_format="json").start()
    with server.client() as http:
        sent = {"file": ("a.png", encoded(picture()))}
        answer = http.post("/files/upload", files=sent, headers={"X-Request-ID": "who-asked"})
        file_id = answer.json()["image_id"]
        damaged_id = http.post("/files/upload", files={"file": ("b.png", damaged_png())}).json()["image_id"]
    original_of(server, file_id).unlink()
    assert server.stop() == 0
    server = ServerProcess(tmp_path / "data", log_format="json", worker_processes="1").start()
    with server.client() as http:
        assert wait_until_described(http, file_id)["unified_status"] == "failed"
        assert wait_until_described(http, damaged_id)["unified_status"] == "failed"
    assert server.stop() == 0
    failures = {line["file_id"]: line for line in lines_of(server) if "perceive failed" in line["event"]}
    told, plain = failures[file_id], failures[damaged_id]
    assert "damaged" in plain["event"] and "exception" not in plain
    assert not any("exception" in line for line in lines_of(server) if line.get("file_id") == damaged_id)
    assert (told["file_id"], told["request_id"]) == (file_id, "who-asked")
    assert "missing from storage" in told["exception"]


def test_a_trace_leads_from_the_request_to_the_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TraceCollector().running() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        server = ServerProcess(tmp_path / "data", tracing="true", worker_processes="1").start().wait_until_ready()
        caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        with server.client() as http:
            sent = {"file": ("a.png", encoded(picture()))}
            headers = {"traceparent": caller, "X-Request-ID": "traced"}
            file_id = http.post("/files/upload", files=sent, headers=headers).json()["image_id"]
            wait_until_described(http, file_id)
            http.get("/files/00000000-0000-4000-8000-000000000000")
        collector.wait_for("describe file", "describe", "POST /api/v2/files/upload", "GET /api/v2/files/{file_id}")
        assert server.stop() == 0
        spans = list(collector.spans)

    ours = {span.name: span for span in spans if span.trace_id == "0af7651916cd43dd8448eb211c80319c"}
    assert set(ours) >= {"POST /api/v2/files/upload", "store and record", "describe file", "perceive", "describe"}
    upload, job = ours["POST /api/v2/files/upload"], ours["describe file"]
    assert upload.parent_id == "b7ad6b7169203331"
    assert upload.attributes["http.response.status_code"] == 201
    assert upload.attributes["scopix.request_id"] == "traced"
    assert (upload.service, job.service) == ("scopix-server", "scopix-worker")
    assert ours["store and record"].parent_id == upload.span_id
    assert job.parent_id == ours["store and record"].span_id
    assert job.attributes["scopix.file"] == file_id
    assert ours["perceive"].parent_id == job.span_id
    assert ours["describe"].parent_id == job.span_id
    assert not any(span.failed for span in ours.values())


def test_without_the_setting_nothing_is_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TraceCollector().running() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        server = ServerProcess(tmp_path / "data", worker=False).start()
        with server.client() as http:
            http.get("/files")
        assert server.stop() == 0
    assert collector.spans == []
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ
