"""`scopix watch`: what is put into a folder is uploaded, once, when it is whole, over kills and absent servers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scopix.cli.watch import Look
from tests.integration.cli.conftest import Run
from tests.integration.cli.files import json_lines, listed
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until

ONCE = ("--once", "--interval", "0.1", "--json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "below").mkdir(parents=True)
    return tmp_path / "in"


def put(path: Path, seed: int) -> Path:
    path.write_bytes(encoded(picture(24, 24, seed)))
    return path


def test_a_file_is_ready_when_two_looks_saw_it_alike(folder: Path) -> None:
    look, path = Look(), folder / "a.png"
    path.write_bytes(b"")
    assert look.ready([str(path)]) == look.ready([str(path)]) == []  # only begun
    path.write_bytes(b"half")
    assert look.ready([str(path)]) == []
    path.write_bytes(b"half and more")
    assert look.ready([str(path)]) == []
    assert look.ready([str(path)]) == [str(path)]
    look.settle(str(path))
    assert look.ready([str(path)]) == []
    os.utime(path, ns=(1, 1))  # changed
    assert look.ready([str(path)]) == []
    assert look.ready([str(path)]) == [str(path)]
    path.unlink()
    assert look.ready([]) == [] and look.seen == {}


def test_what_is_there_is_sent_once(real: Run, scopix_server: InProcessServer, folder: Path) -> None:
    put(folder / "a.png", 1)
    put(folder / "below" / "b.png", 2)
    (folder / "notes.xyz").write_text("no picture")
    put(folder / "thumbs.png", 3)
    options = ("--tags", "watched", "--exclude", "thumbs*")
    done = real("watch", folder, *options, *ONCE)
    assert done.exit_code == 0, done.stderr
    sent = [line for line in json_lines(done.stdout) if line["state"] != "skipped"]
    assert sorted(Path(line["path"]).name for line in sent) == ["a.png", "b.png"]
    assert {item["filename"] for item in listed(scopix_server, tags="watched")} == {"a.png", "b.png"}
    # Again, with one more: what was sent is in the journal.
    put(folder / "c.png", 4)
    again = real("watch", folder, *options, "--once", "--interval", "0.1")
    assert again.exit_code == 0 and "c.png" in again.stdout
    assert len(listed(scopix_server, tags="watched")) == 3


def test_a_file_that_is_refused_stops_nothing(real: Run, folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"no picture at all, but long enough to be looked at")
    put(folder / "a.png", 5)
    done = real("watch", folder, *ONCE)
    assert done.exit_code == 1
    assert {Path(line["path"]).name: line["state"] for line in json_lines(done.stdout)} == {
        "broken.png": "refused",
        "a.png": "uploaded",
    }


def test_what_is_not_taken_is_told_once(real: Run, folder: Path) -> None:
    (folder / "notes.xyz").write_text("no picture")
    (folder / "film.mp4").write_bytes(b"0" * 100)
    done = real("watch", folder, "--once", "--interval", "0.1")
    assert done.exit_code == 0
    assert done.stderr.count(".mp4 is not taken from directories (film.mp4)") == 1
    assert "notes.xyz" in done.stderr and ".scopix-watch" not in done.stderr
    lines = json_lines(real("watch", folder, *ONCE).stdout)
    assert {Path(line["path"]).name for line in lines if line["state"] == "skipped"} == {"film.mp4", "notes.xyz"}


def test_a_wrong_key_ends_it(run: Run, scopix_server: InProcessServer, folder: Path) -> None:
    put(folder / "a.png", 6)
    address = {"SCOPIX_API_KEY": f"scopix_{'a' * 51}", "SCOPIX_BASE_URL": scopix_server.base_url}
    done = run("watch", folder, "--interval", "0.1", **address)
    assert done.exit_code == 3 and "refused the key" in done.stderr
    nowhere = run("watch", folder / "none", **address)
    assert nowhere.exit_code == 2 and "no directory" in nowhere.stderr


def test_it_survives_being_killed_and_a_server_that_is_away(folder: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "server", worker=False) as server:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCOPIX_")}
        environment |= {"SCOPIX_API_KEY": server.api_key, "SCOPIX_BASE_URL": server.base_url}
        environment |= {"SCOPIX_MAX_RETRIES": "0", "PYTHONUNBUFFERED": "1"}
        code = "from scopix.cli import main; main()"
        command = [sys.executable, "-c", code, "watch", str(folder), "--interval", "0.1", "--json"]

        def start() -> "subprocess.Popen[str]":
            return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        port = server.port
        put(folder / "a.png", 7)
        with start() as first:
            assert first.stdout is not None and json.loads(first.stdout.readline())["state"] == "uploaded"
            first.kill()
        server.stop()
        put(folder / "b.png", 8)
        with start() as second:
            try:
                assert second.stderr is not None and "watching" in second.stderr.readline()
                assert "Error" in second.stderr.readline()
                server.start(port)
                assert second.stdout is not None
                paths = {json.loads(second.stdout.readline())["path"] for _ in range(2)}
                assert paths == {str(folder / "a.png"), str(folder / "b.png")}
                second.send_signal(signal.SIGINT)
                assert second.wait(60) == 130
            finally:
                second.kill()
        wait_until(lambda: len(listed(server)) == 2)
        assert sorted(item["filename"] for item in listed(server)) == ["a.png", "b.png"]
