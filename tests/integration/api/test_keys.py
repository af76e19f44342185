"""Keys and tenants, on the command line and over the API."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.integration.api.conftest import ON_SQLITE
from tests.support.commands import command
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until


def last_line(server: InProcessServer, *arguments: str) -> str:
    done = server.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def client_of(server: InProcessServer, key: str) -> httpx2.Client:
    return httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    settings = {"database": database, "sensitive_requests_per_minute": "1000"}
    with serving(tmp_path_factory.mktemp("keys"), worker=False, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def other_key(server: InProcessServer) -> str:
    """The admin key of a second tenant."""
    last_line(server, "tenants", "create", "--name", "other", "--plan", "starter")
    return last_line(server, "keys", "create", "--name", "theirs", "--tenant", "other")


# On the command line --------------------------------------------------------------------------------------------------


def test_a_second_tenant_gets_keys_of_its_own(server: InProcessServer, other_key: str) -> None:
    with client_of(server, other_key) as other:
        assert other.get("/files").status_code == 200
    tenants = server.run("tenants", "list").stdout
    assert [line.split()[1:3] for line in tenants.splitlines()] == [
        ["NAME", "PLAN"],
        ["default", "default"],
        ["other", "starter"],
    ]
    server.run("tenants", "set-plan", "other", "--plan", "professional")
    with client_of(server, other_key) as other:
        wait_until(lambda: other.get("/tenant/limits").json()["tier"] == "professional")
    server.run("tenants", "set-plan", "other", "--plan", "starter")


def test_keys_are_listed_without_their_secrets(server: InProcessServer, other_key: str) -> None:
    listed = server.run("keys", "list").stdout
    assert other_key not in listed
    assert server.api_key not in listed
    (line,) = [line for line in listed.splitlines() if other_key[:15] in line]
    assert line.split()[:4] == ["other", other_key[:15], "theirs", "admin"]
    assert line.endswith("active")
    assert other_key[:15] not in server.run("keys", "list", "--tenant", "default").stdout


@pytest.mark.parametrize(
    ("expires", "end"),
    [
        ("90d", 90),
        ("36h", 1.5),
        ("2999-01-31", "2999-01-31T00:00:00Z"),
        ("2999-01-31T12:00:00+02:00", "2999-01-31T10:00:00Z"),
    ],
)
def test_a_key_with_an_end(server: InProcessServer, admin: httpx2.Client, expires: str, end: float | str) -> None:
    before = datetime.now(UTC)
    key = last_line(server, "keys", "create", "--name", f"until {expires}", "--expires", expires)
    with client_of(server, key) as client:
        assert client.get("/files").status_code == 200
    (found,) = [one for one in admin.get("/api-keys").json()["items"] if one["key_prefix"] == key[:15]]
    at = datetime.fromisoformat(found["expires_at"])
    if isinstance(end, str):
        assert at == datetime.fromisoformat(end)
    else:
        assert before + timedelta(days=end) <= at <= datetime.now(UTC) + timedelta(days=end)


@pytest.mark.parametrize("whole", [True, False])
def test_a_key_that_the_command_line_revokes_is_refused_within_a_second(server: InProcessServer, whole: bool) -> None:
    key = last_line(server, "keys", "create", "--name", "lost", "--scope", "read", "--scope", "usage:write")
    with client_of(server, key) as client:
        assert client.get("/files").status_code == 200
        done = server.run("keys", "revoke", key if whole else key[:15], "--reason", "left in a train")
        assert done.returncode == 0
        assert key not in done.stdout
        wait_until(lambda: client.get("/files").status_code == 401)
        refused = client.get("/files")
    assert refused.json()["error"]["code"] == "DEACTIVATED_API_KEY"
    (line,) = [line for line in server.run("keys", "list").stdout.splitlines() if key[:15] in line]
    assert "read,usage:write" in line
    assert line.endswith("deactivated")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["keys", "create", "--name", "x", "--tenant", "nobody"], "no tenant 'nobody'"),
        (["keys", "create", "--name", " "], "1 to 255 characters"),
        (["keys", "create", "--name", "x", "--expires", "soon"], "'soon' is no time"),
        (["keys", "create", "--name", "x", "--expires", "0d"], "'0d' is over"),
        (["keys", "create", "--name", "x", "--expires", "2020-01-01"], "'2020-01-01' is over"),
        (["keys", "create", "--name", "x", "--expires", "9999-12-31T23:00:00-12:00"], "is no time"),
        (["keys", "revoke", "scopix_nobody00"], "no key 'scopix_nobody00'"),
        (["tenants", "create", "--name", "default"], "a tenant 'default' already"),
        (["tenants", "create", "--name", "x", "--plan", "gold"], "no plan 'gold'"),
        (["tenants", "set-plan", "nobody", "--plan", "free"], "no tenant 'nobody'"),
    ],
)
def test_mistakes_are_told_in_words(server: InProcessServer, arguments: list[str], told: str) -> None:
    refused = server.run(*arguments)
    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


@ON_SQLITE
def test_plans_that_cannot_be_read_are_told_in_words(tmp_path: Path) -> None:
    for plans in ("{", '{"gold": {}}', str(tmp_path / "missing.json")):
        refused = command(tmp_path, "serve", "--port", "0", plans=plans)
        assert refused.returncode == 1
        assert "SCOPIX_PLANS cannot be used" in refused.stderr
        assert "Traceback" not in refused.stderr


# Over the API ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(server: InProcessServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def make(client: httpx2.Client, **body: object) -> dict[str, Any]:
    answer = client.post("/api-keys", json={"name": "made", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_key_is_shown_once_and_works(server: InProcessServer, admin: httpx2.Client) -> None:
    made = make(admin, name=" web ", description="the shop", scopes=["read", "read"], metadata={"team": {"id": 7}})
    key = made.pop("api_key")
    assert set(made) == {
        *("id", "name", "description", "key_prefix", "created_at", "expires_at", "is_active", "scopes", "metadata"),
        *("created_by", "outlives_creator"),
    }
    assert (made["name"], made["description"], made["scopes"]) == ("web", "the shop", ["read"])
    assert (made["expires_at"], made["is_active"], made["key_prefix"]) == (None, True, key[:15])
    assert re.fullmatch(r"scopix_[A-Za-z0-9]{8}[A-Za-z0-9_-]{43}", key)
    found = admin.get(f"/api-keys/{made['id'].upper()}")
    assert key not in found.text
    assert {**made, "last_used_at": None, "usage_count": 0} == found.json()
    with client_of(server, key) as reader:
        assert reader.get("/files").status_code == 200
        assert reader.get("/api-keys").status_code == 200
        for refused in (reader.post("/api-keys", json={"name": "x"}), reader.delete(f"/api-keys/{made['id']}")):
            assert refused.status_code == 403
            assert refused.json()["error"]["code"] == "AUTHZ_ERROR"
    assert key not in server.log


def test_a_key_without_scopes_has_its_makers(server: InProcessServer, admin: httpx2.Client) -> None:
    assert make(admin)["scopes"] == ["admin"]
    maker = make(admin, scopes=["api_keys:write", "read"])
    with client_of(server, maker["api_key"]) as client:
        assert make(client)["scopes"] == ["api_keys:write", "read"]
        assert make(client, scopes=["usage:read"])["scopes"] == ["usage:read"]
        for wider in (["write"], ["admin"], ["read", "api_keys:delete"]):
            refused = client.post("/api-keys", json={"name": "x", "scopes": wider})
            assert refused.status_code == 403
            assert refused.json()["error"]["details"]["held"] == ["api_keys:write", "read"]
        assert client.delete(f"/api-keys/{maker['id']}").status_code == 403


def test_a_narrow_key_does_its_one_thing(server: InProcessServer, admin: httpx2.Client) -> None:
    with client_of(server, make(admin, scopes=["usage:read"])["api_key"]) as client:
        assert client.get("/files/quota-check", params={"file_count": 1}).status_code == 200
        assert client.get("/files").status_code == 403
        assert client.get("/api-keys").status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "name"),
        ({"name": " "}, 422, "name"),
        ({"name": "n" * 256}, 422, "name"),
        ({"name": "n", "description": "d" * 501}, 422, "description"),
        ({"name": "n", "scopes": ["owner"]}, 400, "scopes"),
        ({"name": "n", "scopes": ["files:read"]}, 400, "scopes"),
        ({"name": "n", "expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"name": "n", "expires_at": "0001-01-01T00:00:00+14:00"}, 422, "expires_at"),
        ({"name": "n", "expires_at": "9999-12-31T23:00:00-12:00"}, 422, "expires_at"),
        ({"name": "n", "expires_at": "soon"}, 422, "expires_at"),
        ({"name": "n", "expire_at": "2099-01-01T00:00:00Z"}, 422, "expire_at"),
        ({"name": "n", "outlives_creator": 0}, 422, "outlives_creator"),
        ({"name": "n", "metadata": {"deactivated_at": "now"}}, 400, "metadata.deactivated_at"),
        ({"name": "n", "metadata": {"created_by_user_id": "me"}}, 400, "metadata.created_by_user_id"),
        ({"name": "n", "metadata": {"long": "x" * 17_000}}, 422, "metadata"),
    ],
)
def test_what_makes_no_key(admin: httpx2.Client, body: dict[str, object], status: int, field: str) -> None:
    answer = admin.post("/api-keys", json=body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["details"]["field"]) == ("VALIDATION_ERROR", field)


@pytest.mark.parametrize("value", ["NaN", '"\\ud800"', "[" * 30 + "]" * 30, "[" * 900 + "]" * 900])
def test_metadata_that_cannot_be_told_again_is_refused(admin: httpx2.Client, value: str) -> None:
    body = f'{{"name": "n", "metadata": {{"a": {value}}}}}'
    answer = admin.post("/api-keys", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert admin.get("/api-keys").status_code == 200


def test_a_key_that_this_server_deactivates_is_refused_at_once(server: InProcessServer, admin: httpx2.Client) -> None:
    """Although it was let in a moment ago, which the server remembers."""
    made = make(admin)
    with client_of(server, made["api_key"]) as client:
        assert client.get("/files").status_code == 200
        assert admin.delete(f"/api-keys/{made['id']}").status_code == 204
        refused = client.get("/files")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "DEACTIVATED_API_KEY"


def test_an_expired_key_is_refused(server: InProcessServer, admin: httpx2.Client) -> None:
    made = make(admin, expires_at=in_days(1))
    with client_of(server, made["api_key"]) as client:
        assert client.get("/files").status_code == 200
        # A day cannot be waited for, so the day is moved.
        past = "2026-01-01T00:00:00.000000Z"
        server.setup.rows("UPDATE api_keys SET expires_at = ? WHERE id = ?", past, made["id"])
        wait_until(lambda: client.get("/files").status_code == 401)
        refused = client.get("/files")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "EXPIRED_API_KEY"


def test_metadata_is_merged(admin: httpx2.Client) -> None:
    made = make(admin, description="first", metadata={"a": 1, "b": {"c": 2}})
    path = f"/api-keys/{made['id']}"
    changed = admin.put(path, json={"name": "renamed", "metadata": {"b": 3, "d": None}}).json()
    assert (changed["name"], changed["description"]) == ("renamed", "first")
    assert changed["metadata"] == {"a": 1, "b": 3, "d": None}
    assert admin.put(path, json={"description": None}).json()["description"] is None
    assert admin.get(path).json()["metadata"] == changed["metadata"]
    reserved = admin.put(path, json={"metadata": {"deactivation_reason": "x"}})
    assert reserved.status_code == 400
    # What a key may do, and how long, is settled when it is made.
    for fixed in ({"scopes": ["admin"]}, {"expires_at": None}, {"is_active": True}):
        assert admin.put(path, json=fixed).status_code == 422


def test_a_deactivated_key_stays_on_the_list_that_asks_for_it(server: InProcessServer, admin: httpx2.Client) -> None:
    made = make(admin)
    path = f"/api-keys/{made['id']}"
    assert admin.delete(path, params={"reason": "leaked"}).status_code == 204
    assert admin.delete(path, params={"reason": "again"}).status_code == 204
    with client_of(server, made["api_key"]) as client:
        assert client.get("/files").json()["error"]["code"] == "DEACTIVATED_API_KEY"
    found = admin.get(path).json()
    assert not found["is_active"]
    assert found["metadata"]["deactivation_reason"] == "leaked"
    assert "deactivated_at" in admin.put(path, json={"metadata": {"a": 1}}).json()["metadata"]
    active = admin.get("/api-keys", params={"limit": 100}).json()
    every = admin.get("/api-keys", params={"limit": 100, "include_inactive": "true"}).json()
    assert made["id"] not in [key["id"] for key in active["items"]]
    assert made["id"] in [key["id"] for key in every["items"]]
    assert every["total_count"] == len(every["items"]) > active["total_count"]
    page = admin.get("/api-keys", params={"limit": 1, "offset": 1}).json()
    assert page["items"] == active["items"][1:2]
    assert page["has_more"]


def test_uses_are_counted(server: InProcessServer, admin: httpx2.Client) -> None:
    made = make(admin, scopes=["read"])
    with client_of(server, made["api_key"]) as client:
        for _ in range(7):
            client.get("/files")
    found = admin.get(f"/api-keys/{made['id']}").json()
    while found["usage_count"] < 7:
        time.sleep(0.2)
        found = admin.get(f"/api-keys/{made['id']}").json()
    assert found["usage_count"] == 7
    assert found["last_used_at"] > made["created_at"]


def test_no_tenant_sees_the_keys_of_another(server: InProcessServer, admin: httpx2.Client, other_key: str) -> None:
    made = make(admin)
    path = f"/api-keys/{made['id']}"
    with client_of(server, other_key) as other:
        assert [key["name"] for key in other.get("/api-keys").json()["items"]] == ["theirs"]
        for answer in (other.get(path), other.put(path, json={"name": "mine"}), other.delete(path)):
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert admin.get(path).json()["name"] == "made"
    assert admin.get("/api-keys/nonsense").status_code == 404
