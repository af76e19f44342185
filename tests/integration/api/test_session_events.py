"""The live event stream of a session, read as curl and as the SDK read it."""

import json
import threading
from collections import defaultdict
from pathlib import Path

import httpx2
import pytest

from scopix import ResourceNotFoundError, Scopix, SessionFileEvent
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")

LIFE = ["queued", "processing", "perceived", "completed"]


def images(count: int) -> list[bytes]:
    return [encoded(picture(seed=seed)) for seed in range(count)]


def begin(http: httpx2.Client, contents: list[bytes], **form: str) -> str:
    parts = [("files", (f"{index}.png", content)) for index, content in enumerate(contents)]
    response = http.post("/files/upload/batch", files=parts, data=form)
    assert response.status_code == 201, response.text
    return str(response.json()["session_id"])


def read(http: httpx2.Client, session_id: str, after: str | None = None, most: int = 10_000) -> list[dict]:
    """The events of a stream, until its end or until `most` have come."""
    headers = {} if after is None else {"Last-Event-ID": after}
    events: list[dict] = []
    with http.stream("GET", f"/files/upload/sessions/{session_id}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for event in httpx2.EventSource(response):
            events.append({"event": event.event, "id": event.id, **json.loads(event.data)})
            if len(events) == most:
                break
    return events


def stages(events: list[dict]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for event in events:
        if event["event"] == "file":
            found[event["index"]].append(event["stage"])
    return dict(found)


def test_every_file_is_followed_from_stage_to_stage(http: httpx2.Client) -> None:
    session_id = begin(http, [*images(3), b"no image"])
    events = read(http, session_id)
    assert stages(events) == {0: LIFE, 1: LIFE, 2: LIFE, 3: ["rejected"]}
    numbers = [int(event["id"]) for event in events if event["event"] == "file"]
    assert numbers == list(range(1, 14))
    assert [event["event"] for event in events].count("end") == 1
    end = events[-1]
    assert end["event"] == "end"
    assert (end["status"], end["total_files"]) == ("completed", 4)
    assert (end["completed_files"], end["failed_files"], end["pending_files"]) == (3, 1, 0)
    status = http.get(f"/files/upload/sessions/{session_id}").json()
    assert {name: status[name] for name in end if name in status} == {name: end[name] for name in end if name in status}


def test_the_counts_follow_the_files(http: httpx2.Client) -> None:
    events = read(http, begin(http, images(4)))
    ended: set[int] = set()
    for event in events:
        if event["event"] == "file" and event["status"] != "pending":
            ended.add(event["index"])
        if event["event"] != "file":
            done = event["completed_files"] + event["failed_files"] + event["skipped_files"]
            assert done == len(ended)
            assert done + event["pending_files"] == event["total_files"] == 4
            assert event["progress_percentage"] == 25.0 * done


def test_a_stream_goes_on_after_the_last_event_seen(http: httpx2.Client) -> None:
    session_id = begin(http, images(3))
    first = read(http, session_id, most=4)
    rest = read(http, session_id, after=first[-1]["id"])
    told = [event for event in [*first, *rest] if event["event"] == "file"]
    assert [int(event["id"]) for event in told] == list(range(1, 13))
    assert stages(told) == {0: LIFE, 1: LIFE, 2: LIFE}


def test_a_stream_that_was_read_to_its_end_is_not_told_again(http: httpx2.Client) -> None:
    session_id = begin(http, images(1), auto_describe="false")
    path = f"/files/upload/sessions/{session_id}/events"
    end = read(http, session_id)[-1]
    assert end["id"] == "1.end"
    assert http.get(path, headers={"Last-Event-ID": end["id"]}).status_code == 204
    # Whoever saw the last event, but not the end, is told the end.
    assert [event["event"] for event in read(http, session_id, after="1")] == ["end"]


def test_a_file_described_again_opens_the_stream_again(http: httpx2.Client) -> None:
    session_id = begin(http, images(1))
    end = read(http, session_id)[-1]
    file_id = http.get(f"/files/upload/sessions/{session_id}/results").json()["results"][0]["image_id"]
    assert http.post(f"/files/{file_id}/describe").status_code == 202
    more = read(http, session_id, after=end["id"])
    assert stages(more)[0][0] == "queued"
    assert stages(more)[0][-1] == "completed"


def test_what_is_not_described_duplicate_or_deleted_is_told(http: httpx2.Client) -> None:
    content = encoded(picture(seed=77))
    parts = [("files", (name, content)) for name in ("one.png", "two.png")]
    form = {"auto_describe": "false", "skip_duplicates": "true"}
    response = http.post("/files/upload/batch", files=parts, data=form).json()
    assert http.delete(f"/files/{response['immediate_results'][0]['image_id']}").status_code == 200
    events = read(http, response["session_id"])
    assert stages(events) == {0: ["stored", "deleted"], 1: ["duplicate"]}


def test_a_cancelled_session_ends_its_streams(tmp_path: Path, database: str) -> None:
    with serving(tmp_path, database=database, worker=False) as server, server.client() as http:
        session_id = begin(http, images(2))
        seen: list[dict] = []
        reader = threading.Thread(target=lambda: seen.extend(read(http, session_id)))
        reader.start()
        assert http.post(f"/files/upload/sessions/{session_id}/cancel").status_code == 200
        reader.join(30)
    assert stages(seen) == {0: ["queued", "cancelled"], 1: ["queued", "cancelled"]}
    assert (seen[-1]["event"], seen[-1]["status"], seen[-1]["skipped_files"]) == ("end", "cancelled", 2)


@pytest.mark.parametrize("value", ["-1", "x", "1.e", "9" * 20, "1;2"])
def test_an_id_that_is_none_is_refused(http: httpx2.Client, value: str) -> None:
    path = f"/files/upload/sessions/{begin(http, images(1), auto_describe='false')}/events"
    response = http.get(path, headers={"Last-Event-ID": value})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


async def test_the_sdk_follows_a_session(server: InProcessServer, tmp_path: Path) -> None:
    paths = []
    for index, content in enumerate(images(2)):
        paths.append(tmp_path / f"{index}.png")
        paths[-1].write_bytes(content)
    async with Scopix(server.api_key, base_url=server.base_url) as client:
        results = await client.files.upload_batch(paths, wait_for_descriptions=False)
        assert results.session_id
        events = [event async for event in client.files.stream_session(results.session_id)]
        again = [event async for event in client.files.stream_session(results.session_id, last_event_id=events[-1].id)]
        with pytest.raises(ResourceNotFoundError):
            async for _ in client.files.stream_session("00000000-0000-0000-0000-000000000000"):
                pass
    assert [e.stage for e in events if isinstance(e, SessionFileEvent) and e.index == 1] == LIFE
    assert events[-1].type == "end"
    assert events[-1].is_terminal
    assert events[-1].completed_files == 2
    assert again == []
