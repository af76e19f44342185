"""Schemathesis against a real server: what its document allows is taken, what it forbids refused, and as it says."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded
from tests.support.inprocess import InProcessServer, serving

pytestmark = ON_SQLITE
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    # It shows no key thousands of times, from one address.
    settings = {"failed_requests_per_minute": "1000000", "sensitive_requests_per_minute": "1000000"}
    with serving(tmp_path_factory.mktemp("schemathesis"), database=database, **settings) as running:
        yield running


def test_every_answer_is_as_the_document_says(server: InProcessServer, tmp_path: Path) -> None:
    done = run_schemathesis(server, tmp_path, seed=20261122, examples=6)
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    generated, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", report).groups())
    assert generated == passed > 500, report
    with server.client() as client:
        operations = sum(len(methods) for methods in client.get("/openapi.json").json()["paths"].values())
    # The two streams are left out, see the settings.
    assert f"Selected: {operations - 2}/{operations}\n  Tested: {operations - 2}" in report, report
    assert "Traceback" not in server.log


def run_schemathesis(
    server: InProcessServer, folder: Path, *, seed: int, examples: int
) -> subprocess.CompletedProcess[str]:
    with server.client() as client:
        document = folder / "openapi.json"
        # Read from a file: Schemathesis itself waits 10 seconds for a document, which is made when first asked for.
        document.write_bytes(client.get("/openapi.json").content)
    command = [
        *(
            Path(sys.executable).with_name("schemathesis"),
            "--config-file",
            ROOT / "tests/integration/api/schemathesis.toml",
        ),
        *("--no-color", "run", document, "--url", server.root),
        *("--header", f"Authorization: Bearer {server.api_key}", "--max-redirects", "0"),
        # One worker: with more, Python 3.11's parser, which Hypothesis uses, loses count of its depth now and then.
        *("--seed", str(seed), "--max-examples", str(examples), "--workers", "1"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **what_there_is(server)}
    # It keeps a cache in the current folder.
    return subprocess.run(
        [str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True, timeout=280
    )


def what_there_is(server: InProcessServer) -> dict[str, str]:
    """Forty files and a link to one, for the hooks."""
    with server.client() as client:
        pictures = [Image.new("RGB", (16, 16), (number, 0, 0)) for number in range(40)]
        files = [("files", (f"{number}.png", io.BytesIO(encoded(one)))) for number, one in enumerate(pictures)]
        session = client.post("/files/upload/batch", files=files, data={"auto_describe": "false"}).json()["session_id"]
        results = client.get(f"/files/upload/sessions/{session}/results").json()["results"]
        ids = [result["image_id"] for result in results]
        link = client.get(f"/files/{ids[0]}/download").headers["Location"]
    return {"SCOPIX_TEST_FILE_IDS": ",".join(ids), "SCOPIX_TEST_LINK_TOKEN": link.rpartition("/")[2]}
