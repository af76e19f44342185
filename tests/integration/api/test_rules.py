"""Rules and the queue of what waits to be looked at: run once, on what they wait for, never in circles."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from scopix_server.db.rules import SqlRules
from scopix_server.domain.rules import RuleRun
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until, wait_until_described

TAG = [{"do": "tag", "tags": ["checked"]}]


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    folder = tmp_path_factory.mktemp("rules")
    with serving(folder, database=database, allowed_addresses="127.0.0.1") as running:
        yield running


@pytest.fixture
def http(server: InProcessServer) -> Iterator[httpx2.Client]:
    """A client of a tenant of its own for each test."""
    key = server.new_tenant("rules")
    with server.client(headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def make(http: httpx2.Client, **rule: object) -> dict:
    made = http.post("/rules", json={"name": "a rule", "actions": TAG, **rule})
    assert made.status_code == 201, made.text
    return made.json()


def upload(http: httpx2.Client, seed: int = 1, **fields: str) -> str:
    form = {"file": (f"{seed}.png", encoded(picture(64, 48, seed)))}
    file_id = http.post("/files/upload", files=form, data=fields).json()["image_id"]
    if fields.get("auto_describe") != "false":
        wait_until_described(http, file_id)
    return file_id


def runs(http: httpx2.Client) -> list[dict]:
    return http.get("/rules/runs", params={"limit": 100}).json()["items"]


def test_a_rule_tags_what_is_described_and_meets_its_filter(http: httpx2.Client) -> None:
    rule = make(http, trigger="described", filter='tag:scripted -"nothing of this kind"')
    other = make(http, name="another", trigger="described", filter="category:map")
    file_id = upload(http)
    details = http.get(f"/files/{file_id}").json()
    assert "checked" in details["tags"]
    (run,) = runs(http)
    assert (run["rule_id"], run["image_id"], run["revision"]) == (rule["id"], file_id, 1)
    assert (run["done"], run["error"]) == (["tagged checked"], None)
    assert http.get("/rules/runs", params={"rule_id": other["id"]}).json()["total_count"] == 0
    # What it did stays on record when it is gone.
    assert http.delete(f"/rules/{rule['id']}").status_code == 204
    assert [(one["rule_id"], one["rule_name"]) for one in runs(http)] == [(None, "a rule")]
    assert http.get(f"/rules/{rule['id']}").status_code == 404


def test_uploads_get_a_category_before_they_are_described(http: httpx2.Client) -> None:
    make(http, trigger="uploaded", filter="title:plan", actions=[*TAG, {"do": "category", "category": "blueprint"}])
    plan, other = upload(http, 2, title="Plan of the roof"), upload(http, 3, title="Holiday")
    details = http.get(f"/files/{plan}").json()
    assert (details["content_category"], details["tags"][0]) == ("blueprint", "checked")
    assert http.get(f"/files/{other}").json()["content_category"] == "general"
    # One that is not to be described stays so.
    silent = upload(http, 4, title="Plan without a description", auto_describe="false")
    details = http.get(f"/files/{silent}").json()
    assert (details["content_category"], details["description_status"]) == ("blueprint", "skipped")
    assert {one["revision"] for one in runs(http)} == {0} and len(runs(http)) == 2


def test_rules_never_run_in_circles(http: httpx2.Client) -> None:
    make(http, name="there", trigger="described", actions=[{"do": "category", "category": "map"}])
    make(http, name="back", trigger="described", actions=[{"do": "describe"}])
    make(http, name="watch", trigger="described")
    file_id = upload(http, 5)
    wait_until(lambda: len(http.get(f"/files/{file_id}/descriptions").json()["items"]) >= 2)
    wait_until(lambda: http.get(f"/files/{file_id}").json()["description_status"] == "completed")
    versions = http.get(f"/files/{file_id}/descriptions").json()["items"]
    by_rule: dict[str, list[dict]] = {}
    for run in runs(http):
        by_rule.setdefault(run["rule_name"], []).append(run)
    # Each that describes was run on what was uploaded, and on nothing that a rule asked for.
    assert len(versions) <= 3 and [len(by_rule[name]) for name in ("there", "back")] == [1, 1]
    assert len(by_rule["watch"]) == len(versions)


def test_what_a_rule_cannot_do_is_recorded_and_stops_nothing(http: httpx2.Client) -> None:
    webhook = http.post("/webhooks", json={"url": "http://127.0.0.1:9/"}).json()
    make(http, trigger="described", actions=[{"do": "webhook", "webhook_id": webhook["id"]}, *TAG])
    assert http.patch(f"/webhooks/{webhook['id']}", json={"is_active": False}).status_code == 200
    file_id = upload(http, 6)
    (run,) = runs(http)
    assert "switched off" in run["error"] and run["done"] == ["tagged checked"]
    assert http.get(f"/files/{file_id}").json()["description_status"] == "completed"


def test_what_breaks_off_behind_a_rule_leaves_nothing_of_it(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The description, what the rule did and its record are one transaction: all of them, once, or nothing."""
    make(http, trigger="described", actions=[*TAG, {"do": "review"}])
    add_run, broken = SqlRules.add_run, []

    def break_off_once(self: SqlRules, run: RuleRun) -> None:
        add_run(self, run)
        if not broken:
            broken.append(run.file_id)
            raise RuntimeError("as if the process had died here")

    monkeypatch.setattr(SqlRules, "add_run", break_off_once)
    file_id = upload(http, 20)
    assert broken == [file_id]
    (run,) = runs(http)
    assert run["done"] == ["tagged checked", "moved to the review queue"]
    assert len(http.get(f"/files/{file_id}/descriptions").json()["items"]) == 1
    assert [one["image_id"] for one in http.get("/reviews").json()["items"]] == [file_id]


def test_a_webhook_is_told(http: httpx2.Client) -> None:
    receiver = Receiver()
    try:
        webhook = http.post("/webhooks", json={"url": receiver.url, "events": ["session.ended"]}).json()
        make(http, name="tell", trigger="described", actions=[{"do": "webhook", "webhook_id": webhook["id"]}])
        file_id = upload(http, 7)
        wait_until(
            lambda: http.get(f"/webhooks/{webhook['id']}/deliveries", params={"status": "delivered"}).json()["items"]
        )
        (sent,) = http.get(f"/webhooks/{webhook['id']}/deliveries").json()["items"]
        assert sent["event_type"] == "rule.matched"
        assert (sent["payload"]["data"]["rule"], sent["payload"]["data"]["image_id"]) == ("tell", file_id)
    finally:
        receiver.stop()


def test_a_dry_run_does_nothing(http: httpx2.Client) -> None:
    ids = {upload(http, seed) for seed in (8, 9)}
    rule = {"name": "try", "trigger": "described", "filter": "tag:scripted", "actions": TAG}
    found = http.post("/rules/dry-run", json=rule).json()
    assert (found["examined"], found["matched"], found["would"]) == (2, 2, ["tagged checked"])
    assert {one["id"] for one in found["files"]} == ids
    assert http.get("/rules").json()["total_count"] == 0 and runs(http) == []
    assert http.post("/rules/dry-run", json={**rule, "filter": "title:nothing"}).json()["matched"] == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"filter": "categori:map"}, "filter"),
        ({"trigger": "field_found"}, "field"),
        ({"trigger": "low_confidence"}, "below"),
        ({"actions": [{"do": "tag"}]}, "actions"),
        ({"actions": [{"do": "category", "category": "nothing"}]}, "actions"),
        ({"actions": [{"do": "webhook", "webhook_id": "00000000-0000-4000-8000-000000000000"}]}, "actions"),
        ({"actions": [*TAG, *TAG]}, "actions"),
        ({"actions": []}, "actions"),
        ({"trigger": "whenever"}, "trigger"),
    ],
)
def test_rules_that_cannot_work_are_refused(http: httpx2.Client, changed: dict, field: str) -> None:
    refused = http.post("/rules", json={"name": "a", "trigger": "described", "actions": TAG, **changed})
    assert refused.status_code == 422 and refused.json()["error"]["details"]["field"] == field, refused.text
    assert http.get("/rules").json()["items"] == []


def test_a_rule_is_changed_and_belongs_to_its_tenant(server: InProcessServer, http: httpx2.Client) -> None:
    rule = make(http, trigger="described")
    body = {"name": "off", "trigger": "described", "actions": TAG, "is_active": False}
    assert http.put(f"/rules/{rule['id']}", json=body).json()["is_active"] is False
    upload(http, 10)
    assert runs(http) == []
    with server.client() as other:
        assert other.get(f"/rules/{rule['id']}").status_code == 404
        assert other.put(f"/rules/{rule['id']}", json=body).status_code == 404
        assert other.get("/rules/runs").json()["total_count"] == 0
    for number in range(19):
        make(http, name=f"rule {number}", trigger="described", is_active=False)
    assert http.post("/rules", json=body).status_code == 409


def test_what_waits_is_accepted_corrected_or_rejected(server: InProcessServer, http: httpx2.Client) -> None:
    make(http, trigger="described", actions=[{"do": "review", "reason": "look"}])
    first, second, third = (upload(http, seed) for seed in (11, 12, 13))
    queue = http.get("/reviews").json()
    assert [one["image_id"] for one in queue["items"]] == [first, second, third]
    assert {(one["reason"], one["status"]) for one in queue["items"]} == {("look", "open")}
    one, two, three = (entry["id"] for entry in queue["items"])
    accepted = http.post(f"/reviews/{one}/accept", json={"note": "fine"}).json()
    assert (accepted["status"], accepted["note"]) == ("accepted", "fine") and accepted["decided_at"]
    assert http.post(f"/reviews/{one}/reject", json={}).status_code == 409
    assert http.post(f"/reviews/{two}/correct", json={}).status_code == 422
    corrected = http.post(f"/reviews/{two}/correct", json={"description": "A better one.", "title": "New"}).json()
    assert corrected["status"] == "corrected"
    details = http.get(f"/files/{second}").json()
    assert (details["upload_description"], details["title"]) == ("A better one.", "New")
    assert http.post(f"/reviews/{three}/reject", json={}).json()["status"] == "rejected"
    details = http.get(f"/files/{third}").json()
    assert details["upload_description"] in ("", None) and details["ai_tags"] == []
    assert http.get("/reviews").json()["total_count"] == 0
    assert http.get("/reviews", params={"status": "accepted"}).json()["total_count"] == 1
    with server.client() as other:
        assert other.post(f"/reviews/{one}/accept", json={}).status_code == 404
    # A file that waits does so once.
    http.post(f"/files/{first}/describe")
    wait_until_described(http, first)
    wait_until(lambda: http.get("/reviews").json()["total_count"] == 1)
    http.post(f"/files/{first}/describe")
    wait_until(lambda: len(json.dumps(runs(http)).split('"image_id": "' + first)) == 4)
    assert http.get("/reviews").json()["total_count"] == 1
