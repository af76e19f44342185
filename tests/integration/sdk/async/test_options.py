"""What users of other SDKs expect of a client: options for some calls, an HTTP client of one's own, raw responses."""

import logging
import subprocess
import sys
from dataclasses import replace

import httpx2
import pytest

from scopix import ConflictError, RawResponse, ScopixConnectionError, ServerError, ValidationError
from tests.integration.sdk.faulty_server import Reply, json_reply, problem
from tests.integration.sdk.happy import DETAILS, IMAGE_ID, behave
from tests.integration.sdk.keys import KEY

from .conftest import connect


async def test_options_of_some_calls(server, client):
    behave(server)
    server.faults += [Reply(503)] * 2
    with pytest.raises(ServerError) as caught:
        await client.with_options(max_retries=0).files.get(IMAGE_ID)
    assert caught.value.details["attempts"] == 1
    # The client itself is as it was.
    assert (await client.files.get(IMAGE_ID)).id == IMAGE_ID
    assert client.config.max_retries == 3


async def test_options_share_the_connections(server, client):
    behave(server)
    changed = client.with_options(timeout=5, polling_timeout=7)
    assert (changed.config.timeout, changed.config.polling_timeout) == (5, 7)
    async with changed:
        await changed.files.get(IMAGE_ID)
    # Closing the copy closed nothing.
    await client.files.get(IMAGE_ID)


async def test_options_that_cannot_work(client):
    with pytest.raises(ValueError, match="timeout must be greater than 0"):
        client.with_options(timeout=0)


async def test_an_http_client_of_one_s_own(server):
    behave(server)
    seen = []
    async with httpx2.AsyncClient(headers={"X-Own": "yes"}) as own:
        async with connect(server, http_client=own) as client:
            seen.append((await client.files.get(IMAGE_ID)).id)
        assert not own.is_closed
    assert seen == [IMAGE_ID]
    assert server.seen[0].headers["x-own"] == "yes"
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_an_http_client_and_a_proxy_are_one_too_many(server):
    async with httpx2.AsyncClient() as own:
        with pytest.raises(ValueError, match="proxy_url or http_client"):
            connect(server, proxy_url="http://127.0.0.1:1", http_client=own)


async def test_raw_responses(server, client):
    behave(server)
    server.faults += [json_reply(DETAILS, **{"X-Request-ID": "abc"})]
    raw = await client.files.with_raw_response.get(IMAGE_ID)
    assert isinstance(raw, RawResponse)
    assert (raw.status_code, raw.request_id, raw.headers["CONTENT-TYPE"]) == (200, "abc", "application/json")
    assert raw.parse().id == IMAGE_ID
    assert raw.parse().request_id == "abc"
    assert IMAGE_ID.encode() in raw.content


async def test_raw_responses_of_a_call_with_several_requests(server, client, png):
    behave(server)
    raw = await client.files.with_raw_response.upload(png)
    assert [one.status for one in raw.http_responses] == [201, 200, 200]
    assert raw.parse().is_completed
    # And nothing is kept for calls without it.
    await client.files.get(IMAGE_ID)
    assert len(raw.http_responses) == 3


async def test_errors_tell_status_and_request(server, client):
    server.faults += [problem(409, "CONFLICT", "under way")]
    with pytest.raises(ConflictError) as caught:
        await client.files.retry_description(IMAGE_ID)
    assert caught.value.status_code == 409
    assert caught.value.request_id == caught.value.details["request_id"]


async def test_errors_without_a_response_tell_neither(server):
    client = connect(server, max_retries=0)
    server.stop()
    with pytest.raises(ScopixConnectionError) as caught:
        await client.files.get(IMAGE_ID)
    assert (caught.value.status_code, caught.value.request_id) == (None, None)
    with pytest.raises(ValidationError) as refused:
        await client.files.get("")
    assert refused.value.status_code is None
    await client.close()


async def test_results_know_their_request(server, client, png):
    behave(server)
    upload = server.routes["POST /api/v2/files/upload"]
    server.routes["POST /api/v2/files/upload"] = replace(upload, headers={**upload.headers, "X-Request-ID": "abc"})
    result = await client.files.upload(png)
    assert (result.is_completed, result.request_id) == (True, "abc")
    # The contract's fields are what they were.
    assert "request_id" not in result.to_dict(exclude_none=False)


async def test_each_request_is_logged(server, client, caplog):
    server.faults += [json_reply({"id": IMAGE_ID}, **{"X-Request-ID": "abc"})]
    with caplog.at_level(logging.DEBUG, "scopix"):
        await client.files.delete(IMAGE_ID)
    (message,) = [one.message for one in caplog.records]
    assert message.startswith("DELETE /files/{id}: HTTP 200 in ")
    assert message.endswith(", request abc")


def test_logging_by_the_environment():
    code = (
        "import logging, scopix; scopix.SyncScopix('scopix_0123456789_0123456789');"
        "logging.getLogger('scopix').debug('heard')"
    )
    for level, heard in (("debug", True), ("warning", False), ("nonsense", False), ("", False)):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"SCOPIX_LOG": level}
        )
        assert ("heard" in done.stderr) is heard, level
