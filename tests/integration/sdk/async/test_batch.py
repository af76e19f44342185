"""`files.upload_batch`: what is sent in which portions, what comes back in which order, and what no fault can do."""

import base64
import json
import os

import pytest

from scopix import (
    AuthenticationError,
    BatchUploadResults,
    DescriptionError,
    DescriptionStatus,
    QuotaExceededError,
    ScopixError,
    ScopixTimeoutError,
    UploadError,
    ValidationError,
)
from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.faulty_server import Drop, Reply, Slow, problem

from .conftest import connect

POST = "POST /api/v2/files/upload/batch"
FAULTS = {
    "429": problem(429, "CONCURRENT_UPLOAD_LIMIT", **{"Retry-After": "0"}),
    "503": problem(503, "SERVICE_UNAVAILABLE"),
    "502 with a web page": Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
    "cut before the body": Drop("head"),
    "cut after the body": Drop("body"),
    "cut in the answer": Drop("answer"),
    "only the answer lost": Drop("done"),
    "slow": Slow(),
}

LIMITS = {
    "tier": "free",
    "limits": dict.fromkeys(("max_batch_size", "max_image_bytes", "max_document_bytes", "max_batch_bytes"), 100),
    "usage": dict.fromkeys(("descriptions", "uploads", "stored_files", "stored_bytes"), 0),
    "period_start": "2026-11-01T00:00:00Z",
    "period_end": "2026-12-01T00:00:00Z",
}


@pytest.fixture
def pictures(tmp_path):
    def make(count, folder="photos"):
        directory = tmp_path / folder
        directory.mkdir()
        for number in range(count):
            # Each is another picture: what follows the end of a PNG is nobody's business.
            (directory / f"{number:05}.png").write_bytes(PNG + str(number).encode())
        return directory

    return make


def names(results):
    return [result.filename for result in results]


async def test_a_directory_comes_back_described_in_order(server, client, pictures):
    scopix = BatchScopix(server, max_files=3)
    results = await client.files.upload_batch(str(pictures(10)))
    assert isinstance(results, BatchUploadResults)
    assert names(results) == [f"{number:05}.png" for number in range(10)]
    assert [result.description for result in results] == [f"What {name} shows." for name in names(results)]
    assert [result.image_id for result in results] == [entry["image_id"] for entry in scopix.files]
    assert results.session_ids == list(scopix.sessions)
    assert (results.summary(), results.has_failures) == ("10 succeeded", False)


async def test_the_fields(server, client, png):
    scopix = BatchScopix(server)
    await client.files.upload_batch(
        png, tags=["a", "b"], content_category="map", folder_id="f", skip_duplicates=True, storage_target="custom"
    )
    assert scopix.requests == [
        {
            "tags": "a,b",
            "auto_describe": "true",
            "skip_duplicates": "true",
            "storage_target": "custom",
            "folder_id": "f",
            "content_category": "map",
            "expected_files": "1",
            "start_index": "0",
            "path": "photo.png",
        }
    ]


async def test_files_and_bytes_are_mixed(server, client, png, pictures):
    scopix = BatchScopix(server)
    results = await client.files.upload_batch([png, PNG, pictures(2)], filenames=[None, "b.png", None])
    assert names(results) == ["photo.png", "b.png", "00000.png", "00001.png"]
    assert len(scopix.files) == 4


async def test_sessions_hold_a_thousand_files(server, client, pictures):
    count = 2500
    scopix = BatchScopix(server)
    results = await client.files.upload_batch(pictures(count))
    assert [len(session.entries) for session in scopix.sessions.values()] == [1000, 1000, 500]
    assert names(results) == [f"{number:05}.png" for number in range(count)]
    assert len(scopix.names()) == len(scopix.files) == count
    assert all(result.is_completed for result in results)
    # Five requests to a full session, at most 200 files each, and no more.
    assert len(scopix.requests) == 5 + 5 + 3


async def test_ten_thousand_files_are_allowed_and_not_one_more(server, client, pictures):
    directory = pictures(10_001)
    scopix = BatchScopix(server, max_files=1000)
    with pytest.raises(ValidationError, match="10,000"):
        await client.files.upload_batch(directory)
    assert server.seen == []
    (directory / "00000.png").unlink()
    results = await client.files.upload_batch(directory, wait_for_descriptions=False)
    assert len(results) == len(scopix.names()) == 10_000
    assert len(results.session_ids) == 10


@pytest.mark.parametrize("nothing", [[], "empty"])
async def test_nothing_is_no_request(server, client, tmp_path, nothing):
    (tmp_path / "empty").mkdir()
    results = await client.files.upload_batch(tmp_path / nothing if nothing else nothing)
    assert (results, results.session_id, server.seen) == ([], None, [])


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_no_fault_loses_or_doubles_a_file(server, client, pictures, fault):
    scopix = BatchScopix(server, max_files=2)
    server.faults_at[POST] = type(server.faults)([fault, fault])
    results = await client.files.upload_batch(pictures(9))
    assert names(results) == [f"{number:05}.png" for number in range(9)]
    assert all(result.is_completed for result in results)
    assert scopix.names() == dict.fromkeys(names(results), 1)
    assert len(scopix.sessions) == 1


async def test_an_early_413_splits_the_request(server, client, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for path in paths:
        path.write_bytes(PNG + bytes(1_500_000))
    scopix = BatchScopix(server)
    refusal = problem(413, "BATCH_TOO_LARGE", "too many", details={"max_files": 3}, when="part")
    server.faults_at[POST] = type(server.faults)([refusal])
    results = await client.files.upload_batch(paths)
    assert names(results) == [path.name for path in paths]
    assert scopix.names() == dict.fromkeys(names(results), 1)
    assert [request["start_index"] for request in scopix.requests] == ["0", "3"]
    assert len(scopix.sessions) == 1


async def test_a_tier_that_shrank_is_met(server, client, pictures):
    scopix = BatchScopix(server, max_files=4)
    scopix.quota["max_batch_size"] = 100
    results = await client.files.upload_batch(pictures(10))
    assert len(results) == 10
    assert scopix.names() == dict.fromkeys(names(results), 1)


async def test_unfit_files_of_a_directory_are_results(server, client, pictures):
    directory = pictures(3)
    (directory / "00001.png").write_bytes(b"")
    (directory / "a.jpg").write_text("no picture")
    (directory / "refuse.gif").write_bytes(b"GIF89a")
    scopix = BatchScopix(server)
    results = await client.files.upload_batch(directory)
    assert names(results) == ["00000.png", "00001.png", "00002.png", "a.jpg", "refuse.gif"]
    assert [result.is_failed for result in results] == [False, True, False, True, True]
    for result in results.failed():
        assert (result.image_id, result.description_error_type) == ("", "validation")
        assert result.description_is_retryable is False
    assert [next(iter(scopix.sessions.values())).expected, len(scopix.files)] == [3, 2]
    assert results.summary() == "2 succeeded, 3 failed"
    with pytest.raises(DescriptionError):
        await client.files.upload_batch(directory, raise_on_failure=True)


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
async def test_a_named_file_that_is_unfit_is_an_error(server, client, tmp_path, png, content):
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValidationError, match=r"bad\.jpg") as caught:
        await client.files.upload_batch([png, path])
    assert caught.value.details["path"] == str(path)
    assert server.seen == []


@pytest.mark.parametrize("answered", [True, False])
async def test_a_file_that_vanishes_meanwhile_costs_the_others_nothing(server, client, pictures, answered):
    """It goes while the first request's first attempt is under way."""
    directory = pictures(6)
    scopix = BatchScopix(server, max_files=3)
    original = server.routes[POST]

    def vanish(seen):
        server.routes[POST] = original
        (directory / "00001.png").unlink()
        (directory / "00004.png").write_bytes(PNG + b"another")
        os.utime(directory / "00004.png", ns=(1, 1))
        return original(seen) if answered else Drop("body")

    server.routes[POST] = vanish
    results = await client.files.upload_batch(directory)
    assert names(results) == [f"{number:05}.png" for number in range(6)]
    lost = [1, 4] if not answered else [4]
    assert [number for number, result in enumerate(results) if result.is_failed] == lost
    assert all(result.image_id == "" for result in results.failed())
    assert "changed" in results[4].description_error
    assert len(scopix.files) == 6 - len(lost)
    assert len(scopix.sessions) == 1


async def test_without_waiting_the_ids_are_there(server, client, pictures):
    scopix = BatchScopix(server, polls=3)
    results = await client.files.upload_batch(pictures(3), wait_for_descriptions=False)
    assert results.pending_count == 3
    assert [result.image_id for result in results] == [entry["image_id"] for entry in scopix.files]
    seen = []
    status = await client.files.wait_for_session(results.session_id, on_progress=seen.append)
    assert status.is_terminal
    percentages = [one.progress_percentage for one in seen]
    assert percentages == sorted(percentages)
    assert (percentages[-1], len(seen)) == (100, 4)


async def test_waiting_ends_with_what_is_known(server, client, pictures):
    BatchScopix(server, polls=10**9)
    with pytest.raises(ScopixTimeoutError) as caught:
        await client.files.upload_batch(pictures(2), description_timeout=0.02)
    assert isinstance(caught.value.last_result, BatchUploadResults)
    assert caught.value.last_result.pending_count == 2
    assert caught.value.last_result.session_ids


async def test_callbacks_are_never_called(server, client, png):
    BatchScopix(server)

    def never(*_):
        raise AssertionError

    await client.files.upload_batch([png], on_progress=never, on_file_complete=never)


async def test_a_spent_quota_is_told_before_anything_is_sent(server, client, png):
    scopix = BatchScopix(server)
    scopix.quota |= {"can_proceed": False, "available": 0, "monthly_limit": 10, "message": "used up"}
    with pytest.raises(QuotaExceededError, match="used up") as caught:
        await client.files.upload_batch([png])
    assert caught.value.details["limit"] == 10
    assert caught.value.partial_results == []
    assert scopix.requests == []


async def test_a_quota_hit_later_keeps_what_was_done(server, client, pictures):
    scopix = BatchScopix(server, max_files=4, at_once=1)
    original, spent = server.routes[POST], problem(403, "USAGE_LIMIT_EXCEEDED", "used up")
    server.routes[POST] = lambda seen: original(seen) if len(scopix.files) < 8 else spent
    with pytest.raises(QuotaExceededError) as caught:
        await client.files.upload_batch(pictures(12))
    assert names(caught.value.partial_results) == [f"{number:05}.png" for number in range(8)]
    assert all(result.image_id for result in caught.value.partial_results)


@pytest.mark.parametrize("answers", [True, False])
async def test_a_failure_later_keeps_what_was_done(server, pictures, answers):
    scopix = BatchScopix(server, max_files=4, at_once=1)
    original = server.routes[POST]

    def fail(seen):
        if not scopix.files:
            return original(seen)
        if not answers:
            (session_id,) = scopix.sessions
            server.routes[f"GET /api/v2/files/upload/sessions/{session_id}/results"] = problem(500, "SERVER_ERROR")
        return problem(500, "SERVER_ERROR", "broken")

    server.routes[POST] = fail
    async with connect(server, max_retries=1) as client:
        with pytest.raises(UploadError, match="broken") as caught:
            await client.files.upload_batch(pictures(12))
    error = caught.value
    assert error.details["stage"] == "chunk_upload"
    assert [error.session_id] == list(scopix.sessions)
    assert names(error.partial_results) == [f"{number:05}.png" for number in range(4)]
    assert all(bool(result.image_id) == answers for result in error.partial_results)


async def test_a_refused_key_is_told_as_such(server, client, png):
    BatchScopix(server)
    server.routes[POST] = problem(401, "INVALID_API_KEY")
    with pytest.raises(AuthenticationError):
        await client.files.upload_batch([png])


async def test_the_other_calls_about_sessions(server, client, png):
    scopix = BatchScopix(server)
    results = await client.files.upload_batch([base64.b64decode(base64.b64encode(PNG))], filenames=["a.png"])
    session_id = results.session_id
    assert (await client.files.get_session_status(session_id)).status == "completed"
    page = await client.files.get_session_results(session_id, include_failed=False, offset=0, limit=5)
    assert [one.filename for one in page.results] == ["a.png"]
    assert server.seen[-1].query == {"include_failed": ["false"], "offset": ["0"], "limit": ["5"]}
    listed = await client.files.list_sessions(status="processing", upload_method="streaming")
    assert [one.session_id for one in listed.items] == list(scopix.sessions)
    assert (await client.files.cancel_session(session_id)).is_terminal
    quota = await client.files.check_quota(7)
    assert (quota.requested, quota.max_batch_size) == (7, 200)
    with pytest.raises(ValidationError):
        await client.files.get_session_status("..")
    assert scopix.files[0]["filename"] == "a.png"


async def test_a_skipped_description_is_no_failure(server, client, png):
    scopix = BatchScopix(server)
    original = scopix._told
    scopix._told = lambda session, entry: {
        **original(session, entry),
        "status": "skipped",
        "image_id": None,
        "skipped_existing_image_id": "there-already",
    }
    (result,) = await client.files.upload_batch([png], skip_duplicates=True)
    assert (result.image_id, result.description_status) == ("there-already", DescriptionStatus.SKIPPED)


async def test_a_server_that_asks_for_many_pauses_gets_them(server, client, pictures):
    scopix = BatchScopix(server, max_files=2)
    busy = problem(429, "RATE_LIMIT_ERROR", **{"Retry-After": "0"})
    server.faults_at[POST] = type(server.faults)([busy] * 11)
    results = await client.files.upload_batch(pictures(4))
    assert scopix.names() == dict.fromkeys(names(results), 1)


async def test_a_file_that_changes_after_a_lost_answer_is_not_stored_twice(server, client, pictures):
    """The server has it already; a repetition with another content is a conflict, which says as much."""
    directory = pictures(4)
    scopix = BatchScopix(server, max_files=2, at_once=1)
    original = server.routes[POST]

    def lose_the_second_answer(seen):
        answer = original(seen)
        if len(scopix.requests) != 2:
            return answer
        (directory / "00003.png").unlink()
        return Drop("body")

    server.routes[POST] = lose_the_second_answer
    results = await client.files.upload_batch(directory)
    assert [result.image_id for result in results] == [entry["image_id"] for entry in scopix.files]
    assert scopix.names() == {f"{number:05}.png": 1 for number in range(4)}


async def test_a_file_that_shrinks_between_two_attempts_costs_the_others_nothing(server, client, tmp_path):
    """The server is busy at first, and meanwhile the file is cut."""
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(PNG + bytes(1_500_000))
    scopix = BatchScopix(server)
    original = server.routes[POST]

    def cut(seen):
        server.routes[POST] = original
        os.truncate(tmp_path / "b.png", 100)
        return problem(503, "SERVICE_UNAVAILABLE")

    server.routes[POST] = cut
    results = await client.files.upload_batch(tmp_path)
    assert [result.is_failed for result in results] == [False, True, False]
    assert "b.png changed" in results[1].description_error
    assert scopix.names() == {"a.png": 1, "c.png": 1}


# With a journal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Drop("head"), Drop("body"), Drop("done"), problem(503, "SERVICE_UNAVAILABLE")])
@pytest.mark.parametrize("after", [0, 1, 3])
async def test_a_batch_that_broke_off_is_continued(server, pictures, tmp_path, fault, after):
    """Another client, as after a crash, goes on by the journal alone."""
    scopix = BatchScopix(server, max_files=3)
    original = server.routes[POST]
    acts = fault in (Drop("body"), Drop("done"))
    server.routes[POST] = lambda seen: (
        original(seen) if len(scopix.requests) < after else (original(seen) and fault if acts else fault)
    )
    photos, journal = pictures(14), tmp_path / "journal.jsonl"
    async with connect(server, max_retries=0) as client:
        with pytest.raises(ScopixError):
            await client.files.upload_batch(photos, journal=journal)
    server.routes[POST] = original
    async with connect(server) as client:
        results = await client.files.upload_batch(photos, journal=journal)
        assert names(results) == [f"{number:05}.png" for number in range(14)]
        assert all(result.is_completed and result.image_id for result in results)
        assert scopix.names() == {f"{number:05}.png": 1 for number in range(14)}
        assert len(scopix.sessions) == 1
        # All is done: another call sends nothing, and gives the same.
        sent = len(scopix.requests)
        assert await client.files.upload_batch(photos, journal=journal) == results
        assert len(scopix.requests) == sent


async def test_with_a_journal_only_what_is_new_or_changed_is_sent(server, client, pictures, tmp_path):
    scopix = BatchScopix(server)
    photos, journal = pictures(3), tmp_path / "journal.jsonl"
    await client.files.upload_batch([photos, PNG], filenames=[None, "memory.png"], journal=journal)
    (photos / "00001.png").write_bytes(PNG + b"another picture")
    (photos / "00009.png").write_bytes(PNG + b"new")
    results = await client.files.upload_batch([photos, PNG], filenames=[None, "memory.png"], journal=journal)
    assert names(results) == ["00000.png", "00001.png", "00002.png", "00009.png", "memory.png"]
    # What may be there already is sent with care, what is new is not held up by it.
    assert [request["skip_duplicates"] for request in scopix.requests] == ["false", "false", "true"]
    assert scopix.names() == {"00000.png": 1, "00001.png": 2, "00002.png": 1, "00009.png": 1, "memory.png": 1}


async def test_a_journal_belongs_to_one_server_and_one_call(server, client, png, tmp_path):
    BatchScopix(server)
    journal = tmp_path / "journal.jsonl"
    await client.files.upload_batch(png, journal=journal)
    before = journal.read_text()
    async with connect(server, base_url=server.base_url.replace("127.0.0.1", "localhost")) as other:
        with pytest.raises(ValidationError, match="another file") as caught:
            await other.files.upload_batch(png, journal=journal)
    assert caught.value.details == {"field": "journal", "path": str(journal)}
    assert journal.read_text() == before


async def test_what_was_sent_for_another_tenant_does_not_count(server, client, pictures, tmp_path):
    """As when the server was set up anew at the same address."""
    scopix, photos, journal = BatchScopix(server), pictures(2), tmp_path / "journal.jsonl"
    for tenant, sent in (("one", 1), ("two", 2), ("one", 2)):
        server.routes["GET /api/v2/tenant/limits"] = Reply(200, json.dumps(LIMITS | {"tenant_id": tenant}).encode())
        results = await client.files.upload_batch(photos, journal=journal)
        assert names(results) == ["00000.png", "00001.png"] and all(result.is_completed for result in results)
        assert len(scopix.requests) == sent
    assert scopix.names() == {"00000.png": 2, "00001.png": 2}


async def test_each_file_has_a_state_at_any_time(server, client, pictures):
    BatchScopix(server, max_files=2, polls=2)
    photos = pictures(4)
    (photos / "00001.png").write_bytes(b"")
    (photos / "refuse.png").write_bytes(PNG)
    with await client.files.batch_upload([photos, photos / "gone.png"]) as upload:
        assert (upload.total, upload.sent, {file.summary for file in upload.files}) == (6, 0, {"not sent"})
        await upload.send()
        assert [file.summary for file in upload.files] == ["uploaded", "refused", *["uploaded"] * 3, "refused"]
        counts = []
        await upload.wait(on_progress=lambda it: counts.append(it.ended))
        assert counts == sorted(counts)
        results = await upload.collect()
    assert [file.summary for file in upload.files] == ["described", "refused", *["described"] * 2, *["refused"] * 2]
    assert [file.path for file in upload.files][-1] == str(photos / "gone.png")
    assert "does not exist" in upload.files[-1].reason
    assert [file.result for file in upload.files] == results
