"""`scopix export`: the same in every format, whole or not at all, once each, and harmless."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pyarrow.parquet
import pytest

from tests.integration.api.conftest import EXAMPLES
from tests.integration.cli.files import json_lines, listed, put, put_many
from tests.integration.sdk.faulty_server import Hang, json_reply, problem
from tests.integration.sdk.happy import DETAILS
from tests.support.images import damaged_png, encoded, picture

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1", "\r=1", " =1"]


@pytest.fixture(scope="module")
def mixed(scopix_server):
    """A described plan, a failed picture, a document, and a bare one; in this order."""
    return [
        put(
            scopix_server,
            "mixed",
            (EXAMPLES / "floor-plan.png").read_bytes(),
            "plan.png",
            describe=True,
            title="Été 😀",
        ),
        put(scopix_server, "mixed", damaged_png(), "=broken.png", describe=True),
        put(scopix_server, "mixed", b"words\n", "notes.txt"),
        put(scopix_server, "mixed", encoded(picture(8, 8, 5)), "bare.png", content_category="map"),
    ]


def read_jsonl(path):
    return json_lines(path.read_text())


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))


def test_every_format_says_the_same(real, mixed, tmp_path):
    for suffix in ("jsonl", "csv", "parquet"):
        result = real("export", "--tag", "mixed", "-o", tmp_path / f"all.{suffix}")
        assert result.exit_code == 0, result.stderr
        assert "4 files written to" in result.stderr
    lines, rows = read_jsonl(tmp_path / "all.jsonl"), read_csv(tmp_path / "all.csv")
    columns = pyarrow.parquet.read_table(tmp_path / "all.parquet").to_pylist()
    assert [line["id"] for line in lines] == [row["id"] for row in rows] == [row["id"] for row in columns] == mixed
    assert list(lines[0]) == list(rows[0]) == list(columns[0])
    for line, row, column in zip(lines, rows, columns, strict=True):
        assert column["created_at"] == datetime.fromisoformat(line["created_at"])
        assert row["created_at"] == line["created_at"]
        for name in ("description", "visible_text", "description_error", "hash", "title", "content_category"):
            assert column[name] == line[name], name
            assert row[name] == (line[name] or ""), name
        assert column["tags"] == line["tags"]
        assert row["tags"] == ", ".join(line["tags"])
        assert row["size_bytes"] == str(line["size_bytes"]) == str(column["size_bytes"])
        assert json.loads(row["text_regions"] or "null") == line["text_regions"] == column["text_regions"]
        assert json.loads(column["category_data"] or "null") == line["category_data"]
    assert lines[0]["title"] == "Été 😀"
    assert "BEDROOM" in lines[0]["visible_text"]
    assert (lines[0]["width"], lines[1]["description_status"], lines[2]["media_type"]) == (1260, "failed", "document")
    assert lines[1]["description_error_type"] == "validation"
    assert lines[1]["description_is_retryable"] is False
    assert rows[1]["description_is_retryable"] == "false"
    assert rows[1]["filename"] == "'=broken.png"
    assert {path.name for path in tmp_path.iterdir()} == {"all.jsonl", "all.csv", "all.parquet"}


def test_it_says_what_the_api_says(real, scopix_server, mixed, tmp_path):
    real("export", "--tag", "mixed", "-o", tmp_path / "all.jsonl")
    for line in read_jsonl(tmp_path / "all.jsonl"):
        with scopix_server.client() as http:
            known = http.get(f"/files/{line['id']}").json()
        for name in ("title", "tags", "visible_text", "text_regions", "category_data", "hash", "created_at"):
            assert line[name] == known[name], name
        assert (line["description"], line["filename"]) == (known["upload_description"], known["original_filename"])


def test_standard_output(real, mixed):
    result = real("export", "--tag", "mixed")
    assert [line["id"] for line in json_lines(result.stdout)] == mixed
    assert "Été 😀" in result.stdout
    result = real("export", "--tag", "mixed", "--format", "csv", "--media-type", "document", "-o", "-")
    assert len(result.stdout.splitlines()) == 2
    result = real("export", "--tag", "mixed", "--format", "csv", "--excel")
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfid,")


def test_conditions_narrow(real, mixed):
    assert [line["id"] for line in json_lines(real("export", "--tag", "mixed", "--described").stdout)] == mixed[:1]
    assert [line["id"] for line in json_lines(real("export", "--tag", "mixed", "--status", "failed").stdout)] == mixed[
        1:2
    ]
    assert [line["id"] for line in json_lines(real("export", "--search", "bedroom", "--tag", "mixed").stdout)] == mixed[
        :1
    ]
    assert real("export", "--tag", "nobody has this").stdout == ""


def test_what_was_written_as_json(real, mixed, tmp_path):
    told = json.loads(real("export", "--tag", "mixed", "-o", tmp_path / "x.csv", "--json").stdout)
    assert (told["files"], told["format"], told["output"]) == (4, "csv", str(tmp_path / "x.csv"))
    assert told["bytes"] == (tmp_path / "x.csv").stat().st_size


def test_an_empty_export_can_be_read(real, tmp_path):
    for suffix in ("jsonl", "csv", "parquet"):
        assert real("export", "--tag", "nobody has this", "-o", tmp_path / f"x.{suffix}").exit_code == 0
    assert (tmp_path / "x.jsonl").read_text() == ""
    assert read_csv(tmp_path / "x.csv") == []
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert (table.num_rows, "tags" in table.column_names) == (0, True)


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_come_out_harmless(run, server, formula, tmp_path):
    """Wherever somebody else's words go: names, titles, descriptions, tags, texts, errors."""
    item = {
        **DETAILS,
        "original_filename": formula,
        "title": formula,
        "upload_description": formula,
        "visible_text": formula,
        "tags": [formula, "fine"],
        "description_error": formula,
        "category_data": {formula: formula},
    }
    server.routes["GET /api/v2/files"] = json_reply({"items": [item], "total_count": 1, "has_more": False})
    assert run("export", "-o", "x.csv").exit_code == 0
    (row,) = read_csv(tmp_path / "x.csv")
    for name in ("filename", "title", "description", "visible_text", "tags", "description_error"):
        assert row[name].startswith("'"), name
    assert all(not cell.lstrip().startswith(tuple("=+-@＝＋－＠")) for cell in row.values())
    # The other formats are for programs, and keep every sign.
    run("export", "-o", "x.jsonl")
    assert read_jsonl(tmp_path / "x.jsonl")[0]["title"] == formula


def test_nothing_in_a_csv_is_obeyed_by_a_terminal(run, server):
    item = {**DETAILS, "title": "\x1b[2J\x9b1m\u202e\0", "visible_text": "a\r\nb", "tags": ['"a",b']}
    server.routes["GET /api/v2/files"] = json_reply({"items": [item], "total_count": 1, "has_more": False})
    text = run("export", "--format", "csv").stdout
    assert not {"\x1b", "\x9b", "\u202e", "\0", "\r"} & set(text)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["visible_text"], row["tags"]) == ("a\nb", '"a",b')


def test_a_file_that_is_there_stays(real, mixed, tmp_path):
    target = tmp_path / "x.jsonl"
    target.write_text("mine")
    result = real("export", "--tag", "mixed", "-o", target)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert target.read_text() == "mine"
    assert real("export", "--tag", "mixed", "-o", target, "--force").exit_code == 0
    assert len(read_jsonl(target)) == 4


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_an_export_that_fails_leaves_nothing(run, server, tmp_path, suffix):
    pages = [json_reply({"items": [DETAILS], "total_count": 2, "has_more": True, "next_cursor": "c"})]
    server.routes["GET /api/v2/files"] = lambda _: pages.pop() if pages else problem(500, "SERVER_ERROR")
    (tmp_path / "old").mkdir()
    target = tmp_path / "old" / f"x.{suffix}"
    target.write_text("old")
    result = run("export", "-o", target, "--force", SCOPIX_MAX_RETRIES="0")
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    assert [path.name for path in (tmp_path / "old").iterdir()] == [target.name]
    assert target.read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_an_interrupted_export_leaves_nothing(server, tmp_path):
    pages = [json_reply({"items": [DETAILS], "total_count": 2, "has_more": True, "next_cursor": "c"})]
    server.routes["GET /api/v2/files"] = lambda _: pages.pop() if pages else Hang()
    process = subprocess.Popen(
        [sys.executable, "-c", "from scopix.cli import main; main()", "export", "-o", str(tmp_path / "x.csv")],
        env={**os.environ, "SCOPIX_API_KEY": "scopix_" + "k" * 30, "SCOPIX_BASE_URL": server.base_url},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(server.seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in messages
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_enough_ends_it_quietly(scopix_server):
    put_many(scopix_server, "pipe", 300)
    command = f"{sys.executable} -c 'from scopix.cli import main; main()' export --tag pipe | head -n 1"
    environment = {**os.environ, "SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_each_file_is_in_it_once_while_others_come_and_go(real, scopix_server, tmp_path, suffix):
    tag = f"traffic-{suffix}"
    ids = put_many(scopix_server, tag, 450)
    doomed = set(ids[::10])
    kept = [one for one in ids if one not in doomed]
    over = threading.Event()
    added: list[str] = []

    def upload() -> None:
        while not over.is_set():
            added.append(put(scopix_server, tag))

    def delete() -> None:
        with scopix_server.client() as http:
            for one in doomed:
                http.delete(f"/files/{one}")

    busy = [threading.Thread(target=work) for work in (upload, delete)]
    for thread in busy:
        thread.start()
    try:
        result = real("export", "--tag", tag, "-o", tmp_path / f"x.{suffix}")
    finally:
        over.set()
        for thread in busy:
            thread.join()
    assert result.exit_code == 0, result.stderr
    target = tmp_path / f"x.{suffix}"
    if suffix == "parquet":
        found = pyarrow.parquet.read_table(target, columns=["id"])["id"].to_pylist()
    else:
        found = [row["id"] for row in (read_csv(target) if suffix == "csv" else read_jsonl(target))]
    assert len(set(found)) == len(found)
    assert [one for one in found if one in set(kept)] == kept
    assert set(found) <= {*ids, *added}
    assert added


def test_parquet_has_types_and_several_groups(run, server, tmp_path):
    texts = ["x" * 200_000] * 100
    items = [{**DETAILS, "id": f"{number:036}", "visible_text": text} for number, text in enumerate(texts)]
    server.routes["GET /api/v2/files"] = json_reply({"items": items, "total_count": 100, "has_more": False})
    assert run("export", "-o", "x.parquet").exit_code == 0
    file = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet")
    assert file.metadata.num_row_groups > 1
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["created_at"] == "timestamp[us, tz=UTC]"
    assert types["size_bytes"] == "int64"
    assert types["tags"].startswith("list<")
    row = file.read().to_pylist()[99]
    assert row["text_regions"][0]["bbox"]["x"] == 0.1
    assert row["created_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_parquet_without_its_library(tmp_path):
    code = "import sys; sys.modules['pyarrow'] = None; from scopix.cli import main; main()"
    environment = {**os.environ, "SCOPIX_API_KEY": "scopix_" + "k" * 30}
    command = [sys.executable, "-c", code, "export", "-o", str(tmp_path / "x.parquet")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'scopix[parquet]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "x.txt"],
        ["-o", "x"],
        ["--format", "parquet"],
        ["--format", "xml"],
        ["--json"],
        ["--excel"],
        ["-o", "nowhere/x.csv"],
        ["-o", "."],
        ["--since", "soon"],
    ],
)
def test_wrong_usage(run, server, arguments, tmp_path):
    result = run("export", *arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert server.seen == []
    assert list(tmp_path.iterdir()) == []


def test_the_format_may_be_told(real, mixed, tmp_path):
    real("export", "--tag", "mixed", "-o", tmp_path / "data.txt", "--format", "jsonl")
    assert len(read_jsonl(tmp_path / "data.txt")) == 4


def test_more_files_than_a_page(real, scopix_server, tmp_path):
    ids = put_many(scopix_server, "paged", 205)
    real("export", "--tag", "paged", "-o", tmp_path / "x.jsonl")
    assert [line["id"] for line in read_jsonl(tmp_path / "x.jsonl")] == ids
    assert len(listed(scopix_server, tags="paged")) == 100
