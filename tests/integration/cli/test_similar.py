"""`scopix similar`: what looks like a picture."""

import json

import pytest

from tests.integration.sdk.faulty_server import json_reply, problem
from tests.integration.sdk.happy import IMAGE_ID

from .files import json_lines, widths

OTHER = "7b1c2d3e-0000-4000-8000-000000000002"
ITEMS = [
    {"file": {"id": IMAGE_ID, "title": "The \x1b[31mcopy"}, "score": 0.9712, "is_near_duplicate": True},
    {"file": {"id": OTHER, "filename": "a-rather-long-name-of-another-picture.jpg"}, "score": 0.61},
]


@pytest.fixture
def answered(server):
    server.routes["GET /api/v2/files/9b96ad36/similar"] = json_reply({"image_id": IMAGE_ID, "items": ITEMS})
    return server


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_a_table_that_fits(run, answered, columns):
    result = run("similar", "9b96ad36", COLUMNS=str(columns))
    assert result.exit_code == 0, result.output
    assert result.stderr == "2 files\n"
    for words in (IMAGE_ID[:8], "0.97", "near duplicate", OTHER[:8], "0.61"):
        assert words in result.stdout
    assert result.stdout.count("near duplicate") == 1
    assert "\x1b" not in result.stdout
    assert widths(result.stdout) <= columns


def test_what_is_asked(run, answered):
    run("similar", "9b96ad36")
    run("similar", "9b96ad36", "--limit", "3", "--min-score", "0.3")
    assert [seen.query for seen in answered.seen] == [{"limit": ["20"]}, {"limit": ["3"], "min_score": ["0.3"]}]


def test_for_other_programs(run, answered):
    first, second = json_lines(run("similar", "9b96ad36", "--json").stdout)
    assert (first["file"]["id"], first["score"], second["is_near_duplicate"]) == (IMAGE_ID, 0.9712, False)
    assert run("similar", "9b96ad36", "--ids").stdout == f"{IMAGE_ID}\n{OTHER}\n"
    (only,) = json_lines(run("similar", "9b96ad36", "--near-duplicates", "--json").stdout)
    assert json.dumps(only) == json.dumps(first)


def test_a_file_that_cannot_be_compared(run, server):
    server.faults += [problem(404, "NOT_FOUND", "a.png cannot be compared: it was not looked at yet")]
    result = run("similar", "9b96ad36")
    assert result.exit_code == 1
    assert "not looked at yet" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["x", "--limit", "0"], ["x", "--limit", "101"], ["x", "--min-score", "2"]])
def test_wrong_usage(run, server, arguments):
    assert run("similar", *arguments).exit_code == 2
    assert server.seen == []
