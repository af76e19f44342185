"""An engine that answers, and answers nothing of use: what a client, an operator and a session see of that."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from scopix_server.cli.checks import Verdict, examine
from scopix_server.config import Settings
from tests.support.endpoint import Behaviour, Endpoint, say, status
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until, wait_until_described, wait_until_over

GOOD = "A red square on white."


def _page(handler: Any, _: object) -> None:
    handler.answer(200, b"<!DOCTYPE html><title>Sign in</title>", {"Content-Type": "text/html"})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[InProcessServer]:
    data_dir = tmp_path_factory.mktemp("fault")
    with serving(data_dir, engine_url=endpoint.url, engine_model="fixed-1", engine_concurrency="1") as running:
        yield running


def engine_of(server: InProcessServer) -> dict[str, Any]:
    (found,) = httpx2.get(f"{server.root}/ready").json()["engines"]
    return dict(found)


def state_of(http: httpx2.Client, file_id: str) -> dict[str, Any]:
    return dict(http.get(f"/files/{file_id}/processing-status").json())


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (status(404, "404 page not found"), "most end in /v1"),
        (_page, "a web page ('Sign in')"),
        (status(500, "image input is not supported"), "image input is not supported"),
        (say("", reasoning="I see a square."), "all text is in the model's thoughts"),
    ],
)
def test_images_wait_while_the_engine_is_at_fault_and_are_described_afterwards(
    server: InProcessServer, endpoint: Endpoint, behaviour: Behaviour, reason: str
) -> None:
    endpoint.always, endpoint.known = behaviour, None
    form = [("files", (f"{number}.png", encoded(picture(seed=number)))) for number in range(3)]
    with server.client() as http:
        session = http.post("/files/upload/batch", files=form, data={"skip_duplicates": "false"}).json()["session_id"]
        query = f"SELECT file_id FROM session_files WHERE session_id = '{session}'"
        files = [row[0] for row in server.setup.rows(query)]
        told = "Waiting for the engine 'vlm', which is unavailable."
        # Also of those whose turn did not come: the engine is asked one question at a time.
        wait_until(lambda: all(told in (state_of(http, file_id)["error_message"] or "") for file_id in files))
        for state in (state_of(http, file_id) for file_id in files):
            assert reason in state["error_message"]
            assert (state["unified_status"], state["is_terminal"]) == ("queued", False)
            assert (state["description_error"], state["description_error_type"]) == (None, None)
        known = engine_of(server)
        assert known["available"] is False
        assert reason in known["reason"]
        counts = http.get(f"/files/upload/sessions/{session}").json()
        assert (counts["pending_files"], counts["failed_files"], counts["completed_files"]) == (3, 0, 0)
        endpoint.always = say()
        assert wait_until_over(http, session)["completed_files"] == 3
        assert {state_of(http, file_id)["retry_count"] for file_id in files} == {0}
        wait_until(lambda: engine_of(server)["available"])
        assert engine_of(server)["reason"] is None


def test_a_good_description_outlives_an_engine_that_gives_none(server: InProcessServer, endpoint: Endpoint) -> None:
    endpoint.always = endpoint.known = say()
    with server.client() as http:
        file_id = http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=9)))}).json()["image_id"]
        wait_until_described(http, file_id)
        for answer in (say(""), say(None, finish_reason="content_filter"), say(None, refusal="No.")):  # type: ignore[arg-type]
            endpoint.always, endpoint.known = answer, say()
            assert http.post(f"/files/{file_id}/describe").status_code == 202
            wait_until(lambda: state_of(http, file_id)["is_terminal"])
            state = state_of(http, file_id)
            assert state["description_error_type"] in {"vlm_error", "validation"}
            found = http.get(f"/files/{file_id}").json()
            assert found["upload_description"] == GOOD
            assert len(found["full_descriptions"]) == 1


def test_doctor_says_what_the_workers_know(server: InProcessServer, endpoint: Endpoint) -> None:
    endpoint.always, endpoint.known = status(400, "image input is not supported"), None
    with server.client() as http:
        http.post("/files/upload", files={"file": ("b.png", encoded(picture(seed=10)))})
        wait_until(lambda: not engine_of(server)["available"])
    settings = Settings(data_dir=server.data_dir, engine_url=endpoint.url, analyzer="scripted")
    (finding,) = [finding for finding in examine(settings) if finding.part == "other engines"]
    assert finding.verdict is Verdict.FAILED
    assert "vlm: images wait for it since" in finding.message
    assert "image input is not supported" in finding.message
    endpoint.always = say()
    wait_until(lambda: engine_of(server)["available"])
    (finding,) = [finding for finding in examine(settings) if finding.part == "other engines"]
    assert finding.verdict is Verdict.OK
