"""The one-time link: a key without typing, once, and for the page alone."""

import pytest
from starlette.testclient import TestClient

from scopix_server.api import one_time
from scopix_server.api.one_time import OneTimeLinks
from scopix_server.domain.errors import InvalidApiKey
from tests.integration.api.conftest import ON_SQLITE

pytestmark = ON_SQLITE
PATH = "/auth/one-time"


def test_a_link_is_good_once_and_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    links = OneTimeLinks()
    token = links.issue("tenant")
    assert len(token) == 43
    assert links.redeem(token) == "tenant"
    with pytest.raises(InvalidApiKey, match="used already"):
        links.redeem(token)
    monkeypatch.setattr(one_time, "_LIFETIME_SECONDS", 0.0)
    with pytest.raises(InvalidApiKey, match="five minutes"):
        links.redeem(links.issue("tenant"))


def test_the_link_gives_a_key_that_ends_and_nothing_to_other_origins(server) -> None:  # type: ignore[no-untyped-def]
    tenant = server.database.read(lambda t: t.tenants.first_tenant())
    links = server.one_time
    with server.client() as http:
        token = links.issue(tenant.id)
        foreign = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site"}
        assert http.post(PATH, headers=foreign).status_code == 403
        own = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "same-origin"}
        made = http.post(PATH, headers=own)
        assert made.status_code == 200
        assert made.json()["expires_at"]
        assert http.post(PATH, headers=own).status_code == 401
        key = {"Authorization": f"Bearer {made.json()['api_key']}"}
        assert http.get("/api-keys/current", headers=key).json()["scopes"] == ["admin"]
    outside = TestClient(server.app, client=("192.0.2.7", 5))
    refused = outside.post(f"/api/v2{PATH}", headers={"Authorization": f"Bearer {links.issue(tenant.id)}"})
    assert refused.status_code == 403
