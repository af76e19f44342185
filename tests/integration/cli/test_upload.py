"""`scopix upload`: tables, JSON lines, exit codes, and totals that add up."""

import json
import re
import stat

import pytest

from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.faulty_server import Drop, Reply, json_reply, problem
from tests.integration.sdk.happy import DETAILS, IMAGE_ID, UPLOADED, behave
from tests.integration.sdk.keys import KEY
from tests.integration.sdk.parts import read_parts

NASTY = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 [bold]not bold[/] :smile: \u202egpj.exe \x9b2J"


def test_a_picture_is_described(run, server, photos):
    behave(server)
    result = run("upload", photos[0])
    assert result.exit_code == 0
    for words in ("photo0.png", IMAGE_ID[:8], "A kitchen with a window.", "kitchen", "OPEN"):
        assert words in result.stdout
    assert result.stderr.strip() == "1 file: 1 described"


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_the_table_fits_the_terminal(run, server, photos, columns):
    long_word = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
    behave(server, upload_description=f"A kitchen. {long_word} " * 5, visible_text="LINE\n" * 100)
    result = run("upload", photos[0], COLUMNS=str(columns))
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.splitlines()) <= columns
    assert ("Visible text" in result.stdout) == (columns >= 110)


def test_json_is_one_object_a_line(run, server, photos):
    BatchScopix(server)
    result = run("upload", "--json", *photos)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert sorted(record["path"] for record in records) == [str(path) for path in photos]
    assert {record["state"] for record in records} == {"described"}
    assert "7 files: 7 described" in result.stderr


def test_json_is_ascii_whatever_stands_on_a_picture(run, server, photos):
    behave(server, visible_text=NASTY)
    result = run("upload", "--json", photos[0])
    assert json.loads(result.stdout)["visible_text"] == NASTY
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout


def test_the_options_reach_the_server(run, server, photos):
    behave(server)
    options = ["--category", "BLUEPRINT", "--tags", "a, b", "--tags", "c", "--title", "Plan", "--no-describe"]
    server.routes["POST /api/v2/files/upload"] = json_reply({**UPLOADED, "description_status": "skipped"}, 201)
    result = run("upload", *options, photos[0])
    assert result.exit_code == 0
    parts = read_parts(server.seen[0])
    del parts["file"], parts["path"], parts["storage_target"], parts["skip_duplicates"]
    assert parts == {"content_category": "blueprint", "tags": "a,b,c", "title": "Plan", "auto_describe": "false"}
    assert "1 file: 1 uploaded" in result.stderr


def test_without_waiting(run, server, photos):
    scopix = BatchScopix(server, polls=10**9)
    result = run("upload", "--no-wait", *photos)
    assert result.exit_code == 0
    assert len(scopix.requests) == 1
    assert "7 files: 7 uploaded" in result.stderr


def test_a_list_of_files_goes_on_where_it_broke_off(run, server, photos):
    scopix = BatchScopix(server, max_files=2)
    original = server.routes["POST /api/v2/files/upload/batch"]
    # The second request is acted upon, and its answer never comes.
    server.routes["POST /api/v2/files/upload/batch"] = lambda seen: (
        original(seen) if not scopix.requests else original(seen) and Drop("body")
    )
    assert run("upload", *photos, SCOPIX_MAX_RETRIES="0").exit_code == 1
    server.routes["POST /api/v2/files/upload/batch"] = original
    again = run("upload", *photos)
    assert "7 files: 7 described" in again.stderr
    assert scopix.names() == {path.name: 1 for path in photos}
    sent = len(scopix.requests)
    assert "7 files: 7 described" in run("upload", *photos).stderr
    assert len(scopix.requests) == sent


def test_one_bad_file_does_not_stop_the_others_and_all_are_counted(run, server, photos, tmp_path):
    BatchScopix(server)
    text = tmp_path / "notes.csv"
    text.write_text("a,b")
    result = run("upload", *photos, text, tmp_path / "nowhere.jpg")
    assert result.exit_code == 1
    assert "9 files: 7 described, 2 refused" in result.stderr
    flat = " ".join(result.stdout.split())
    assert "is of no supported type" in flat
    assert "does not exist" in flat


@pytest.mark.parametrize("faults", [0, 1, 3, 6, 7])
def test_the_totals_add_up_whatever_fails(run, server, photos, faults):
    BatchScopix(server)
    for path in photos[:faults]:
        path.rename(path.with_name(f"refuse-{path.name}"))
    given = [*photos[faults:], *(path.with_name(f"refuse-{path.name}") for path in photos[:faults])]
    result = run("upload", "--json", *given)
    assert len(result.stdout.splitlines()) == 7
    total, *parts = [int(number) for number in re.findall(r"\d+", result.stderr)]
    assert total == sum(parts) == 7
    assert result.exit_code == (1 if faults else 0)


def test_a_failed_description_is_shown_with_its_reason(run, server, photos):
    behave(server, states=("failed",), description_status="failed", description_error="the engine is off")
    result = run("upload", photos[0])
    assert result.exit_code == 1
    assert "description failed: the engine is off" in result.stdout
    assert "1 file: 1 description failed" in result.stderr


def test_a_slow_description_is_told_apart(run, server, photos):
    behave(server, states=("processing",))
    result = run("upload", "--json", photos[0], SCOPIX_POLLING_TIMEOUT="0.02")
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert (record["state"], record["image_id"]) == ("timed_out", IMAGE_ID)


def test_a_wrong_key_stops_everything(run, server, photos):
    BatchScopix(server)
    server.routes["GET /api/v2/files/quota-check"] = problem(401, "INVALID_API_KEY", "unknown key")
    result = run("upload", *photos)
    assert result.exit_code == 3
    assert "unknown key" in result.stderr
    assert "--api-key" in result.stderr
    assert "not sent" in result.stderr
    assert len(server.seen) <= 4
    assert KEY not in result.output


def test_no_server_is_told_once(run, server, photos):
    server.stop()
    result = run("upload", *photos)
    assert result.exit_code == 3
    assert result.stderr.count("Error: ") == 1
    assert "scopix-server serve" in result.stderr
    assert "Traceback" not in result.output


def test_a_server_lost_half_way_is_a_failure_of_some(run, server, photos):
    scopix = BatchScopix(server, max_files=2)
    original = server.routes["POST /api/v2/files/upload/batch"]
    server.routes["POST /api/v2/files/upload/batch"] = lambda seen: Drop("body") if scopix.requests else original(seen)
    result = run("upload", *photos, SCOPIX_MAX_RETRIES="0")
    assert result.exit_code == 1
    assert "7 files: 2 still being described, 5 not sent" in result.stderr


def test_what_a_picture_says_cannot_command_the_terminal(run, server, photos):
    behave(server, upload_description=NASTY, ai_tags=[NASTY], visible_text=NASTY)
    for result in (run("upload", photos[0], COLUMNS="200"), run("show", IMAGE_ID, COLUMNS="200")):
        assert result.exit_code == 0
        assert not set(result.stdout) & set("\x1b\x07\x9b\u202e")
        assert "[bold]not bold[/] :smile:" in result.stdout


def test_an_error_of_the_server_cannot_command_the_terminal(run, server, photos):
    server.routes["POST /api/v2/files/upload"] = problem(401, "INVALID_API_KEY", NASTY)
    assert "\x1b" not in run("upload", photos[0]).output


@pytest.mark.parametrize(
    "arguments",
    [["upload"], ["upload", "--nonsense", "a"], ["upload", "--category", "nonsense", "a"], ["nonsense"], []],
)
def test_wrong_usage(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_title_is_for_one_file(run, server, photos):
    assert run("upload", "--title", "x", *photos).exit_code == 2
    assert server.seen == []


def test_bad_settings_are_wrong_usage(run, photos):
    for variables in ({"SCOPIX_BASE_URL": "http://example.org"}, {"SCOPIX_API_KEY": "x"}):
        result = run("upload", photos[0], **variables)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")


def test_the_key_that_a_local_server_left_is_found(run, server, photos, tmp_path):
    behave(server)
    data = tmp_path / "data"
    data.mkdir()
    credentials = data / "credentials.json"
    credentials.write_text(json.dumps({"base_url": server.base_url, "api_key": KEY}))
    credentials.chmod(stat.S_IRUSR | stat.S_IWUSR)
    result = run("upload", photos[0], SCOPIX_API_KEY=None, SCOPIX_BASE_URL=None)
    assert result.exit_code == 0, result.output
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("content", [None, "", "[]", '{"base_url": "x"}', '"x"'])
def test_without_a_key_it_says_where_it_looked(run, server, photos, tmp_path, content):
    data = tmp_path / "data"
    data.mkdir()
    if content is not None:
        (data / "credentials.json").write_text(content)
    result = run("upload", photos[0], SCOPIX_API_KEY=None)
    assert result.exit_code == 3
    assert str(data / "credentials.json") in result.stderr
    assert server.seen == []


def test_show(run, server):
    behave(server, title="Mine", size_bytes=2048, dimensions={"width": 3, "height": 4}, category_data={"a_b": ["c"]})
    result = run("show", IMAGE_ID)
    assert result.exit_code == 0
    for words in ("Mine", "2.0 KB", "3 × 4", "A kitchen with a window.", "mine, kitchen", "OPEN", "A b", "completed"):
        assert words in result.stdout


def test_show_as_json(run, server):
    behave(server, visible_text=NASTY)
    result = run("show", "--json", IMAGE_ID)
    assert json.loads(result.stdout)["upload_description"] == DETAILS["upload_description"]
    assert result.stdout.isascii()


def test_show_what_is_not_there(run, server):
    result = run("show", "x")
    assert result.exit_code == 1
    assert "first 8 characters" in result.stderr


def test_a_strange_server_is_told(run, server):
    server.faults += [Reply(200, b"<html>", {"Content-Type": "text/html"})]
    result = run("show", "x")
    assert result.exit_code == 1
    assert "base_url" in result.stderr
