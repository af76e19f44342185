"""`client.api_keys`, `client.tenant`, and the calls of `client.files` that ask for processing."""

import json
from datetime import UTC, datetime

import pytest

from scopix import ResourceNotFoundError, ValidationError
from tests.integration.sdk.faulty_server import Reply, json_reply, problem
from tests.integration.sdk.happy import IMAGE_ID

KEY_ID = "0d9c2f7e-0000-4000-8000-00000000000a"
INFO = {
    "id": KEY_ID,
    "name": "web",
    "key_prefix": "scopix_abcdefgh",
    "created_at": "2026-01-02T03:04:05Z",
    "scopes": ["read"],
    "metadata": {"team": 7},
    "usage_count": 3,
}


async def test_a_key_is_made(server, client):
    server.routes["POST /api/v2/api-keys"] = json_reply({**INFO, "api_key": "scopix_whole"}, 201)
    made = await client.api_keys.create(
        "web",
        description="the shop",
        scopes=("read",),
        metadata={"team": 7},
        expires_at=datetime(2999, 1, 2, 3, tzinfo=UTC),
    )
    assert (made.api_key, made.id, made.scopes) == ("scopix_whole", KEY_ID, ["read"])
    assert json.loads(server.seen[0].body) == {
        "name": "web",
        "description": "the shop",
        "scopes": ["read"],
        "metadata": {"team": 7},
        "expires_at": "2999-01-02T03:00:00+00:00",
    }
    await client.api_keys.create("plain")
    assert json.loads(server.seen[1].body) == {"name": "plain"}


async def test_making_a_key_is_not_repeated(server, client):
    server.faults += [problem(503, "SERVICE_UNAVAILABLE")]
    with pytest.raises(Exception, match="SERVER_ERROR"):
        await client.api_keys.create("web")
    assert len(server.seen) == 1


async def test_keys_are_listed_looked_at_changed_and_deactivated(server, client):
    path = f"/api/v2/api-keys/{KEY_ID}"
    page = {"items": [INFO], "total_count": 1, "limit": 5, "offset": 0, "has_more": False}
    server.routes |= {
        "GET /api/v2/api-keys": json_reply(page),
        f"GET {path}": json_reply(INFO),
        f"PUT {path}": json_reply({**INFO, "name": "renamed"}),
        f"DELETE {path}": Reply(204),
    }
    listed = await client.api_keys.list(include_inactive=True, limit=5)
    assert [key.key_prefix for key in listed.items] == ["scopix_abcdefgh"]
    assert server.seen[0].query == {"include_inactive": ["true"], "limit": ["5"], "offset": ["0"]}
    assert (await client.api_keys.get(KEY_ID)).usage_count == 3
    assert (await client.api_keys.update(KEY_ID, name="renamed", metadata={"a": None})).name == "renamed"
    assert json.loads(server.seen[2].body) == {"name": "renamed", "metadata": {"a": None}}
    assert await client.api_keys.deactivate(KEY_ID, reason="leaked") is None
    assert server.seen[3].query == {"reason": ["leaked"]}


async def test_what_cannot_be_meant_is_refused_before_asking(server, client):
    with pytest.raises(ValidationError, match="give a name"):
        await client.api_keys.update(KEY_ID)
    with pytest.raises(ValidationError, match="key id is empty"):
        await client.api_keys.get("")
    for value in (datetime(2026, 1, 1, tzinfo=UTC), float("nan"), {1, 2}):
        with pytest.raises(ValidationError, match="JSON"):
            await client.api_keys.create("x", metadata={"a": value})
    assert server.seen == []


async def test_the_limits_of_the_tenant(server, client):
    server.routes["GET /api/v2/tenant/limits"] = json_reply(
        {
            "tenant_id": "t",
            "tier": "free",
            "limits": {
                "requests_per_minute": 10,
                "max_batch_size": 10,
                "descriptions_per_month": None,
                "max_image_bytes": 1,
                "max_document_bytes": 2,
                "max_batch_bytes": 3,
            },
            "usage": {"descriptions": 4, "uploads": 5, "stored_files": 6, "stored_bytes": 7},
            "period_start": "2026-01-01T00:00:00Z",
            "period_end": "2026-02-01T00:00:00Z",
        }
    )
    told = await client.tenant.limits()
    assert (told.tier, told.limits.requests_per_minute, told.limits.descriptions_per_month) == ("free", 10, None)
    assert (told.usage.stored_bytes, told.period_end) == (7, datetime(2026, 2, 1, tzinfo=UTC))


async def test_renditions_are_asked_for(server, client):
    told = {
        "success": True,
        "message": "queued",
        "task_id": "render:1",
        "current_status": "pending",
        "image_id": IMAGE_ID,
        "skipped_duplicate": False,
    }
    server.routes[f"POST /api/v2/files/{IMAGE_ID}/variants"] = json_reply(told)
    assert await client.files.trigger_variant_generation(IMAGE_ID) == told
    with pytest.raises(ResourceNotFoundError):
        await client.files.trigger_variant_generation("another")


async def test_a_resource_stays_the_same(client):
    assert client.files is client.files
    assert client.api_keys is client.api_keys
    assert client.tenant is client.tenant
