"""Lists: one page when awaited, all pages when walked through."""

import pytest

from scopix import FileList, ValidationError
from tests.integration.sdk.faulty_server import json_reply


def page(ids, *, has_more, **more):
    items = [{"id": one, "media_type": "image", "description_status": "completed"} for one in ids]
    return json_reply({"items": items, "total_count": 5, "has_more": has_more, **more})


async def test_a_walk_goes_through_all_pages(server, client):
    server.faults += [
        page("ab", has_more=True, next_cursor="two"),
        page("cd", has_more=True, next_cursor="three"),
        page("e", has_more=False),
    ]
    assert [file.id async for file in client.files.list(limit=2, tags=["x"])] == list("abcde")
    assert [seen.query.get("cursor") for seen in server.seen] == [None, ["two"], ["three"]]
    assert all(seen.query["tags"] == ["x"] and seen.query["limit"] == ["2"] for seen in server.seen)


async def test_a_page_goes_on_from_where_it_is(server, client):
    server.faults += [page("cd", has_more=True, offset=2), page("e", has_more=False, offset=4)]
    first = await client.files.list(limit=2, offset=2)
    assert [file.id for file in first.items] == ["c", "d"]
    assert [file.id async for file in first] == ["c", "d", "e"]
    assert [seen.query["offset"] for seen in server.seen] == [["2"], ["4"]]


async def test_without_cursors_and_offsets_entries_are_counted(server, client):
    server.faults += [page("ab", has_more=True), page("cd", has_more=True), page("e", has_more=False)]
    assert [file.id async for file in client.files.list(limit=2)] == list("abcde")
    assert [seen.query["offset"] for seen in server.seen] == [["0"], ["2"], ["4"]]


async def test_an_empty_page_ends_a_walk(server, client):
    server.faults += [page("", has_more=True)]
    assert [file async for file in client.files.list()] == []


async def test_other_lists(server, client):
    key = {"id": "k", "name": "n", "key_prefix": "scopix_a", "created_at": "2026-01-01T00:00:00Z", "scopes": []}
    server.faults += [
        json_reply({"items": [key], "total_count": 2, "limit": 1, "offset": 0, "has_more": True}),
        json_reply({"items": [key], "total_count": 2, "limit": 1, "offset": 1, "has_more": False}),
    ]
    assert [one.id async for one in client.api_keys.list(limit=1)] == ["k", "k"]


async def test_what_is_asked_wrongly_is_refused_when_it_is_sent(client, server):
    server.faults += [json_reply({"error": {"code": "VALIDATION_ERROR", "message": "limit"}}, status=422)]
    with pytest.raises(ValidationError):
        await client.files.list(limit=0)


def test_a_page_built_by_hand_ends_with_itself():
    made = FileList.model_validate({"items": [{"id": "a"}], "total_count": 9, "has_more": True})
    assert [file.id for file in made] == ["a"]
