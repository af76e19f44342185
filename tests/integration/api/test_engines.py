"""A server with a vision-language engine: who answers, what an absent engine costs, what stays as versions."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from tests.integration.api.conftest import ON_SQLITE
from tests.support.commands import command
from tests.support.endpoint import Endpoint, hold, say, sleep, status
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

pytestmark = ON_SQLITE
ANSWER = "A calm scene with coloured circles."


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(say(json.dumps({"description": ANSWER, "tags": ["circles"]}))) as running:
        yield running


Start = Callable[..., InProcessServer]


@pytest.fixture
def start(tmp_path: Path, database: str, endpoint: Endpoint) -> Iterator[Start]:
    running: list[InProcessServer] = []

    def build(**settings: str) -> InProcessServer:
        defaults = {"engine_url": endpoint.url, "engine_model": "fixed-1"}
        server = InProcessServer(tmp_path / "data", database=database, **(defaults | settings))
        running.append(server)
        return server.start()

    yield build
    for server in running:
        server.stop()


def upload(server: InProcessServer, seed: int = 1, **fields: str) -> str:
    data = encoded(picture(seed=seed), "JPEG")
    with server.client() as client:
        response = client.post("/files/upload", files={"file": ("a.jpg", data)}, data=fields)
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def details(server: InProcessServer, file_id: str) -> dict[str, Any]:
    with server.client() as client:
        return dict(client.get(f"/files/{file_id}").json())


def status_of(server: InProcessServer, file_id: str, wait: int = 0) -> dict[str, Any]:
    with server.client() as client:
        return dict(client.get(f"/files/{file_id}/processing-status?wait={wait}").json())


def wait_for_end(server: InProcessServer, file_id: str, seconds: float = 90) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (state := status_of(server, file_id, wait=20))["is_terminal"]:
            return state
    raise AssertionError(f"{file_id} did not end: {state}\n{server.log[-5000:]}")


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_engine_describes_and_the_built_in_one_reads(start: Start, endpoint: Endpoint) -> None:
    server = start(engine_price_in="2", engine_price_out="10")
    file_id = upload(server)
    assert wait_for_end(server, file_id)["unified_status"] == "completed"
    found = details(server, file_id)
    assert found["upload_description"] == ANSWER
    assert found["ai_tags"] == ["circles"]
    assert found["variant_status"] == "completed"
    (version,) = found["full_descriptions"]
    assert (version["engine"], version["model"]) == ("vlm", "fixed-1")
    # One decode: what the engine was sent is the variant of that size.
    sent = endpoint.asked[0]["messages"][1]["content"][0]["image_url"]["url"].partition(",")[2]
    stored = next(path for path in server.stored_objects() if path.name == "large_1024.jpg")
    assert base64.b64decode(sent) == stored.read_bytes()
    (row,) = server.setup.rows(
        "SELECT language, input_tokens, output_tokens, cost, length(prompt_hash) FROM descriptions"
    )
    assert row == ("en", 1000, 50, 0.0025, 64)


def test_an_engine_that_is_switched_off_costs_no_file(start: Start, endpoint: Endpoint) -> None:
    server = start(engine_connect_seconds="1")
    endpoint.always = sleep(0.2)
    files = [upload(server, seed) for seed in range(12)]
    wait_until(lambda: len(endpoint.asked) >= 3)
    endpoint.stop()
    wait_until(lambda: not _engines(server)["vlm"]["available"])
    told = "Waiting for the engine 'vlm'"
    wait_until(lambda: any(told in (status_of(server, file_id)["error_message"] or "") for file_id in files))
    waiting = [state for state in (status_of(server, file_id) for file_id in files) if not state["is_terminal"]]
    assert waiting
    assert all(state["unified_status"] in {"queued", "processing"} for state in waiting)
    assert not any(state["is_stuck"] for state in waiting)
    assert "cannot be reached" in _engines(server)["vlm"]["reason"]
    endpoint.start()
    for file_id in files:
        state = wait_for_end(server, file_id)
        assert state["unified_status"] == "completed", state
        assert state["error_message"] is None
        assert len(details(server, file_id)["full_descriptions"]) == 1
    assert _engines(server)["vlm"] == {"available": True, "reason": None} | {
        key: value for key, value in _engines(server)["vlm"].items() if key not in {"available", "reason"}
    }


def _engines(server: InProcessServer) -> dict[str, Any]:
    return {engine["name"]: engine for engine in httpx2.get(f"{server.root}/ready").json()["engines"]}


def test_too_many_requests_means_later_and_no_attempt(start: Start, endpoint: Endpoint) -> None:
    server = start()
    endpoint.then(status(429, "slow down", {"Retry-After": "1"}), status(429, "slow down", {"Retry-After": "0.5"}))
    file_id = upload(server)
    state = wait_for_end(server, file_id)
    assert (state["unified_status"], state["retry_count"]) == ("completed", 0)
    assert len(endpoint.asked) == 3


def test_an_engine_that_fails_is_tried_three_times(start: Start, endpoint: Endpoint) -> None:
    server = start()
    endpoint.always = status(500, "boom")
    file_id = upload(server)
    state = wait_for_end(server, file_id)
    assert state["unified_status"] == "partially_completed"
    assert (state["description_error_type"], state["description_is_retryable"]) == ("vlm_error", True)
    assert "boom" in state["description_error"]
    assert state["retry_count"] == 2
    # A 500 may mean the schema: once, all three forms are tried. Then a picture of ours was answered in the first.
    assert len(endpoint.asked) == 5
    assert endpoint.trials


def test_it_is_asked_no_more_at_once_than_it_takes(start: Start, endpoint: Endpoint) -> None:
    server, let_go = start(engine_concurrency="3"), threading.Event()
    endpoint.always = hold(let_go)
    files = [upload(server, seed) for seed in range(6)]
    # All were looked at, and three are being asked about: the others wait for their turn.
    wait_until(lambda: all(details(server, file_id)["variant_status"] == "completed" for file_id in files), 120)
    wait_until(lambda: endpoint.at_once == 3)
    let_go.set()
    for file_id in files:
        assert wait_for_end(server, file_id)["unified_status"] == "completed"
    assert endpoint.most_at_once == 3


def test_a_fallback_answers_while_the_engine_is_away(start: Start, endpoint: Endpoint) -> None:
    endpoint.stop()
    server = start(engine_fallbacks='["builtin"]', engine_connect_seconds="1")
    file_id = upload(server)
    assert wait_for_end(server, file_id)["unified_status"] == "completed"
    assert details(server, file_id)["full_descriptions"][0]["engine"] == "builtin"


def test_a_quick_answer_is_replaced_by_a_better_one(start: Start, endpoint: Endpoint) -> None:
    server, let_go = start(first_answer="fast"), threading.Event()
    endpoint.always = hold(let_go)
    file_id = upload(server)
    assert wait_for_end(server, file_id)["unified_status"] == "completed"
    quick = details(server, file_id)
    assert [version["engine"] for version in quick["full_descriptions"]] == ["builtin"]
    let_go.set()
    wait_until(lambda: len(details(server, file_id)["full_descriptions"]) == 2)
    better = details(server, file_id)
    assert [version["engine"] for version in better["full_descriptions"]] == ["vlm", "builtin"]
    assert better["upload_description"] == "A red square on white."
    assert better["description_status"] == "completed"


def test_a_quick_answer_stays_when_the_engine_fails(start: Start, endpoint: Endpoint) -> None:
    server = start(first_answer="fast")
    endpoint.always = status(400, "no such pixels here")
    file_id = upload(server)
    wait_for_end(server, file_id)
    wait_until(lambda: status_of(server, file_id)["error_message"])
    state = status_of(server, file_id)
    assert state["unified_status"] == "completed"
    assert "no such pixels here" in state["error_message"]
    assert details(server, file_id)["full_descriptions"][0]["engine"] == "builtin"


def test_settings_that_make_no_engine_are_told(tmp_path: Path) -> None:
    done = command(tmp_path, "serve", "--port", "0", engine_url="ftp://nowhere", engine_key="sk-hidden")
    assert done.returncode == 1
    assert "SCOPIX_ENGINE_URL: must be an address" in done.stderr
    assert "sk-hidden" not in done.stderr


# Versions -----------------------------------------------------------------------------------------------------------


def test_versions_of_several_engines_are_kept_compared_and_chosen(start: Start, endpoint: Endpoint) -> None:
    server = start()
    file_id = upload(server, tags="mine")
    wait_for_end(server, file_id)
    with server.client() as client:
        assert client.post(f"/files/{file_id}/describe", json={"engine": "builtin"}).status_code == 202
        wait_for_end(server, file_id)
        assert client.post("/files/describe", json={"tags": ["mine"], "engine": "vlm"}).json()["queued"] == 1
        wait_for_end(server, file_id)
        listed = client.get(f"/files/{file_id}/descriptions").json()["items"]
        assert [(v["version"], v["engine"], v["is_current"]) for v in listed] == [
            (3, "vlm", True),
            (2, "builtin", False),
            (1, "vlm", False),
        ]
        assert listed[0]["prompt_hash"] == listed[2]["prompt_hash"]
        assert listed[1]["prompt_hash"] is None
        assert client.get("/files?search=calm").json()["total_count"] == 1
        chosen = client.post(f"/files/{file_id}/descriptions/2/current").json()
        assert (chosen["version"], chosen["engine"], chosen["is_current"]) == (2, "builtin", True)
        assert details(server, file_id)["upload_description"] == chosen["description"]
        # What is searched is the current version.
        assert client.get("/files?search=calm").json()["total_count"] == 0
        assert client.post(f"/files/{file_id}/descriptions/9/current").status_code == 404
        refused = client.post(f"/files/{file_id}/describe", json={"engine": "nobody"})
        assert refused.status_code == 422
        assert refused.json()["error"]["details"]["allowed"] == ["builtin", "vlm"]


def test_what_a_person_wrote_is_never_replaced(start: Start, endpoint: Endpoint) -> None:
    server = start()
    file_id = upload(server)
    wait_for_end(server, file_id)
    with server.client() as client:
        words = {"description": "Grandmother's buttons.", "ai_tags": ["buttons"]}
        changed = client.patch(f"/files/{file_id}", json=words).json()
        assert (changed["description"], changed["ai_tags"]) == ("Grandmother's buttons.", ["buttons"])
        for engine in ("vlm", "builtin"):
            client.post(f"/files/{file_id}/describe", json={"engine": engine})
            assert wait_for_end(server, file_id)["unified_status"] == "completed"
        found = details(server, file_id)
        assert found["upload_description"] == "Grandmother's buttons."
        assert found["ai_tags"] == ["buttons"]
        assert [v["engine"] for v in found["full_descriptions"]] == ["builtin", "vlm", "human", "vlm"]
        assert client.get("/files?search=grandmother").json()["total_count"] == 1
        # Only a person takes it back.
        client.post(f"/files/{file_id}/descriptions/1/current")
        assert details(server, file_id)["upload_description"] == ANSWER


def test_a_person_describes_what_no_engine_described(start: Start, endpoint: Endpoint) -> None:
    server = start()
    endpoint.always = status(400, "no")
    failed, skipped = upload(server, 1), upload(server, 2, auto_describe="false")
    wait_for_end(server, failed)
    with server.client() as client:
        for file_id in (failed, skipped):
            assert client.patch(f"/files/{file_id}", json={"description": "By hand."}).status_code == 200
            found = details(server, file_id)
            assert (found["description_status"], found["upload_description"]) == ("completed", "By hand.")
            assert found["description_error"] is None
        # An engine that fails later does not take it away either.
        client.post(f"/files/{failed}/describe")
        wait_for_end(server, failed)
        assert details(server, failed)["upload_description"] == "By hand."
        assert details(server, failed)["description_status"] == "completed"


def test_a_person_writes_while_the_engine_is_asked(start: Start, endpoint: Endpoint) -> None:
    server, let_go = start(), threading.Event()
    endpoint.always = hold(let_go)
    file_id = upload(server)
    wait_until(lambda: endpoint.asked)
    with server.client() as client:
        client.patch(f"/files/{file_id}", json={"description": "By hand."})
    let_go.set()
    assert wait_for_end(server, file_id)["unified_status"] == "completed"
    found = details(server, file_id)
    assert found["upload_description"] == "By hand."
    assert sorted(v["engine"] for v in found["full_descriptions"]) == ["human", "vlm"]


def test_both_clients_know_versions(start: Start) -> None:
    from scopix import SyncScopix

    server = start()
    with SyncScopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        first = client.files.upload(encoded(picture()), filename="a.png")
        assert first.description == ANSWER
        again = client.files.retry_description(first.image_id, engine="builtin")
        assert again.description != ANSWER
        corrected = client.files.update(first.image_id, description="Mine.", ai_tags=["own"])
        assert corrected.description == "Mine."
        versions = client.files.list_descriptions(first.image_id)
        assert [version.engine for version in versions.items] == ["human", "builtin", "vlm"]
        assert versions.current is not None
        assert versions.current.description == "Mine."
        assert client.files.set_current_description(first.image_id, 1).description == ANSWER
        assert client.files.get(first.image_id).upload_description == ANSWER


OWN_CATEGORY = """
name: harbour_log
title: Harbour log
prompt: Name the vessels that lie at the quay.
schema:
  properties:
    vessels: {type: array, items: {type: string}}
    berth: {type: [string, "null"]}
"""
FITTING = {
    "map": {"legend": ["Footpath"]},
    "construction": {"equipment": ["crane"]},
    "harbour_log": {"vessels": ["Tern", "Petrel"], "berth": None},
}


def answer_as_asked(handler: Any, body: dict[str, Any]) -> None:
    """Fill in the fields that the schema of the question has, as a model that is held to it does."""
    wanted = body["response_format"]["json_schema"]["schema"]["properties"]["category_data"]["properties"]
    name = next(name for name, fields in FITTING.items() if set(fields) <= set(wanted))
    data = {field: FITTING[name].get(field, [] if part["type"] == "array" else None) for field, part in wanted.items()}
    say(json.dumps({"description": f"A picture seen as {name}.", "tags": [], "category_data": data}))(handler, body)


def test_one_image_under_two_categories_and_one_of_our_own(start: Start, endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "harbour_log.yaml").write_text(OWN_CATEGORY)
    endpoint.always = answer_as_asked
    server = start(categories_dir=str(tmp_path / "own"))
    file_id = upload(server, content_category="map")
    wait_for_end(server, file_id)
    found = {"map": details(server, file_id)}
    with server.client() as client:
        schemas = {item["name"]: item["schema"] for item in client.get("/categories").json()["items"]}
        for category in ("construction", "harbour_log"):
            again = client.post(f"/files/{file_id}/describe", json={"content_category": category})
            assert again.status_code == 202, again.text
            wait_for_end(server, file_id)
            found[category] = details(server, file_id)
    for category, told in found.items():
        assert told["content_category"] == category
        assert told["upload_description"] == f"A picture seen as {category}."
        Draft202012Validator(schemas[category]).validate(told["category_data"])
        assert all(told["category_data"].get(name) == value for name, value in FITTING[category].items())
    prompts = [body["messages"][1]["content"][1]["text"] for body in endpoint.asked]
    assert len(set(prompts)) == 3
    assert "Its category is: harbour log" in prompts[2]
    assert "Name the vessels that lie at the quay." in prompts[2] and "vessels" not in prompts[0]
    asked = [body["response_format"]["json_schema"]["schema"]["properties"]["category_data"] for body in endpoint.asked]
    assert [set(each["properties"]) for each in asked] == [set(schemas[name]["properties"]) for name in found]
    versions = found["harbour_log"]["full_descriptions"]
    assert len(versions) == 3
