"""/mcp: agents, by the official library's own client, over HTTP and with the keys of REST."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.api.conftest import ON_SQLITE, Server
from tests.support.images import encoded, picture

pytestmark = ON_SQLITE
LOOKING = {"search_images", "ask_images", "get_image", "view_image", "read_text", "job_status"}
WRITING = {"upload_image", "describe_again", "update_image"}


@asynccontextmanager
async def agent(server: Server, key: str | None = None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key or server.api_key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{server.root}/mcp", http_client=http)) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error
    return answer.content[0].text


def reading_key(http: httpx2.Client, *scopes: str) -> str:
    return str(
        http.post("/api-keys", json={"name": "agent", "scopes": list(scopes)}).raise_for_status().json()["api_key"]
    )


async def test_an_agent_uploads_finds_looks_reads_and_changes(server: Server) -> None:
    content = encoded(picture(seed=803))
    async with agent(server) as client:
        sent = base64.b64encode(content).decode()
        new = await call(
            client, "upload_image", filename="receipt.png", content_base64=sent, tags=["agents"], wait_seconds=60
        )
        assert new["description_status"] == "completed" and new["content"]["untrusted"] is True
        image_id = new["image_id"]
        again = await call(client, "upload_image", filename="copy.png", content_base64=sent)
        assert again["was_there_already"] and again["image_id"] == image_id

        found = await call(client, "search_images", tags=["agents"])
        assert [entry["image_id"] for entry in found["images"]] == [image_id] and found["next_cursor"] is None
        details = await call(client, "get_image", image_id=image_id[:8])
        assert details["content"]["description"] and details["text_line_count"] > 0

        asked = await call(client, "ask_images", question=f'which pictures say "{details["content"]["visible_text"]}"?')
        assert asked["untrusted"] is True and asked["search"] and asked["count"] >= 1
        (row,) = [row for row in asked["rows"] if row["image_id"] == image_id]
        assert row["filename"] == "receipt.png"

        text = await call(client, "read_text", image_id=image_id)
        assert text["untrusted"] is True and len(text["lines"]) == text["total_lines"] == details["text_line_count"]
        box = text["lines"][0]["box"]
        around = {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
        assert (await call(client, "read_text", image_id=image_id, region=around))["total_lines"] > 0
        nowhere = {"x": 0, "y": 0, "width": 0.001, "height": 0.001}
        assert (await call(client, "read_text", image_id=image_id, region=nowhere))["total_lines"] == 0

        seen = await client.call_tool("view_image", {"image_id": image_id, "size": "small_256"})
        assert seen.content[0].mime_type == "image/jpeg" and base64.b64decode(seen.content[0].data)[:2] == b"\xff\xd8"
        assert seen.structured_content["variant"] == "small_256"

        changed = await call(client, "update_image", image_id=image_id, title="Lunch", add_tags=["meal"])
        assert changed["title"] == "Lunch" and changed["tags"] == ["agents", "meal"]
        changed = await call(client, "update_image", image_id=image_id, remove_tags=["agents"])
        assert changed["tags"] == ["meal"]

        would = await call(client, "describe_again", image_ids=[image_id])
        assert would["dry_run"] and would["matched"] == 1 and would["examples"][0]["image_id"] == image_id
        assert (await call(client, "job_status", image_id=image_id))["is_finished"]
        done = await call(client, "describe_again", image_ids=[image_id], dry_run=False)
        assert (done["matched"], done["queued"]) == (1, 1)

        stored = await client.read_resource(f"scopix://images/{image_id}")
        assert json.loads(stored.contents[0].text)["image_id"] == image_id
        named = json.loads((await client.read_resource("scopix://categories")).contents[0].text)
        assert "document" in {one["name"] for one in named}
        assert {one.name for one in (await client.list_prompts()).prompts} == {"find_pictures", "transcribe"}


async def test_what_is_misspelt_is_refused_and_nothing_runs(server: Server, http: httpx2.Client) -> None:
    """The library drops arguments that a tool does not have: a misspelt dry run would run."""
    image_id = http.post(
        "/files/upload", files={"file": ("a.png", encoded(picture(seed=801)))}, data={"auto_describe": "false"}
    ).json()["image_id"]
    async with agent(server) as client:
        told = await refusal(client, "describe_again", image_ids=[image_id], dryRun=True, dry_run=False)
        assert "'dryRun'" in told and "dry_run" in told
        assert http.get(f"/files/{image_id}").json()["description_status"] == "skipped"
        for tool in (await client.list_tools()).tools:
            assert tool.input_schema["additionalProperties"] is False, tool.name
            assert tool.output_schema is not None, tool.name
            assert "'no_such'" in await refusal(client, tool.name, no_such=1)
        inner = {"x": 0, "y": 0, "width": 1, "height": 1, "w": 1}
        assert "region.w" in await refusal(client, "read_text", image_id=image_id, region=inner)
        assert await refusal(client, "search_images", limit=500) == "limit: input should be less than or equal to 50."
        assert "no file" in await refusal(client, "get_image", image_id="00000000")
        assert "There is no tool 'delete_all'" in await refusal(client, "delete_all")
        assert "JPEG" in await refusal(client, "upload_image", filename="a.txt", content_base64="aGVsbG8=")
        assert "Base64" in await refusal(client, "upload_image", filename="a.jpg", content_base64="%%%")


async def test_a_key_may_as_an_agent_what_it_may_over_rest(server: Server, http: httpx2.Client) -> None:
    async with agent(server) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == LOOKING | WRITING
    async with agent(server, reading_key(http, "read")) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == LOOKING
        assert "scope 'write'" in await refusal(client, "update_image", image_id="00000000", title="x")
    async with agent(server, reading_key(http, "usage:read")) as client:
        assert not (await client.list_tools()).tools
        assert "scope 'read'" in await refusal(client, "get_image", image_id="00000000")


async def test_an_agent_sees_its_own_tenant_alone(server: Server, http: httpx2.Client) -> None:
    image_id = http.post(
        "/files/upload", files={"file": ("a.png", encoded(picture(seed=802)))}, data={"tags": "mine"}
    ).json()["image_id"]
    if not hasattr(server, "new_tenant"):
        pytest.skip("servers of processes make tenants by the command line")
    async with agent(server, server.new_tenant("agents")) as client:
        assert "no file" in await refusal(client, "get_image", image_id=image_id)
        assert (await call(client, "search_images"))["total_count"] == 0


def test_strangers_and_other_methods_get_the_answers_of_rest(server: Server, http: httpx2.Client) -> None:
    root = f"{server.root}/mcp"
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers, code in (({}, "MISSING_API_KEY"), ({"Authorization": "Bearer scopix_no"}, "INVALID_API_KEY")):
        answer = httpx2.post(root, json=message, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    listening = http.get(root)
    assert (listening.status_code, listening.headers["Allow"]) == (405, "POST")
    connection = HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {server.api_key}", "Content-Length": str(2**30), "Expect": "100-continue"}
    connection.request("POST", "/mcp", headers=headers)
    refused = connection.getresponse()
    assert refused.status == 413 and "/files/upload" in json.load(refused)["error"]["message"]
    connection.close()
