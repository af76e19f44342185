"""A tenant's own list of tags: kept, followed by descriptions, applied to what is there, and nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_over

ANIMALS = {"name": "Animal", "synonyms": ["cat", "dog", "bird"]}
NUMBER = 24


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with serving(tmp_path_factory.mktemp("tags"), database=database) as running:
        yield running


@pytest.fixture
def http(server: InProcessServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def upload(http: httpx2.Client, seeds: range) -> list[dict]:
    form = [("files", (f"{seed}.png", encoded(picture(64, 48, seed)))) for seed in seeds]
    session = http.post("/files/upload/batch", files=form).json()["session_id"]
    assert wait_until_over(http, session)["completed_files"] == len(seeds)
    listed = http.get("/files", params={"include": "details", "limit": 100}).json()["items"]
    names = {f"{seed}.png" for seed in seeds}
    return [file for file in listed if file["original_filename"] in names]


def test_descriptions_follow_the_list_and_are_brought_onto_it(http: httpx2.Client) -> None:
    assert http.get("/tags/vocabulary").json() == {"mode": "free", "terms": [], "updated_at": None}
    before = upload(http, range(NUMBER))
    shown = {file["id"]: file["upload_description"].partition("It shows ")[2].rstrip(".") for file in before}
    animals = {file_id for file_id, label in shown.items() if label in ANIMALS["synonyms"]}
    assert animals and len(animals) < NUMBER  # of ten labels three are animals
    # What descriptions found is promoted.
    suggested = [one["tag"] for one in http.get("/tags/suggestions").json()["items"]]
    assert suggested[0] == "scripted" and set(shown.values()) <= set(suggested)
    added = http.post("/tags/vocabulary/terms", json=ANIMALS).json()
    assert (added["mode"], added["terms"]) == ("prefer", [ANIMALS])
    assert not {"cat", "dog", "bird"} & {one["tag"] for one in http.get("/tags/suggestions").json()["items"]}
    # New descriptions follow it; those that are there once it is applied.
    after = upload(http, range(NUMBER, NUMBER + 6))
    new = {file["id"]: file["upload_description"].partition("It shows ")[2].rstrip(".") for file in after}
    for file in after:
        assert ("Animal" in file["ai_tags"]) == (new[file["id"]] in ANIMALS["synonyms"])
        assert "scripted" in file["ai_tags"] and not {"cat", "dog", "bird"} & set(file["ai_tags"])
    done = http.post("/tags/vocabulary/apply", json={}).json()
    assert done == {"examined": NUMBER + 6, "changed": len(animals), "next_cursor": None}
    assert http.post("/tags/vocabulary/apply", json={}).json()["changed"] == 0
    found = http.get("/files", params={"tags": "animal", "limit": 100}).json()
    expected = animals | {file_id for file_id, label in new.items() if label in ANIMALS["synonyms"]}
    assert {file["id"] for file in found["items"]} == expected
    # No others; and all as they were, since what was given is kept.
    http.put("/tags/vocabulary", json={"mode": "only", "terms": [ANIMALS]})
    http.post("/tags/vocabulary/apply", json={})
    listed = http.get("/files", params={"include": "details", "limit": 100}).json()["items"]
    kept = {tag for file in listed for tag in file["tags"]}
    assert kept == {"Animal"}
    http.put("/tags/vocabulary", json={"mode": "free", "terms": []})
    assert http.post("/tags/vocabulary/apply", json={}).json()["changed"] == NUMBER + 6
    again = http.get("/files", params={"include": "details", "limit": 100}).json()["items"]
    assert {file["id"]: file["ai_tags"] for file in again if file["id"] in shown} == {
        file["id"]: file["ai_tags"] for file in before
    }


def test_what_a_person_wrote_stays(http: httpx2.Client) -> None:
    (file,) = upload(http, range(90, 91))
    http.patch(f"/files/{file['id']}", json={"description": "A cat.", "ai_tags": ["cat", "mine"]})
    http.put("/tags/vocabulary", json={"mode": "only", "terms": [ANIMALS]})
    while (done := http.post("/tags/vocabulary/apply", json={}).json())["next_cursor"]:
        assert done["examined"]
    assert http.get(f"/files/{file['id']}").json()["ai_tags"] == ["cat", "mine"]


def test_terms_are_changed_and_refused(http: httpx2.Client) -> None:
    http.put("/tags/vocabulary", json={"terms": [ANIMALS, {"name": "indoor/outdoor"}]})
    assert http.get("/tags/vocabulary").json()["mode"] == "prefer"
    merged = http.post("/tags/vocabulary/terms", json={"name": "animals", "synonyms": ["horse"]}).json()
    assert merged["terms"][0] == {"name": "Animal", "synonyms": ["cat", "dog", "bird", "horse"]}
    refused = http.post("/tags/vocabulary/terms", json={"name": "Cat"})
    assert refused.status_code == 422 and "stands for both" in refused.json()["error"]["message"]
    left = http.delete("/tags/vocabulary/terms", params={"name": "Indoor/Outdoor"}).json()["terms"]
    assert [term["name"] for term in left] == ["Animal"]
    assert http.delete("/tags/vocabulary/terms", params={"name": "nothing"}).status_code == 404
    assert http.put("/tags/vocabulary", json={"mode": "some", "terms": []}).status_code == 422


def test_the_list_is_its_tenants_own(server: InProcessServer, http: httpx2.Client) -> None:
    http.put("/tags/vocabulary", json={"mode": "only", "terms": [ANIMALS]})
    key = server.new_tenant("others")
    with server.client(headers={"Authorization": f"Bearer {key}"}) as other:
        assert other.get("/tags/vocabulary").json()["terms"] == []
        (file,) = upload(other, range(7, 8))
        assert "scripted" in file["ai_tags"]
        assert other.get("/tags/suggestions").json()["total_count"] == len(file["ai_tags"])


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, worker=False) as server, server.client() as http:
        http.put("/tags/vocabulary", json={"mode": "only", "terms": [ANIMALS]})
    with serving(tmp_path, worker=False) as server, server.client() as http:
        assert http.get("/tags/vocabulary").json()["terms"] == [ANIMALS]
