"""Keys that keys made end with their maker; and what goes on and on over a key ends with it, too."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopix import AuthenticationError, SyncScopix
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
LATER = SOON + timedelta(days=30)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """A server that lets a key make as many as it likes."""
    with serving(tmp_path_factory.mktemp("keys"), database=database, sensitive_requests_per_minute="100000") as running:
        yield running


def client_of(server: InProcessServer, key: dict[str, Any]) -> httpx2.Client:
    return httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key['api_key']}"}, timeout=60)


def make(http: httpx2.Client, **body: object) -> dict[str, Any]:
    response = http.post("/api-keys", json={"name": "made", **body})
    assert response.status_code == 201, response.text
    return response.json()


def make_with(server: InProcessServer, maker: dict[str, Any], **body: object) -> dict[str, Any]:
    with client_of(server, maker) as http:
        return make(http, **body)


def is_good(server: InProcessServer, key: dict[str, Any]) -> bool:
    with client_of(server, key) as http:
        return http.get("/tenant/limits").status_code == 200


def test_who_made_a_key_is_on_record(server: InProcessServer, http: httpx2.Client) -> None:
    mother = make(http)
    child = make_with(server, mother)
    known = http.get(f"/api-keys/{child['id']}").json()
    assert child["created_by"] == known["created_by"] == mother["id"]
    assert known["outlives_creator"] is False
    (first,) = [key for key in http.get("/api-keys?limit=100").json()["items"] if key["id"] == mother["created_by"]]
    assert first["created_by"] is None  # made by the first start
    with SyncScopix(child["api_key"], base_url=server.base_url, allow_insecure_http=True) as client:
        assert client.api_keys.get(child["id"]).created_by == mother["id"]
        assert client.api_keys.create("by the SDK", outlives_creator=True).created_by == child["id"]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [(None, SOON), (LATER, SOON), (SOON - timedelta(days=1), SOON - timedelta(days=1))],
)
def test_a_key_does_not_outlast_the_one_that_makes_it(
    server: InProcessServer, http: httpx2.Client, wanted: datetime | None, given: datetime
) -> None:
    body = {} if wanted is None else {"expires_at": wanted.isoformat()}
    mother = make(http, expires_at=SOON.isoformat())
    child = make_with(server, mother, **body)
    assert datetime.fromisoformat(child["expires_at"]) == given
    # Unless an administrator says so.
    kept = make_with(server, mother, outlives_creator=True, **body)
    assert kept["outlives_creator"] is True
    assert kept["expires_at"] is None if wanted is None else datetime.fromisoformat(kept["expires_at"]) == wanted


def test_only_an_administrator_lets_keys_outlive_their_maker(server: InProcessServer, http: httpx2.Client) -> None:
    maker = make(http, scopes=["api_keys:write", "api_keys:delete"])
    with client_of(server, maker) as narrow:
        refused = narrow.post("/api-keys", json={"name": "x", "outlives_creator": True})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AUTHZ_ERROR")
        child = make(narrow)
        assert narrow.delete(f"/api-keys/{child['id']}?keep_created=true").status_code == 403
        assert narrow.delete(f"/api-keys/{child['id']}").status_code == 204


def test_a_key_takes_along_what_it_made_and_what_that_made(server: InProcessServer, http: httpx2.Client) -> None:
    mother = make(http)
    child = make_with(server, mother)
    grandchild = make_with(server, child)
    independent = make_with(server, child, outlives_creator=True)
    sister = make(http)
    assert http.delete(f"/api-keys/{mother['id']}?reason=lost").status_code == 204
    good = [is_good(server, key) for key in (mother, child, grandchild, independent, sister)]
    assert good == [False, False, False, True, True]
    noted = [http.get(f"/api-keys/{key['id']}").json()["metadata"] for key in (mother, child, grandchild)]
    assert [note["deactivation_reason"] for note in noted] == [
        "lost",
        f"The key that made it, {mother['key_prefix']}, was deactivated.",
        f"The key that made it, {child['key_prefix']}, was deactivated.",
    ]


def test_an_administrator_may_keep_what_a_key_made(server: InProcessServer, http: httpx2.Client) -> None:
    grandmother = make(http)
    mother = make_with(server, grandmother)
    child = make_with(server, mother)
    with SyncScopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        client.api_keys.deactivate(mother["id"], keep_created=True)
        assert [is_good(server, key) for key in (grandmother, mother, child)] == [True, False, True]
        # Kept is kept.
        client.api_keys.deactivate(grandmother["id"])
        assert client.api_keys.get(child["id"]).outlives_creator is True
    assert is_good(server, child)


@ON_SQLITE
@settings(max_examples=15, deadline=None)
@given(makers=st.lists(st.integers(min_value=0, max_value=9), max_size=9), ended=st.integers(min_value=0, max_value=9))
def test_in_any_family_exactly_the_descendants_end(server: InProcessServer, makers: list[int], ended: int) -> None:
    with server.client() as http:
        family = [make(http)]
        parents: list[int | None] = [None]
        for maker in makers:
            parents.append(maker % len(family))
            family.append(make_with(server, family[maker % len(family)]))
        gone = {ended % len(family)}
        for number in itertools.count(1):
            if number >= len(family):
                break
            if parents[number] in gone:
                gone.add(number)
        assert http.delete(f"/api-keys/{family[ended % len(family)]['id']}").status_code == 204
        known = [http.get(f"/api-keys/{key['id']}").json()["is_active"] for key in family]
    assert {number for number, active in enumerate(known) if not active} == gone


# What goes on ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def session_id(http: httpx2.Client) -> str:
    """A session that waits for a second file."""
    sent = [("files", ("a.png", encoded(picture())))]
    response = http.post("/files/upload/batch", files=sent, data={"expected_files": "2"})
    assert response.status_code == 201, response.text
    return str(response.json()["session_id"])


class Stream:
    """Follows the events of a session in a thread, until the server ends them."""

    def __init__(self, server: InProcessServer, key: dict[str, Any], session_id: str) -> None:
        self._client = client_of(server, key)
        self._path = f"/files/upload/sessions/{session_id}/events"
        self.text = ""
        self.begun, self.error = threading.Event(), None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with self._client, self._client.stream("GET", self._path, timeout=60) as response:
            assert response.status_code == 200
            for piece in response.iter_text():
                self.text += piece
                self.begun.set()


@pytest.fixture
def keys(http: httpx2.Client) -> Iterator[dict[str, dict[str, Any]]]:
    mother = make(http)
    expires_at = datetime.now(UTC) + timedelta(seconds=4)
    yield {"revoked": mother, "expired": make(http, expires_at=expires_at.isoformat()), "good": make(http)}


def test_a_stream_of_events_ends_with_its_key(
    server: InProcessServer, http: httpx2.Client, keys: dict[str, dict[str, Any]], session_id: str
) -> None:
    keys["made by the revoked one"] = make_with(server, keys["revoked"])
    streams = {name: Stream(server, key, session_id) for name, key in keys.items()}
    assert all(stream.begun.wait(60) for stream in streams.values())
    assert all(stream.thread.is_alive() for name, stream in streams.items() if name != "expired")
    assert http.delete(f"/api-keys/{keys['revoked']['id']}").status_code == 204
    for name, stream in streams.items():
        stream.thread.join(60 if name != "good" else 0)
        assert stream.thread.is_alive() == (name == "good"), name
        # Cut off, not over: the client is to come again and hear why.
        assert "event: end" not in stream.text
    sent = [("files", ("b.png", encoded(picture(seed=2))))]
    http.post("/files/upload/batch", files=sent, data={"session_id": session_id, "batch_index": "1"})
    http.post(f"/files/upload/sessions/{session_id}/cancel")
    streams["good"].thread.join(60)
    assert "event: end" in streams["good"].text


def test_the_sdk_tells_why_a_stream_ended(
    server: InProcessServer, http: httpx2.Client, keys: dict[str, dict[str, Any]], session_id: str
) -> None:
    key = keys["revoked"]
    with (
        SyncScopix(key["api_key"], base_url=server.base_url, allow_insecure_http=True) as client,
        pytest.raises(AuthenticationError, match=r"(?i)deactivated"),
    ):
        for event in client.files.stream_session(session_id):
            assert event is not None
            http.delete(f"/api-keys/{key['id']}")
