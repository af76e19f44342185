"""Following a session when the stream breaks."""

import json

import pytest

from scopix import ResourceNotFoundError, ScopixConnectionError, ServerError
from tests.integration.sdk.faulty_server import Drop, Reply, problem

SESSION = "5c9d5b1e-58a6-4a6c-a0f1-0f9e4ad5ac10"
PATH = f"/files/upload/sessions/{SESSION}/events"
STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}
COUNTS = {"session_id": SESSION, "status": "processing", "total_files": 1, "pending_files": 1}


def file_event(number, stage="queued"):
    data = {"session_id": SESSION, "index": 0, "filename": "a.png", "stage": stage, "status": "pending"}
    return event("file", {**data, "at": "2026-01-01T00:00:00Z", "error_type": "a_new_word"}, number)


def event(kind, data, number=None):
    lines = [f"event: {kind}", f"data: {json.dumps(data)}", *([] if number is None else [f"id: {number}"])]
    return "\n".join([*lines, "", ""]).encode()


def stream(*pieces, **headers):
    return Reply(200, b"".join(pieces), {**STREAM, **headers})


END = event("end", {**COUNTS, "status": "completed", "completed_files": 1, "pending_files": 0}, "3.end")


async def told(client, **options):
    return [event async for event in client.files.stream_session(SESSION, **options)]


async def test_a_stream_that_breaks_goes_on_after_the_last_event_seen(server, client):
    cut = Reply(
        200, file_event(1) + file_event(2), {**STREAM, "Content-Length": "100000", "Connection": "close"}, "head"
    )
    server.faults += [cut, Drop("head"), problem(503, "SERVICE_UNAVAILABLE"), stream(file_event(3), END)]
    events = await told(client)
    assert [event.id for event in events] == ["1", "2", "3", "3.end"]
    assert [event.type for event in events] == ["file", "file", "file", "end"]
    assert [seen.headers.get("last-event-id") for seen in server.attempts("GET", PATH)] == [None, "2", "2", "2"]
    assert {seen.headers["accept"] for seen in server.seen} == {"text/event-stream"}


async def test_a_stream_that_ends_early_is_opened_again(server, client):
    server.faults += [stream(file_event(1)), stream(END)]
    assert [event.type for event in await told(client)] == ["file", "end"]
    assert len(server.seen) == 2


async def test_what_a_newer_server_adds_is_left_out(server, client):
    server.faults += [stream(event("weather", {"sun": True}, 1), b": ping\n\n", file_event(2), END)]
    first, last = await told(client)
    assert (first.id, first.error_type) == ("2", "a_new_word")
    assert last.is_terminal


async def test_it_begins_where_it_is_told(server, client):
    server.faults += [Reply(204)]
    assert await told(client, last_event_id="3.end") == []
    assert server.seen[0].headers["last-event-id"] == "3.end"


async def test_a_server_that_stays_away_is_told_in_the_end(server, client):
    server.faults += [stream(file_event(1)), *[Drop("head")] * 20]
    events = []
    with pytest.raises(ScopixConnectionError):
        async for event in client.files.stream_session(SESSION):
            events.append(event.id)
    assert events == ["1"]
    assert len(server.seen) == 1 + 3


async def test_what_cannot_be_mended_is_raised_at_once(server, client):
    server.faults += [problem(404, "NOT_FOUND", "There is no upload session.")]
    with pytest.raises(ResourceNotFoundError) as caught:
        await told(client)
    assert caught.value.details["request_id"] == "req-1"
    assert len(server.seen) == 1


async def test_a_page_of_a_proxy_is_no_stream(server, client):
    server.faults += [Reply(200, b"<html>", {"Content-Type": "text/html"})] * 4
    with pytest.raises(ScopixConnectionError, match="text/event-stream"):
        await told(client)


async def test_an_event_that_cannot_be_read_is_an_error(server, client):
    server.faults += [stream(event("file", {"index": "x"}, 1))] * 4
    with pytest.raises(ServerError, match="unreadable"):
        await told(client)


async def test_a_listener_may_leave_early(server, client):
    server.faults += [stream(file_event(1), file_event(2), END)] * 2
    async for first in client.files.stream_session(SESSION):
        assert first.id == "1"
        break
    assert len(await told(client)) == 3
