"""`scopix upload DIR`: resumable, nothing lost, nothing doubled, numbers that add up."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.faulty_server import Drop, Hang, Reply, problem
from tests.integration.sdk.keys import KEY

POST = "POST /api/v2/files/upload/batch"
LEDGER = ".scopix-upload.jsonl"


@pytest.fixture
def album(tmp_path):
    def make(count):
        folder = tmp_path / "album"
        folder.mkdir(exist_ok=True)
        for path in [folder / f"{number:04}.png" for number in range(count)]:
            if not path.exists():
                path.write_bytes(PNG + path.name.encode())
        return folder

    return make


def totals(result):
    total, *parts = [int(number) for number in re.findall(r"\d+", result.stderr.splitlines()[-1])]
    assert total == sum(parts)
    return result.stderr.splitlines()[-1]


def test_a_directory(run, server, album):
    scopix = BatchScopix(server, max_files=3, polls=2)
    folder = album(10)
    result = run("upload", folder, "--tags", "a", "--category", "map")
    assert (result.exit_code, totals(result)) == (0, "10 files: 10 described")
    assert "What 0003.png shows." in " ".join(result.stdout.split())
    assert scopix.requests[0]["tags"] == "a"
    assert scopix.requests[0]["content_category"] == "map"
    assert set(scopix.names().values()) == {1}


def test_other_options_for_what_was_sent_are_told(run, server, album):
    """Files that the server has are not sent again; that their tags stay as they were is said."""
    scopix = BatchScopix(server)
    folder = album(3)
    assert run("upload", folder, "--tags", "a").exit_code == 0
    again = run("upload", folder, "--tags", "b", "--category", "map")
    assert again.exit_code == 0 and len(scopix.requests) == 1
    assert "3 of them with other values of tags, which they keep: scopix tag" in again.stderr
    assert "3 of them with other values of content_category" in again.stderr
    same = run("upload", folder, "--tags", "a")
    assert "other values" not in same.stderr and "3 files were sent by an earlier run" in same.stderr


def test_the_search_can_be_told(run, server, album):
    BatchScopix(server)
    folder = album(1)
    for name in ("deep/b.png", ".hidden.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(PNG)
    assert totals(run("upload", "--no-ledger", "--no-recursive", folder)) == "3 files: 1 described, 2 skipped"
    assert totals(run("upload", "--no-ledger", "--hidden", folder)) == "3 files: 3 described"
    assert not Path(LEDGER).exists()


def test_what_is_skipped_is_told(run, server, album):
    scopix = BatchScopix(server)
    folder = album(2)
    for name in ("a.mp4", "b.MP4", "c.mp4", "d.mp4", "notes", ".hidden.png", "@eaDir/0000.png", "raw/e.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    result = run("upload", folder, "--exclude", "raw")
    assert (result.exit_code, totals(result)) == (0, "10 files: 2 described, 8 skipped")
    lines = set(result.stderr.splitlines())
    assert "skipped 4: .mp4 is not taken from directories (a.mp4, b.MP4, c.mp4, ...)" in lines
    assert "skipped 1: excluded by raw (raw)" in lines
    assert "skipped 1: excluded by @eaDir (@eaDir)" in lines
    assert "skipped 1: without an extension (notes)" in lines
    records = [json.loads(line) for line in run("upload", folder, "--json").stdout.splitlines()]
    assert {"path": str(folder / "notes"), "state": "skipped", "reason": "without an extension"} in records
    assert set(scopix.names()) == {"0000.png", "0001.png"}


def test_a_directory_without_a_picture_is_no_success(run, server, tmp_path):
    (tmp_path / "scan.tiff.zip").write_bytes(b"x")
    result = run("upload", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-2:] == [
        "skipped 1: .zip is not taken from directories (scan.tiff.zip)",
        "1 file: 1 skipped",
    ]


def test_a_dry_run_asks_no_server(run, server, album):
    folder = album(2)
    for name in ("a.pdf", "a.md"):
        (folder / name).write_bytes(b"x")
    result = run("upload", "--dry-run", "--include", "*1.png", "--include", "a.*", folder)
    assert result.stdout.splitlines() == [str(folder / "0001.png"), str(folder / "a.pdf")]
    assert "matches no *1.png or a.* (0000.png)" in result.stderr
    assert ".md is not taken from directories (a.md)" in result.stderr
    assert "2 files would be uploaded, 0.0 MB; nothing was sent" in result.stderr
    assert not server.seen


def test_a_second_run_sends_only_what_is_new(run, server, album):
    scopix = BatchScopix(server)
    run("upload", album(5))
    result = run("upload", "--json", album(8))
    assert totals(result) == "8 files: 8 described"
    assert "5 files were sent by an earlier run" in result.stderr
    assert len(scopix.files) == 8
    assert [json.loads(line)["state"] for line in result.stdout.splitlines()] == ["described"] * 8
    sent = len(scopix.requests)
    # Touched, so that it counts as another file; the server is asked to store no content twice.
    os.utime(album(0) / "0000.png", ns=(1, 1))
    assert totals(run("upload", album(0))) == "8 files: 7 described, 1 duplicate"
    assert scopix.requests[sent]["skip_duplicates"] == "true"
    assert len(scopix.requests) == sent + 1


def test_every_file_has_one_end(run, server, album):
    BatchScopix(server)
    folder = album(4)
    (folder / "0001.png").write_bytes(b"")
    (folder / "refuse.png").write_bytes(PNG)
    result = run("upload", folder, folder / "gone.jpg", folder / "0000.png")
    assert (result.exit_code, totals(result)) == (1, "6 files: 3 described, 3 refused")
    flat = " ".join(result.stdout.split())
    for reason in ("is empty", "the server does not like it", "does not exist"):
        assert reason in flat
    assert totals(run("upload", folder)) == "5 files: 3 described, 2 refused"


def test_no_wait(run, server, album):
    BatchScopix(server, polls=10**9)
    assert totals(run("upload", "--no-wait", album(3))) == "3 files: 3 uploaded"
    late = run("upload", album(3), SCOPIX_POLLING_TIMEOUT="0.05")
    assert (late.exit_code, totals(late)) == (1, "3 files: 3 still being described")


@pytest.mark.parametrize("fault", [Drop("head"), Drop("body"), Drop("done"), problem(503, "SERVICE_UNAVAILABLE")])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_run_that_failed_is_continued(run, server, album, fault, after):
    scopix = BatchScopix(server, max_files=3)
    original = server.routes[POST]
    server.routes[POST] = lambda seen: original(seen) if len(scopix.requests) < after else original(seen) and fault
    if not (isinstance(fault, Drop) and fault.when == "done"):
        server.routes[POST] = lambda seen: original(seen) if len(scopix.requests) < after else fault
    first = run("upload", album(14), SCOPIX_MAX_RETRIES="0")
    assert first.exit_code in (1, 3)
    assert "not sent" in totals(first)
    server.routes[POST] = original
    assert totals(run("upload", album(14))) == "14 files: 14 described"
    assert scopix.names() == {f"{number:04}.png": 1 for number in range(14)}
    assert len(scopix.sessions) == 1


def test_an_old_request_is_not_repeated_but_sent_with_care(run, server, album):
    scopix = BatchScopix(server)
    original = server.routes[POST]
    server.routes[POST] = Drop("body")
    run("upload", album(3), SCOPIX_MAX_RETRIES="0")
    server.routes[POST] = original
    lines = [json.loads(line) for line in Path(LEDGER).read_text().splitlines()]
    lines[1]["at"] -= 21 * 3600
    Path(LEDGER).write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"half a li')
    assert totals(run("upload", album(3))) == "3 files: 3 described"
    assert [request["skip_duplicates"] for request in scopix.requests] == ["true"]
    assert totals(run("upload", album(3))) == "3 files: 3 described"
    assert len(scopix.requests) == 1


def test_other_options_do_not_confuse_the_keys(run, server, album):
    scopix = BatchScopix(server, max_files=2)
    original = server.routes[POST]
    server.routes[POST] = lambda seen: original(seen) and Drop("body")
    run("upload", album(4), SCOPIX_MAX_RETRIES="0")
    server.routes[POST] = original
    result = run("upload", album(4), "--tags", "new")
    assert totals(result) == "4 files: 2 described, 2 duplicate"
    assert [request["skip_duplicates"] for request in scopix.requests[-2:]] == ["true", "true"]


def test_a_smaller_tier_splits_what_was_planned(run, server, album):
    scopix = BatchScopix(server, max_files=2)
    scopix.quota["max_batch_size"] = 7
    assert totals(run("upload", album(9))) == "9 files: 9 described"
    assert scopix.names() == {f"{number:04}.png": 1 for number in range(9)}
    assert totals(run("upload", album(9))) == "9 files: 9 described"


def test_a_session_that_the_server_forgot_is_told_from_the_ledger(run, server, album):
    scopix = BatchScopix(server)
    run("upload", album(2))
    for route in [route for route in server.routes if "/sessions/" in route]:
        server.routes[route] = problem(404, "NOT_FOUND")
    result = run("upload", "--no-wait", "--json", album(2))
    assert totals(result) == "2 files: 2 described"
    assert len(scopix.requests) == 1


def test_the_ledger_belongs_to_one_server_and_one_run(run, server, album, tmp_path):
    BatchScopix(server)
    run("upload", album(2))
    other = run("upload", album(2), SCOPIX_BASE_URL="http://127.0.0.1:9/api/v2")
    assert other.exit_code == 2
    assert "--ledger" in other.stderr
    (tmp_path / "mine.jsonl").write_text('{"what": "else"}\n')
    assert run("upload", album(2), "--ledger", tmp_path / "mine.jsonl").exit_code == 2
    assert run("upload", album(2), "--ledger", tmp_path).exit_code == 2


def test_nothing_to_do(run, server, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("upload", tmp_path / "empty")
    assert (result.exit_code, totals(result)) == (0, "0 files: nothing to do")
    assert server.seen == []


def test_no_connection(run, server, album):
    server.stop()
    result = run("upload", album(3))
    assert (result.exit_code, totals(result)) == (3, "3 files: 3 not sent")
    assert "scopix-server serve" in result.stderr


def test_a_server_that_is_away_is_told_although_all_is_sent(run, server, album):
    BatchScopix(server)
    folder = album(3)
    assert run("upload", folder, "--no-wait").exit_code == 0
    server.routes = {}
    server.routes["GET /api/v2/tenant/limits"] = problem(503, "SERVICE_UNAVAILABLE")
    again = run("upload", folder, "--no-wait")
    assert again.exit_code == 3
    assert "What became of them cannot be asked now" in again.stderr and totals(again) == "3 files: 3 uploaded"


def test_many_files_are_not_all_shown(run, server, album):
    BatchScopix(server)
    folder = album(60)
    (folder / "a-refuse.png").write_bytes(PNG)
    result = run("upload", folder)
    assert "a-refuse.png" in result.stdout
    assert "0003.png" not in result.stdout
    assert totals(result) == "61 files: 60 described, 1 refused"


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("sent", [1, 4])
def test_killed_twice_and_started_again(run, server, album, sent):
    """The server falls silent after some requests; the program is killed while it waits for the answer."""
    scopix = BatchScopix(server, max_files=10)
    original = server.routes[POST]
    folder = album(200)
    for _ in range(2):
        goal = len(scopix.requests) + sent
        # Each request is acted upon, and the last answers never come.
        server.routes[POST] = lambda seen, goal=goal: (
            original(seen) if len(scopix.requests) + 1 < goal else (original(seen) and Hang())
        )
        process = start("upload", folder, server=server)
        deadline = time.monotonic() + 60
        while len(scopix.requests) < goal and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    server.routes[POST] = original
    assert totals(run("upload", folder)) == "200 files: 200 described"
    assert scopix.names() == {f"{number:04}.png": 1 for number in range(200)}


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_an_interrupt_counts_every_file_and_a_second_program_keeps_out(run, server, album):
    scopix = BatchScopix(server, max_files=2)
    server.routes[POST] = lambda _: Hang()
    folder = album(5)
    process = start("upload", folder, server=server)
    deadline = time.monotonic() + 60
    while not server.attempts("POST", "/files/upload/batch") and time.monotonic() < deadline:
        time.sleep(0.01)
    second = run("upload", folder)
    assert second.exit_code == 2
    assert "in use by another upload" in " ".join(second.stderr.split())
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "5 files: 2 interrupted, 3 not sent" in messages
    assert "To send the rest, run the same command in the same place" in messages
    assert "Traceback" not in messages
    assert scopix.files == []


def start(*arguments, server):
    return subprocess.Popen(
        [sys.executable, "-c", "from scopix.cli import main; main()", *map(str, arguments)],
        env={**os.environ, "SCOPIX_API_KEY": KEY, "SCOPIX_BASE_URL": server.base_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sessions(run, server, album):
    scopix = BatchScopix(server)
    run("upload", album(2))
    (session_id,) = scopix.sessions
    assert session_id in run("sessions", COLUMNS="120").stdout
    assert json.loads(run("sessions", "--json").stdout)["items"][0]["session_id"] == session_id
    shown = run("sessions", "show", session_id)
    assert shown.exit_code == 0
    assert "completed" in shown.stdout
    assert json.loads(run("sessions", "show", "--json", session_id).stdout)["total_files"] == 2
    assert run("sessions", "show", "nonsense").exit_code == 1


def test_watching_a_session(run, server):
    told = {"session_id": "s-1", "index": 0, "filename": "evil\x1b[2J.png", "at": "2026-01-01T12:00:00Z"}
    counts = {"session_id": "s-1", "status": "completed", "total_files": 1}
    failed = {**told, "stage": "failed", "status": "failed", "error_message": "too dark"}
    pieces = [("file", failed, "1"), ("end", {**counts, "failed_files": 1}, "1.end")]
    text = "".join(f"event: {kind}\ndata: {json.dumps(data)}\nid: {number}\n\n" for kind, data, number in pieces)
    server.routes["GET /api/v2/files/upload/sessions/s-1/events"] = Reply(
        200, text.encode(), {"Content-Type": "text/event-stream"}
    )
    watched = run("sessions", "watch", "s-1")
    assert watched.exit_code == 1
    assert "12:00:00  failed      evil[2J.png  too dark" in watched.stdout
    assert [json.loads(line)["type"] for line in run("sessions", "watch", "s-1", "--json").stdout.splitlines()] == [
        "file",
        "end",
    ]
