"""Downloading model files from a real HTTP server on this machine."""

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scopix_server.vlm.download import DownloadFailed, download
from scopix_server.vlm.model_table import ModelFile, ModelTable
from tests.support.commands import command

DATA = os.urandom(3 * 1024 * 1024 + 17)


class Files(BaseHTTPRequestHandler):
    """Serves DATA with ranges; breaks off after the server's `break_after` bytes as often as its `breaks` says."""

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted or "all")  # type: ignore[attr-defined]
        if self.path == "/moved.gguf":
            self.send_response(302)
            self.send_header("Location", "/model.gguf")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path != "/model.gguf":
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.resumable else 0  # type: ignore[attr-defined]
        data = DATA[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if server.breaks > 0:  # type: ignore[attr-defined]
            server.breaks -= 1  # type: ignore[attr-defined]
            self.wfile.write(data[: server.break_after])  # type: ignore[attr-defined]
            self.wfile.flush()
            self.connection.close()
            return
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.daemon_threads = True
    server.asked, server.breaks, server.break_after, server.resumable = [], 0, 1_000_000, True  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def file_of(hub: ThreadingHTTPServer, path: str = "model.gguf", **changes: object) -> ModelFile:
    values = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()} | changes
    return ModelFile(name="model.gguf", url=f"http://127.0.0.1:{hub.server_address[1]}/{path}", **values)  # type: ignore[arg-type]


def test_a_file_arrives_whole_and_is_not_fetched_twice(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    seen: list[int] = []
    path = download(file_of(hub), tmp_path, lambda done, size: seen.append(done))
    assert path.read_bytes() == DATA
    assert seen == sorted(seen)
    assert seen[-1] == len(DATA)
    download(file_of(hub), tmp_path)
    assert hub.asked == ["all"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.gguf"]


def test_what_breaks_off_is_continued(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    hub.breaks = 2
    assert download(file_of(hub), tmp_path, first_pause=0.01).read_bytes() == DATA
    assert hub.asked == ["all", "bytes=1000000-", "bytes=2000000-"]


def test_it_goes_on_where_an_earlier_command_stopped(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    hub.breaks, hub.break_after = 99, 100
    (tmp_path / "model.gguf.part").write_bytes(DATA[:500])
    with pytest.raises(DownloadFailed, match="Run the command again"):
        download(file_of(hub), tmp_path, first_pause=0.0)
    hub.breaks = 0
    assert download(file_of(hub), tmp_path).read_bytes() == DATA
    assert hub.asked[0] == "bytes=500-"


def test_a_server_that_cannot_resume_starts_over(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    hub.resumable = False
    (tmp_path / "model.gguf.part").write_bytes(DATA[:500])
    assert download(file_of(hub), tmp_path).read_bytes() == DATA


def test_a_wrong_checksum_is_refused_and_removed(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="not the file that was expected"):
        download(file_of(hub, sha256="0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_more_bytes_than_expected_are_refused(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="more than"):
        download(file_of(hub, size=1000), tmp_path)


def test_a_file_that_is_not_there(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="HTTP 404"):
        download(file_of(hub, "other.gguf"), tmp_path)


def test_the_way_may_lead_elsewhere(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    assert download(file_of(hub, "moved.gguf"), tmp_path).read_bytes() == DATA


def test_the_shipped_table_is_sound(tmp_path: Path) -> None:
    models = list(ModelTable(tmp_path))
    assert len({model.name for model in models}) == len(models) >= 3
    for model in models:
        for file in (model.model, model.projector):
            assert file.url.startswith("https://")
            assert file.url.endswith(file.name)
            # A revision, not a branch: what is behind the address must not change.
            assert len(file.url.split("/resolve/")[1].split("/")[0]) == 40
            assert len(file.sha256) == 64
            int(file.sha256, 16)
            assert file.size > 50_000_000
        assert model.licence == "Apache-2.0"
        assert not ModelTable(tmp_path).is_here(model.name)


def test_the_command(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    file = file_of(hub)
    entry = {"name": "model.gguf", "url": file.url, "size": file.size, "sha256": file.sha256}
    model = {"name": "tiny", "licence": "MIT", "source": "here", "memory_gb": 0.1, "note": "tests", "model": entry}
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"models": [model | {"projector": entry | {"name": "mmproj.gguf"}}]}))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return command(tmp_path / "data", "models", *arguments, models_table=str(table))

    listed = run("list", "--json")
    assert [(m["name"], m["here"]) for m in json.loads(listed.stdout)] == [("tiny", False)]
    pulled = run("pull", "tiny")
    assert pulled.returncode == 0, pulled.stderr
    assert "SCOPIX_ENGINE_MODEL=tiny" in pulled.stdout
    assert "yes" in run("list").stdout
    refused = run("pull", "other")
    assert refused.returncode == 1
    assert "there is no model 'other' in the table; there are tiny" in refused.stderr
