"""`files.upload` on a good day: what is sent, how the description is waited for, what comes back."""

import json
from pathlib import Path

import pytest

from scopix import (
    ContentCategory,
    DescriptionError,
    DescriptionStatus,
    ScopixTimeoutError,
    ServerError,
    StorageTarget,
    UploadError,
    UploadResult,
    ValidationError,
)
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.faulty_server import Reply, json_reply, problem
from tests.integration.sdk.happy import IMAGE_ID, UPLOADED, behave
from tests.integration.sdk.parts import read_parts

from .conftest import connect


async def test_it_returns_the_description(server, client, png):
    behave(server)
    result = await client.files.upload(str(png))
    assert isinstance(result, UploadResult)
    assert result.image_id == IMAGE_ID
    assert result.filename == "photo.png"
    assert result.description == "A kitchen with a window."
    assert result.tags == ["kitchen"]
    assert result.visible_text == "OPEN"
    assert result.text_regions[0]["bbox"] == {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.1}
    assert (result.deduplicated, result.media_type, result.status, result.object_key) == (None,) * 4
    assert len(server.attempts("POST", "/files/upload")) == 1
    json.dumps(result.to_dict())


async def test_the_form_by_default(server, client, png):
    behave(server)
    await client.files.upload(png)
    (attempt,) = server.attempts("POST", "/files/upload")
    assert int(attempt.headers["content-length"]) == len(attempt.body)
    assert read_parts(attempt) == {
        "auto_describe": "true",
        "skip_duplicates": "false",
        "storage_target": "default",
        "content_category": "general",
        "path": "photo.png",
        "file": ("photo.png", "image/png", PNG),
    }


async def test_the_form_with_everything(server, client):
    behave(server)
    await client.files.upload(
        PNG,
        filename='a "b"\r\nX: y.png',
        content_category=ContentCategory.BLUEPRINT,
        folder_id="f",
        storage_target=StorageTarget.CUSTOM,
        title="Häuschen",
        tags=["a", "b c"],
        auto_describe=False,
        skip_duplicates=True,
        describe_once=True,
        project_id="p",
        custom_schema_id="s",
    )
    (attempt,) = server.attempts("POST", "/files/upload")
    assert read_parts(attempt) == {
        "title": "Häuschen",
        "path": 'a "b"\r\nX: y.png',
        "tags": "a,b c",
        "auto_describe": "false",
        "skip_duplicates": "true",
        "describe_once": "true",
        "storage_target": "custom",
        "folder_id": "f",
        "project_id": "p",
        "content_category": "blueprint",
        "custom_schema_id": "s",
        "file": ('a "b"\r\nX: y.png', "image/png", PNG),
    }


@pytest.mark.parametrize("category", [ContentCategory.ARCHITECTURAL_DESIGN, "architectural_design"])
async def test_a_category_may_be_a_member_or_its_value(server, client, png, category):
    behave(server)
    await client.files.upload(png, content_category=category)
    assert read_parts(server.seen[0])["content_category"] == "architectural_design"


async def test_the_headers(server, png):
    behave(server)
    async with connect(server, tenant_id="t-1") as client:
        await client.files.upload(png)
    for seen in server.seen:
        assert seen.headers["authorization"] == f"Bearer {client.config.api_key}"
        assert seen.headers["user-agent"] == "scopix-python/2.0.0"
        assert seen.headers["x-tenant-id"] == "t-1"
        assert seen.headers["x-request-id"]
    assert len({seen.headers["x-correlation-id"] for seen in server.seen}) == 1
    assert len({seen.headers["x-request-id"] for seen in server.seen}) == len(server.seen)


async def test_it_asks_until_the_description_is_there(server, client, png):
    behave(server, states=("queued", "processing", "processing", "a state of the future", "completed"))
    assert (await client.files.upload(png)).is_completed
    polls = server.attempts("GET", f"/files/{IMAGE_ID}/processing-status")
    assert len(polls) == 5
    assert all(0 <= int(poll.query["wait"][0]) <= 25 for poll in polls)


async def test_without_waiting_it_returns_at_once(server, client, png):
    behave(server)
    result = await client.files.upload(png, wait_for_descriptions=False)
    assert result.is_pending
    assert len(server.seen) == 1


async def test_without_describing_there_is_nothing_to_wait_for(server, client, png):
    behave(server)
    server.routes["POST /api/v2/files/upload"] = json_reply({**UPLOADED, "description_status": "skipped"}, 201)
    result = await client.files.upload(png, auto_describe=False)
    assert result.description_status is DescriptionStatus.SKIPPED
    assert len(server.seen) == 1


async def test_a_replayed_answer_may_know_the_end_already(server, client, png):
    behave(server)
    server.routes["POST /api/v2/files/upload"] = json_reply({**UPLOADED, "description_status": "completed"}, 201)
    assert (await client.files.upload(png)).description == "A kitchen with a window."


async def test_a_failed_description_is_told_not_raised(server, client, png):
    failure = {"description_status": "failed", "description_error": "no answer", "description_error_type": "timeout"}
    behave(server, states=("failed",), upload_description=None, description_is_retryable=True, **failure)
    result = await client.files.upload(png)
    assert result.is_failed
    assert (result.description_error, result.description_error_type) == ("no answer", "timeout")
    assert result.description_is_retryable is True
    with pytest.raises(DescriptionError) as caught:
        await client.files.upload(png, raise_on_failure=True)
    assert caught.value.details["image_id"] == IMAGE_ID
    assert caught.value.details["status"] == "failed"


async def test_waiting_ends_with_what_is_known(server, client, png):
    behave(server, states=("processing",))
    with pytest.raises(ScopixTimeoutError) as caught:
        await client.files.upload(png, description_timeout=0.02)
    last = caught.value.last_result
    assert (last.image_id, last.filename) == (IMAGE_ID, "photo.png")
    assert last.description_status is DescriptionStatus.PROCESSING


async def test_the_id_survives_a_failure_after_the_upload(server, png):
    behave(server)
    server.routes[f"GET /api/v2/files/{IMAGE_ID}/processing-status"] = problem(500, "SERVER_ERROR")
    async with connect(server, max_retries=0) as client:
        with pytest.raises(ServerError) as caught:
            await client.files.upload(png)
    assert caught.value.details["image_id"] == IMAGE_ID


@pytest.mark.parametrize("wait", [True, False])
async def test_a_duplicate_brings_the_existing_description(server, client, tmp_path, wait):
    behave(server, original_filename="older.png")
    other = "0d9c2f7e-0000-4000-8000-00000000ffff"
    skipped = {"skipped": True, "skipped_existing_image_id": IMAGE_ID, "status": "skipped"}
    answer = {**UPLOADED, "image_id": other, "description_status": "skipped", **skipped}
    server.routes["POST /api/v2/files/upload"] = json_reply(answer, 201)
    copy = tmp_path / "copy.png"
    copy.write_bytes(PNG)
    result = await client.files.upload(copy, skip_duplicates=True, wait_for_descriptions=wait)
    assert (result.image_id, result.filename) == (IMAGE_ID, "copy.png")
    assert result.description_status is DescriptionStatus.SKIPPED
    assert result.description == "A kitchen with a window."
    assert not (result.is_failed or result.is_completed or result.is_pending)


async def test_a_duplicate_that_is_still_being_described_is_waited_for(server, client, png):
    behave(server, states=("processing", "completed"))
    details = iter(["processing", "completed"])
    done = server.routes[f"GET /api/v2/files/{IMAGE_ID}"]
    server.routes[f"GET /api/v2/files/{IMAGE_ID}"] = lambda _: json_reply(
        {**json.loads(done.body), "description_status": next(details)}
    )
    skipped = {"skipped": True, "skipped_existing_image_id": IMAGE_ID, "description_status": "skipped"}
    server.routes["POST /api/v2/files/upload"] = json_reply({**UPLOADED, **skipped}, 201)
    result = await client.files.upload(png, skip_duplicates=True)
    assert result.description_status is DescriptionStatus.SKIPPED
    assert len(server.attempts("GET", f"/files/{IMAGE_ID}/processing-status")) == 2


async def test_callbacks_are_never_called(server, client, png):
    behave(server)

    def explode(*_, **__):
        raise AssertionError("called")

    await client.files.upload(
        png,
        on_progress=explode,
        on_file_complete=explode,
        on_description_progress=explode,
        on_description_failed=explode,
    )


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("nowhere.jpg", {}, "does not exist"),
        ("\0", {}, "cannot be read"),
        (".", {}, "is a directory"),
        ("/dev/null", {}, "no regular file"),
        (PNG, {}, "bytes need a filename"),
        (b"", {"filename": "a.png"}, "is empty"),
        (b"MZ\x90\0", {"filename": "a.png"}, "no supported type"),
        (b"#!/bin/sh\n", {"filename": "a.txt"}, "no supported type"),
        (PNG, {"filename": "a.png", "title": "x" * 256}, "title"),
        (PNG, {"filename": "a.png", "tags": ["x"] * 41}, "40 tags"),
        (PNG, {"filename": "a.png", "tags": ["x" * 51]}, "longer than 50"),
        (PNG, {"filename": "a.png", "tags": ["a,b"]}, "comma"),
        (PNG, {"filename": "a.png", "tags": "ab"}, "list of strings"),
    ],
)
async def test_what_cannot_work_is_refused_before_sending(server, client, file, options, message):
    with pytest.raises(ValidationError, match=message):
        await client.files.upload(file, **options)
    assert server.seen == []


async def test_a_missing_file_is_named(client):
    with pytest.raises(ValidationError) as caught:
        await client.files.upload(Path("no") / "where.jpg")
    assert caught.value.details["path"] == str(Path("no") / "where.jpg")


@pytest.mark.parametrize(("head", "name", "limit"), [(b"\xff\xd8\xff\xe0", "a.bin", 100), (b"%PDF-1.7\n", "a.pdf", 50)])
async def test_a_file_over_the_limit_is_asked_for_before_anything_is_sent(server, client, tmp_path, head, name, limit):
    details = {"max_bytes": limit * 1024 * 1024}
    refusal = problem(413, "FILE_TOO_LARGE", f"larger than {limit} MB. Compress or resize it", details=details)
    server.routes["POST /api/v2/files/direct-uploads"] = refusal
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(head)
        file.truncate(limit * 1024 * 1024 + 1)
    with pytest.raises(ValidationError, match=f"larger than {limit} MB. Compress") as caught:
        await client.files.upload(path)
    assert caught.value.details["max_bytes"] == limit * 1024 * 1024
    (asked,) = server.seen
    assert json.loads(asked.body)["size_bytes"] == limit * 1024 * 1024 + 1


async def test_exactly_the_limit_is_sent(server, client, tmp_path):
    behave(server)
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.write(b"\xff\xd8\xff\xe0")
        file.truncate(100 * 1024 * 1024)
    assert (await client.files.upload(path, wait_for_descriptions=False)).image_id == IMAGE_ID
    (attempt,) = server.attempts("POST", "/files/upload")
    assert len(attempt.body) > 100 * 1024 * 1024


async def test_a_file_that_changed_between_two_attempts_is_not_sent_again(server, client, png):
    def change(_):
        png.write_bytes(PNG + b"more")
        return Reply(503)

    server.routes["POST /api/v2/files/upload"] = change
    with pytest.raises(UploadError, match="changed") as caught:
        await client.files.upload(png)
    assert caught.value.details["stage"] == "upload"
    assert len(server.seen) == 1
