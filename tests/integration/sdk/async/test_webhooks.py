"""`client.webhooks`: what is sent, and what comes back."""

import json

import pytest

from scopix import ResourceNotFoundError, ValidationError
from tests.integration.sdk.faulty_server import Reply, json_reply, problem

PATH = "/api/v2/webhooks"
HOOK = {
    "id": "1f7e0e2c-54b4-4a1a-9c37-8f7f0e9c6a10",
    "url": "https://example.com/hook",
    "description": None,
    "events": ["file.described"],
    "is_active": True,
    "disabled_reason": None,
    "created_at": "2026-01-02T03:04:05+00:00",
    "invented_by_a_newer_server": 1,
}
DELIVERY = {
    "id": "2f7e0e2c-54b4-4a1a-9c37-8f7f0e9c6a10",
    "message_id": "msg_2f7e0e2c-54b4-4a1a-9c37-8f7f0e9c6a10",
    "webhook_id": HOOK["id"],
    "event_type": "webhook.ping",
    "status": "pending",
    "attempts": 1,
    "created_at": "2026-01-02T03:04:05+00:00",
    "payload": {"type": "webhook.ping"},
    "log": [{"at": "2026-01-02T03:04:06+00:00", "duration_ms": 12, "status_code": 500, "error": "no"}],
}
ONE, MESSAGE = f"{PATH}/{HOOK['id']}", f"{PATH}/deliveries/{DELIVERY['id']}"


async def test_making_changing_and_removing(server, client):
    created = {**HOOK, "secret": "whsec_c2VjcmV0"}
    server.routes |= {
        f"POST {PATH}": json_reply(created, 201),
        f"GET {PATH}": json_reply({"items": [HOOK], "total_count": 1}),
        f"GET {ONE}": json_reply(HOOK),
        f"PATCH {ONE}": json_reply({**HOOK, "is_active": False}),
        f"POST {ONE}/secret": json_reply(created),
        f"DELETE {ONE}": Reply(204),
    }
    made = await client.webhooks.create("https://example.com/hook", events=("file.described",))
    assert (made.id, made.secret, made.events) == (HOOK["id"], "whsec_c2VjcmV0", ["file.described"])
    assert json.loads(server.seen[0].body) == {"url": "https://example.com/hook", "events": ["file.described"]}
    assert [one.id for one in (await client.webhooks.list()).items] == [HOOK["id"]]
    assert (await client.webhooks.get(HOOK["id"])).is_active
    assert not (await client.webhooks.update(HOOK["id"], is_active=False)).is_active
    assert json.loads(server.seen[-1].body) == {"is_active": False}
    assert (await client.webhooks.rotate_secret(HOOK["id"])).secret == "whsec_c2VjcmV0"
    assert await client.webhooks.delete(HOOK["id"]) is None
    sent = [(one.method, one.path) for one in server.seen]
    assert sent[-2:] == [("POST", f"{ONE}/secret"), ("DELETE", ONE)]


async def test_messages(server, client):
    page = {"items": [DELIVERY], "total_count": 31, "limit": 10, "offset": 20, "has_more": True}
    server.routes |= {
        f"POST {ONE}/ping": json_reply(DELIVERY, 202),
        f"GET {ONE}/deliveries": json_reply(page),
        f"GET {MESSAGE}": json_reply({**DELIVERY, "status": "failed"}),
        f"POST {MESSAGE}/replay": json_reply(DELIVERY, 202),
    }
    assert (await client.webhooks.ping(HOOK["id"])).event_type == "webhook.ping"
    found = await client.webhooks.deliveries(HOOK["id"], status="failed", limit=10, offset=20)
    assert (found.total_count, found.has_more, found.items[0].status) == (31, True, "pending")
    assert server.seen[-1].query == {"status": ["failed"], "limit": ["10"], "offset": ["20"]}
    told = await client.webhooks.delivery(DELIVERY["id"])
    assert (told.status, told.log[0].status_code, told.log[0].duration_ms) == ("failed", 500, 12)
    assert (await client.webhooks.replay(DELIVERY["id"])).message_id == DELIVERY["message_id"]


async def test_what_cannot_be_is_told(server, client):
    server.routes[f"GET {ONE}"] = problem(404, "NOT_FOUND", "There is no webhook.")
    with pytest.raises(ResourceNotFoundError):
        await client.webhooks.get(HOOK["id"])
    with pytest.raises(ValidationError):
        await client.webhooks.update(HOOK["id"])
    with pytest.raises(ValidationError):
        await client.webhooks.get("")
    assert len(server.seen) == 1
