"""`scopix retry`: by id, those that failed, by conditions; waited for or not."""

import pytest

from tests.integration.api.conftest import EXAMPLES
from tests.integration.cli.files import json_lines, listed, put
from tests.integration.cli.test_delete import NOBODY, totals
from tests.integration.sdk.faulty_server import json_reply
from tests.integration.sdk.happy import IMAGE_ID
from tests.support.images import damaged_png


def details(server, file_id):
    with server.client() as http:
        return http.get(f"/files/{file_id}").json()


def test_by_id(real, scopix_server):
    plan = put(scopix_server, "again", (EXAMPLES / "floor-plan.png").read_bytes(), "plan.png", describe=True)
    notes = put(scopix_server, "again", b"plain words\n", "notes.txt")
    result = real("retry", "--wait", "--as", "blueprint", plan[:8], notes, NOBODY)
    assert result.exit_code == 1
    assert totals(result) == "3 files: 2 described, 1 failed"
    assert details(scopix_server, plan)["content_category"] == "blueprint"
    assert len(details(scopix_server, plan)["full_descriptions"]) == 2


def test_those_that_failed(real, scopix_server):
    broken = put(scopix_server, "fails", damaged_png(), "broken.png", describe=True)
    fine = put(scopix_server, "fails", describe=True)
    assert real("list", "--tag", "fails", "--status", "failed", "--ids").stdout.split() == [broken]
    result = real("retry", "--failed", "--tag", "fails", "--wait")
    assert result.exit_code == 1
    assert totals(result) == "1 file: 1 description failed"
    assert "damaged" in result.stdout
    assert len(details(scopix_server, fine)["full_descriptions"]) == 1


def test_by_conditions_without_waiting(real, scopix_server):
    ids = [put(scopix_server, "cond", name=f"{number}.png", describe=True) for number in range(3)]
    result = real("retry", "--tag", "cond", "--category", "general", "--json")
    assert (result.exit_code, totals(result)) == (0, "3 files: 3 queued")
    assert {line["id"] for line in json_lines(result.stdout)} == set(ids)
    # What is under way already is left alone, and waited for.
    waited = real("retry", "--tag", "cond", "--wait")
    assert waited.exit_code == 0
    assert totals(waited) == "3 files: 3 described"
    assert all(item["description_status"] == "completed" for item in listed(scopix_server, tags="cond"))


def test_nothing_meets_the_conditions(real):
    result = real("retry", "--failed", "--tag", "nobody has this")
    assert (result.exit_code, result.stderr) == (0, "0 files: nothing to do\n")


@pytest.mark.parametrize(
    "arguments", [[], [IMAGE_ID, "--failed"], [IMAGE_ID, "--tag", "x"], ["--as", "map"], ["--as", "x"]]
)
def test_wrong_usage(run, server, arguments):
    result = run("retry", *arguments)
    assert result.exit_code == 2
    assert server.seen == []


def test_the_wait_ends_and_what_was_not_queued_is_told(run, server):
    others = [IMAGE_ID[:-1] + digit for digit in "23"]

    def page(seen):
        asked = server.attempts("POST", "/files/describe")
        states = {IMAGE_ID: "queued" if asked else "failed", others[0]: "failed", others[1]: "processing"}
        items = [{"id": one, "filename": "x.png", "description_status": state} for one, state in states.items()]
        return json_reply({"items": items, "total_count": len(items), "has_more": False})

    server.routes |= {
        "GET /api/v2/files": page,
        "POST /api/v2/files/describe": json_reply({"matched": 2, "queued": 1, "skipped": 1}, 202),
    }
    result = run("retry", "--wait", "--tag", "x", "--json", SCOPIX_POLLING_TIMEOUT="0.05")
    assert result.exit_code == 1
    assert {line["id"]: line["state"] for line in json_lines(result.stdout)} == {
        IMAGE_ID: "still being described",
        others[0]: "not queued",
        others[1]: "still being described",
    }
