"""What a server and its processes know of secrets, what they show of them, and what strangers can make them print."""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tests.support.commands import command
from tests.support.endpoint import Endpoint, say, status
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_described

KEY, HEADER, OTHER_KEY = "sk-Kh7qW9vTzLmXp42-engine", "team-Zq8w1Rt5-header", "gpu-Ty3m8Vx0Pq-other"
SECRETS = {
    "engine_key": KEY,
    "link_secret": "link-Bn4k7Jd2Ws9-secret",
    "metrics_token": "metrics-Uc5g1Xe8Lr-token",
    "encryption_key": base64.b64encode(b"0123456789abcdefghijklmnopqrstuv").decode(),
}
ENGINES = """
engines:
  - {{name: second, url: "{url}", weight: 0, key_env: GPU_KEY, headers: {{X-Api-Key: "in-the-file-0123456"}}}}
"""
# What an engine may write into its errors.
ECHOES = [
    KEY,
    repr(f"Bearer {KEY}\r".encode()),
    json.dumps({"Authorization": f"Bearer {KEY}"}),
    quote(KEY + "\r"),
    base64.b64encode(f"user:{KEY}".encode()).decode(),
    f"{KEY[:18]}...",
    HEADER,
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        running.key = KEY
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "engines.yaml").write_text(ENGINES.format(url=endpoint.url))
    os.environ["GPU_KEY"] = OTHER_KEY  # no setting of Scopix, so handed on as the environment of this process
    running = ServerProcess(
        folder / "data",
        analyzer="scripted",
        worker_processes="1",
        engine_url=endpoint.url + "\n",
        engine_model="fixed-1",
        engine_headers=json.dumps({"X-Api-Key": HEADER + "\r\n"}),
        engines_file=str(folder / "engines.yaml"),
        **{name: f"{value}\r" for name, value in SECRETS.items()},
    )
    try:
        yield running.start().wait_until_ready()
    finally:
        del os.environ["GPU_KEY"]
        running.stop()


def shown_everywhere(server: ServerProcess, *more: str) -> str:
    """All that anybody can be shown: the log, readiness without a key, what is printed, and `more`."""
    import httpx2

    ready = httpx2.get(f"{server.root}/ready").text
    settings = server.setup.settings | server._settings
    doctor = command(server.data_dir, "doctor", "--json", **settings).stdout
    engines = command(server.data_dir, "doctor", "engine", **settings)
    return "\n".join([server.log, ready, doctor, engines.stdout, engines.stderr, *more])


def assert_nothing_secret(text: str) -> None:
    for secret in (*SECRETS.values(), HEADER, OTHER_KEY, "in-the-file-0123456"):
        assert secret not in text
        assert secret[: len(secret) // 2 + 3] not in text
        assert base64.b64encode(secret.encode())[4:16].decode() not in text


def test_a_key_with_a_line_break_is_used_without_it_and_never_shown(server: ServerProcess, endpoint: Endpoint) -> None:
    endpoint.always = say()
    with server.client() as http:
        file_id = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))}).json()["image_id"]
        assert wait_until_described(http, file_id)["unified_status"] == "completed"
        known = [http.get(path).text for path in (f"/files/{file_id}", f"/files/{file_id}/descriptions")]
    assert_nothing_secret(shown_everywhere(server, *known))


@pytest.mark.parametrize("echo", ECHOES)
def test_an_engine_that_repeats_the_key_is_masked(server: ServerProcess, endpoint: Endpoint, echo: str) -> None:
    # In the beginning, in the middle, and where the message is cut.
    endpoint.always = status(400, f"{echo} is wrong. {'x' * 240} {echo} {echo}")
    with server.client() as http:
        sent = {"file": ("a.png", encoded(picture(seed=ECHOES.index(echo) + 2)))}
        file_id = http.post("/files/upload", files=sent).json()["image_id"]
        wait_until(lambda: "HTTP 400" in http.get(f"/files/{file_id}/processing-status").text)
        known = http.get(f"/files/{file_id}/processing-status").text + http.get(f"/files/{file_id}").text
        http.delete(f"/files/{file_id}")
    endpoint.always = say()
    assert "***" in known
    assert_nothing_secret(known + server.log)


def test_processes_that_decode_have_nothing_of_the_environment_they_do_not_need(server: ServerProcess) -> None:
    workers = [process for process in server.processes() if "worker" in process.cmdline()]
    # One that decodes, and the one that keeps track of shared resources; a second worker may still be starting.
    wait_until(lambda: all(len(worker.children(recursive=True)) >= 2 for worker in workers))
    for child in [child for worker in workers for child in worker.children(recursive=True)]:
        environment = environ_of(child)
        assert environment
        assert_nothing_secret(json.dumps(environment))
        assert not [name for name in environment if name.startswith(("SCOPIX_", "GPU_"))], child.cmdline()
        assert environment["OMP_NUM_THREADS"] == "1"
    if server.setup.workers == 0:
        (worker,) = workers
        assert not {"SCOPIX_LINK_SECRET", "SCOPIX_METRICS_TOKEN"} & environ_of(worker).keys()


def environ_of(process: psutil.Process) -> dict[str, str]:
    """The environment as anybody sees it who may look into /proc."""
    raw = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode("utf-8", "replace").split("=", 1) for entry in raw if b"=" in entry)


def test_nothing_of_a_request_reaches_the_terminal_as_a_command(server: ServerProcess) -> None:
    name = "\x1b]0;owned\x07\u202egpj.exe"
    with server.client() as http:
        http.get(f"/files/{quote(name)}/nothing%0afake%20line%9b31m")
        http.get(f"/files/{quote(name)}")
        http.post("/files/upload", files={"file": (name, b"\x89PNG no picture")})
    wait_until(lambda: "owned" in server.log)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", server.log)
    assert "\nfake" not in server.log
    assert "\\x1b]0;owned\\x07\\u202egpj.exe" in server.log


@pytest.mark.parametrize(
    ("name", "setting", "value", "told"),
    [
        ("serve", "engine_key", "sk-secret-é-1", "SCOPIX_ENGINE_KEY: holds the sign U+00E9"),
        ("doctor", "database_url", "postgresql://me:sk-secret@1@h/x", "SCOPIX_DATABASE_URL: holds more than one @"),
        ("worker", "engine_headers", "sk-secret", "SCOPIX_ENGINE_HEADERS: it must be JSON"),
        ("serve", "public_url", "https://me:sk-secret@h", "SCOPIX_PUBLIC_URL: must not hold a user"),
    ],
)
def test_what_cannot_be_used_ends_every_command_with_a_sentence(
    tmp_path: Path, name: str, setting: str, value: str, told: str
) -> None:
    done = command(tmp_path / "data", name, **{setting: value})
    assert done.returncode == 1
    assert told in done.stderr
    assert "sk-secret" not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) == 1
