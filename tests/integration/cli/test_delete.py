"""`scopix delete` and `scopix restore`: asked first, told for each, and the numbers add up."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.integration.cli.files import json_lines, listed, put, put_many
from tests.integration.sdk.faulty_server import Drop, json_reply
from tests.support.inprocess import InProcessServer

NOBODY = "00000000-0000-4000-8000-000000000000"


def totals(result):
    line = result.stderr.splitlines()[-1]
    total, *parts = [int(number) for number in re.findall(r"\d+", line)]
    assert total == sum(parts)
    return line


def test_deleted_and_brought_back(real, scopix_server):
    first, second = put(scopix_server, "gone", name="first.png"), put(scopix_server, "gone", name="second.png")
    result = real("delete", "--yes", first[:8], second, NOBODY, "nonsense", first)
    assert result.exit_code == 1
    assert totals(result) == "4 files: 2 deleted, 2 failed"
    assert "first.png" in result.stdout
    assert "there is no such file" in result.stdout
    assert listed(scopix_server, tags="gone") == []
    back = real("restore", first, second)
    assert (back.exit_code, totals(back)) == (0, "2 files: 2 restored")
    assert len(listed(scopix_server, tags="gone")) == 2
    once_more = real("restore", first, first[:8], "--json")
    assert once_more.exit_code == 1
    told = {line["id"]: line for line in json_lines(once_more.stdout)}
    assert told[first]["state"] == told[first[:8]]["state"] == "failed"
    assert told[first[:8]]["reason"] == "there is no such deleted file"


def test_restoring_takes_the_beginning_of_an_id(real, scopix_server):
    file_id = put(scopix_server, "brought back")
    assert real("delete", "--yes", file_id).exit_code == 0
    back = real("restore", file_id[:8], "--json")
    assert back.exit_code == 0
    assert json_lines(back.stdout)[0]["id"] == file_id
    assert [item["id"] for item in listed(scopix_server, tags="brought back")] == [file_id]


def test_many_are_deleted_in_hundreds(real, scopix_server):
    ids = put_many(scopix_server, "hundreds", 230)
    result = real("delete", "--yes", "-", "--json", stdin="\n".join([*ids, "", NOBODY]))
    assert result.exit_code == 1
    assert totals(result) == "231 files: 230 deleted, 1 failed"
    assert {line["id"]: line["state"] for line in json_lines(result.stdout)} == {
        **dict.fromkeys(ids, "deleted"),
        NOBODY: "failed",
    }
    assert listed(scopix_server, tags="hundreds") == []
    back = real("restore", "-", stdin="\n".join(ids))
    assert (back.exit_code, totals(back)) == (0, "230 files: 230 restored")
    assert back.stdout == ""


def test_what_is_being_described_is_skipped(run, tmp_path):
    server = InProcessServer(tmp_path / "other", worker=False).start()
    try:
        file_id = put(server, "busy")
        with server.client() as http:
            data = http.get(f"/files/{file_id}/download", follow_redirects=True).content
            busy = http.post("/files/upload", files={"file": ("busy.png", data)}).json()["image_id"]
        address = {"SCOPIX_API_KEY": server.api_key, "SCOPIX_BASE_URL": server.base_url}
        result = run("delete", "--yes", busy, file_id, **address)
        assert result.exit_code == 1
        assert totals(result) == "2 files: 1 deleted, 1 skipped"
        assert "still being processed" in result.stdout
    finally:
        server.stop()


def test_nobody_can_be_asked(run, server):
    result = run("delete", NOBODY)
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert server.seen == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("\n", 1), ("y\n", 0)])
def test_it_asks(scopix_server, answer, left):
    tag = f"asked{ord(answer[0])}"
    file_id = put(scopix_server, tag, name="dear.png")
    screen, code = on_a_terminal(scopix_server, answer, "delete", file_id)
    assert "dear.png" in screen
    assert "Delete this file? [y/N]" in screen
    assert code == (1 if left else 0)
    assert len(listed(scopix_server, tags=tag)) == left


def on_a_terminal(server, answer, *arguments):
    """Run the program on a terminal of its own and type the answer to its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from scopix.cli import main; main()", *arguments],
        env={**os.environ, "SCOPIX_API_KEY": server.api_key, "SCOPIX_BASE_URL": server.base_url, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = b""
    asked = False
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        screen += piece
        if b"[y/N]" in screen and not asked:
            asked = True
            os.write(ours, answer.encode())
    os.close(ours)
    return screen.decode(), process.wait(timeout=30)


def test_a_connection_that_breaks_leaves_numbers_that_add_up(run, server):
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(150)]

    def page(seen):
        items = [{"id": one, "filename": "x.png", "description_status": "completed"} for one in seen.query["ids"]]
        return json_reply({"items": items, "total_count": len(items), "has_more": False})

    def delete(seen):
        asked = json.loads(seen.body)["file_ids"]
        server.routes["POST /api/v2/files/batch-delete"] = lambda _: Drop("body")
        gone = [{"id": one, "status": "deleted"} for one in asked]
        counts = {"total": len(gone), "deleted": len(gone), "skipped": 0, "failed": 0}
        return json_reply({"deleted": gone, "summary": counts})

    server.routes |= {"GET /api/v2/files": page, "POST /api/v2/files/batch-delete": delete}
    result = run("delete", "--yes", *ids)
    assert result.exit_code == 1
    assert totals(result) == "150 files: 100 deleted, 50 not deleted"
    assert "Error: " in result.stderr


def test_no_connection(run, server):
    server.stop()
    assert run("delete", "--yes", NOBODY).exit_code == 3
    assert run("restore", NOBODY).exit_code == 3
