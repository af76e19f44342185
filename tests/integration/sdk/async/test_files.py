"""Looking at, fetching and deleting files; and the client itself."""

from datetime import UTC, datetime

import pytest

from scopix import (
    ContentCategory,
    DescriptionStatus,
    MediaType,
    ResourceNotFoundError,
    ScopixError,
    ScopixTimeoutError,
    ServerError,
    ValidationError,
    set_correlation_id,
)
from tests.integration.sdk.faulty_server import Reply, json_reply, problem
from tests.integration.sdk.happy import DETAILS, IMAGE_ID, behave, status_body

from .conftest import connect

PAGE = {
    "items": [{"id": IMAGE_ID, "filename": "a.png", "media_type": "image", "description_status": "completed"}],
    "total_count": 7,
    "has_more": True,
    "limit": 1,
    "offset": 0,
}


async def test_get(server, client):
    behave(server, category_data={"style": "gothic"}, description_status="dreaming")
    details = await client.files.get(IMAGE_ID)
    assert details.upload_description == "A kitchen with a window."
    assert details.tags == ["mine", "kitchen"]
    assert details.category_data == {"style": "gothic"}
    assert details.text_regions[0].bbox.width == 0.3
    assert details.description_status == "dreaming"


async def test_get_quotes_the_id(server, client):
    with pytest.raises(ResourceNotFoundError):
        await client.files.get("a/../b?c#d")
    assert server.seen[0].target == "/api/v2/files/a%2F..%2Fb%3Fc%23d"


async def test_search(server, client):
    hit = {"file": PAGE["items"][0], "score": 0.5, "found_by": ["meaning"], "similarity": 0.41, "added_later": 1}
    body = {"query": "a dog", "mode": "hybrid", "items": [hit], "is_complete": False}
    server.routes["GET /api/v2/search"] = json_reply(body)
    found = await client.files.search("a dog")
    assert server.seen[0].query == {"query": ["a dog"], "mode": ["hybrid"], "limit": ["20"]}
    assert [(item.file.filename, item.found_by, item.similarity) for item in found.items] == [
        ("a.png", ["meaning"], 0.41)
    ]
    assert (found.mode, found.is_complete, found.items[0].page) == ("hybrid", False, None)
    await client.files.search("a dog", mode="meaning", tags=["a", "b"], limit=3, include_details=True)
    expected = {"query": ["a dog"], "mode": ["meaning"], "tags": ["a", "b"], "limit": ["3"], "include": ["details"]}
    assert server.seen[1].query == expected


async def test_similar(server, client):
    near = {"file": PAGE["items"][0], "score": 0.97, "is_near_duplicate": True, "added_later": 1}
    server.routes[f"GET /api/v2/files/{IMAGE_ID}/similar"] = json_reply({"image_id": IMAGE_ID, "items": [near]})
    found = await client.files.similar(IMAGE_ID, limit=3)
    assert server.seen[0].query == {"limit": ["3"]}
    assert [(item.file.filename, item.score, item.is_near_duplicate) for item in found.items] == [("a.png", 0.97, True)]
    await client.files.similar(IMAGE_ID, min_score=0.25)
    assert server.seen[1].query == {"limit": ["20"], "min_score": ["0.25"]}
    waiting = {"resource_type": "vector", "description_status": "queued"}
    server.faults += [problem(404, "NOT_FOUND", "it was not looked at yet", details=waiting)]
    with pytest.raises(ResourceNotFoundError, match="not looked at yet") as caught:
        await client.files.similar(IMAGE_ID)
    assert caught.value.details["description_status"] == "queued"


@pytest.mark.parametrize("file_id", ["", "  ", ".", ".."])
async def test_an_empty_id_is_refused_before_asking(server, client, file_id):
    calls = (client.files.get, client.files.delete, client.files.download, client.files.get_variant)
    for ask in (*calls, client.files.similar):
        with pytest.raises(ValidationError):
            await ask(file_id)
    assert server.seen == []


async def test_an_ambiguous_prefix_is_a_conflict(server, client):
    server.faults += [problem(409, "CONFLICT", "fits more than one")]
    with pytest.raises(ScopixError) as caught:
        await client.files.get("0d9c2f7e")
    assert caught.value.code == "CONFLICT"
    assert len(server.seen) == 1


async def test_list_by_default(server, client):
    server.routes["GET /api/v2/files"] = json_reply(PAGE)
    page = await client.files.list()
    assert (len(page.items), page.total_count, page.has_more) == (1, 7, True)
    assert page.items[0].description_status is DescriptionStatus.COMPLETED
    assert server.seen[0].query == {
        "limit": ["20"],
        "offset": ["0"],
        "sort_by": ["content_created_at"],
        "sort_order": ["desc"],
    }


async def test_list_with_everything(server, client):
    server.routes["GET /api/v2/files"] = json_reply(PAGE)
    await client.files.list(
        search="a b&c",
        search_mode="visible_text",
        tags=["x", "y"],
        date_from=datetime(2026, 1, 2, tzinfo=UTC),
        date_to="2026-02-01T00:00:00Z",
        has_description=False,
        ids=["1", "2"],
        media_types=[MediaType.IMAGE, "document"],
        limit=5,
        offset=10,
        sort_by="title",
        sort_order="asc",
        description_statuses=["failed", DescriptionStatus.PENDING],
        content_categories=[ContentCategory.MAP],
        objects=["dog", "people>=2"],
        min_people=3,
        cursor="c",
    )
    assert server.seen[0].query == {
        "search": ["a b&c"],
        "search_mode": ["visible_text"],
        "tags": ["x", "y"],
        "date_from": ["2026-01-02T00:00:00+00:00"],
        "date_to": ["2026-02-01T00:00:00Z"],
        "has_description": ["false"],
        "ids": ["1", "2"],
        "media_types": ["image", "document"],
        "limit": ["5"],
        "offset": ["10"],
        "sort_by": ["title"],
        "sort_order": ["asc"],
        "description_statuses": ["failed", "pending"],
        "content_categories": ["map"],
        "objects": ["dog", "people>=2"],
        "min_people": ["3"],
        "cursor": ["c"],
    }


async def test_list_details(server, client):
    server.routes["GET /api/v2/files"] = json_reply({**PAGE, "items": [DETAILS]})
    page = await client.files.list_details(search="a", limit=5)
    assert page.items[0].upload_description == DETAILS["upload_description"]
    assert server.seen[0].query["include"] == ["details"]
    assert server.seen[0].query["limit"] == ["5"]
    with pytest.raises(TypeError):
        await client.files.list_details(serach="a")


@pytest.mark.parametrize("with_cursors", [True, False])
async def test_all_pages_follow_each_other(server, client, with_cursors):
    """An older server knows offsets only."""

    def page(seen):
        assert seen.query["limit"] == ["2"]
        assert seen.query["tags"] == ["x"]
        start = int(seen.query.get("cursor", seen.query["offset"])[0])
        items = [{"id": str(number)} for number in range(start, min(start + 2, 5))]
        more = start + 2 < 5
        next_cursor = {"next_cursor": str(start + 2) if more else None} if with_cursors else {}
        return json_reply({"items": items, "total_count": 5, "has_more": more, **next_cursor})

    server.routes["GET /api/v2/files"] = page
    assert [item.id async for item in client.files.list_all(page_size=2, tags=["x"])] == ["0", "1", "2", "3", "4"]
    places = [(seen.query["offset"][0], seen.query.get("cursor", ["-"])[0]) for seen in server.seen]
    assert places == ([("0", "-"), ("0", "2"), ("0", "4")] if with_cursors else [("0", "-"), ("2", "-"), ("4", "-")])


async def test_delete(server, client):
    body = {"id": IMAGE_ID, "deleted_at": "2026-01-02T03:04:05Z", "message": "deleted"}
    server.routes[f"DELETE /api/v2/files/{IMAGE_ID}"] = json_reply(body)
    assert (await client.files.delete(IMAGE_ID)).deleted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def test_a_download_follows_the_signed_address_without_the_key(server):
    server.routes |= {
        f"GET /api/v2/files/{IMAGE_ID}/download": Reply(302, headers={"Location": "/signed/x?sig=s"}),
        "GET /signed/x": Reply(307, headers={"Location": f"{server.origin}/elsewhere"}),
        "GET /elsewhere": Reply(200, b"\x00bytes"),
    }
    async with connect(server, tenant_id="t-1") as client:
        assert await client.files.download(IMAGE_ID) == b"\x00bytes"
    asked, *signed = server.seen
    assert "authorization" in asked.headers
    assert [seen.path for seen in signed] == ["/signed/x", "/elsewhere"]
    for seen in signed:
        assert not {"authorization", "x-tenant-id", "x-correlation-id"} & set(seen.headers)


async def test_a_download_does_not_run_in_circles(server, client):
    path = f"/api/v2/files/{IMAGE_ID}/download"
    server.routes[f"GET {path}"] = Reply(302, headers={"Location": path})
    with pytest.raises(ServerError, match="redirected too often"):
        await client.files.download(IMAGE_ID)
    assert len(server.seen) == 6


@pytest.mark.parametrize("location", ["/signed/y?sig=s", "{origin}/signed/y?sig=s"])
async def test_a_variant_is_an_absolute_address(server, client, location):
    path = f"/api/v2/files/{IMAGE_ID}/variants/medium_750"
    server.routes[f"GET {path}"] = Reply(302, headers={"Location": location.format(origin=server.origin)})
    assert await client.files.get_variant(IMAGE_ID) == f"{server.origin}/signed/y?sig=s"
    assert len(server.seen) == 1


async def test_a_variant_of_no_image(server, client):
    server.faults += [problem(400, "WRONG_MEDIA_TYPE")]
    with pytest.raises(ValidationError):
        await client.files.get_variant(IMAGE_ID, "tiny_64")
    assert server.seen[0].path.endswith("/variants/tiny_64")


async def test_an_answer_that_should_have_been_a_redirect(server, client):
    server.routes[f"GET /api/v2/files/{IMAGE_ID}/variants/medium_750"] = json_reply({})
    with pytest.raises(ServerError, match="address"):
        await client.files.get_variant(IMAGE_ID)


async def test_processing_status(server, client):
    body = status_body("failed", description_error="x", description_error_type="vlm_error", page_count=None)
    server.routes[f"GET /api/v2/files/{IMAGE_ID}/processing-status"] = json_reply(body)
    status = await client.files.get_processing_status(IMAGE_ID)
    assert status.description_is_terminal
    assert status.description_error_type == "vlm_error"
    assert status.component_statuses.description_status is DescriptionStatus.FAILED
    assert server.seen[0].query == {}


async def test_waiting_for_a_description_that_is_there(server, client):
    behave(server)
    assert (await client.files.wait_for_description(IMAGE_ID)).description == DETAILS["upload_description"]
    assert len(server.seen) == 1


async def test_waiting_for_a_description_in_vain(server, client):
    behave(server, states=("queued",), description_status="pending")
    with pytest.raises(ScopixTimeoutError) as caught:
        await client.files.wait_for_description(IMAGE_ID, timeout=0.02, poll_interval=0.001)
    assert caught.value.last_result.description_status is DescriptionStatus.QUEUED
    assert caught.value.last_result.filename == "photo.png"


async def test_a_correlation_id_of_the_callers_own(server, client):
    behave(server)
    set_correlation_id("order-17")
    await client.files.get(IMAGE_ID)
    assert server.seen[0].headers["x-correlation-id"] == "order-17"


async def test_ids_can_be_left_out(server):
    behave(server)
    async with connect(server, send_correlation_id=False, send_request_id=False) as client:
        await client.files.get(IMAGE_ID)
    assert not {"x-correlation-id", "x-request-id"} & set(server.seen[0].headers)


async def test_tracing_needs_no_set_up(server):
    behave(server)
    async with connect(server, enable_tracing=True) as client:
        assert (await client.files.get(IMAGE_ID)).id == IMAGE_ID


async def test_leaving_the_block_keeps_the_blocks_own_error(server, monkeypatch):
    with pytest.raises(KeyError):
        async with connect(server) as client:

            async def break_down():
                raise OSError("cleaning up failed")

            monkeypatch.setattr(client, "close", break_down)
            raise KeyError("mine")
