"""`scopix search`: what is found, and where."""

import pytest

from tests.integration.api.conftest import EXAMPLES
from tests.integration.cli.files import json_lines, put, widths
from tests.integration.sdk.faulty_server import json_reply
from tests.integration.sdk.happy import DETAILS, IMAGE_ID


@pytest.fixture(scope="module")
def plan(scopix_server):
    return put(
        scopix_server, "searched", (EXAMPLES / "floor-plan.png").read_bytes(), "plan.png", title="Été", describe=True
    )


def test_words_are_shown_where_they_are(real, plan):
    result = real("search", "bedroom", "--tag", "searched", COLUMNS="120")
    assert result.exit_code == 0
    assert plan[:8] in result.stdout
    for words in ("visible text: ", "description: ", "BEDROOM"):
        assert words in result.stdout
    assert result.stderr == "1 file\n"


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_table_fits_the_terminal(real, plan, columns):
    result = real("search", "room", "--tag", "searched", COLUMNS=str(columns))
    assert plan[:8] in result.stdout or "…" in result.stdout
    assert widths(result.stdout) <= columns


def test_a_narrower_search(real, plan):
    assert "title: Été" in real("search", "ete", "--in", "metadata").stdout
    assert real("search", "ete", "--in", "visible-text", "--tag", "searched").stderr == "0 files\n"
    # What the shell keeps together stands together.
    assert plan[:8] in real("search", "living room", "--tag", "searched").stdout
    apart = real("search", "room living", "--tag", "searched").stderr
    assert apart.startswith("0 files\n") and "without them" in apart
    assert plan[:8] in real("search", "room", "living", "--tag", "searched").stdout


def test_json(real, plan):
    (found,) = json_lines(real("search", "bedroom", "--tag", "searched", "--json").stdout)
    assert found["id"] == plan
    assert {"description", "visible_text"} <= {match["field"] for match in found["found_in"]}
    assert all("bedroom" in match["text"].lower() for match in found["found_in"])
    assert "text_regions" not in found


@pytest.mark.parametrize("arguments", [[], [""], ["  "], ["x", "--in", "dreams"], ["x", "--since", "soon"]])
def test_wrong_usage(run, server, arguments):
    result = run("search", *arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert server.seen == []


def test_signs_alone_find_nothing(real):
    result = real("search", "*", "--all")
    assert (result.exit_code, result.stderr) == (0, "0 files\n")


def test_by_meaning(run, server):
    hit = {"file": {"id": IMAGE_ID}, "details": DETAILS, "score": 0.5, "found_by": ["meaning"], "similarity": 0.414}
    server.routes["GET /api/v2/search"] = json_reply(
        {"query": "q", "mode": "hybrid", "items": [hit], "is_complete": False}
    )
    result = run("search", "--by", "hybrid", "a dog", "--tag", "roof", "--limit", "5")
    assert result.exit_code == 0, result.output
    assert "meaning 0.41" in result.stdout and IMAGE_ID[:8] in result.stdout
    assert "still being prepared" in result.stderr and result.stderr.endswith("1 file\n")
    expected = {"query": ["a dog"], "mode": ["hybrid"], "tags": ["roof"], "limit": ["5"], "include": ["details"]}
    assert server.seen[0].query == expected
    (record,) = json_lines(run("search", "--by", "meaning", "dog", "--json").stdout)
    assert (record["id"], record["similarity"], record["found_by"]) == (IMAGE_ID, 0.414, ["meaning"])
    assert run("search", "--by", "meaning", "dog", "--offset", "3").exit_code != 0
