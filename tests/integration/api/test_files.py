"""Listing, searching and changing files, against the running server."""

import hashlib
import uuid
from pathlib import Path

import httpx2
import pytest

from tests.integration.api.conftest import EXAMPLES
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described


@pytest.fixture(scope="session")
def server(seeing: InProcessServer) -> InProcessServer:
    """Pixels matter to these tests."""
    return seeing


def upload(http: httpx2.Client, data: bytes, name: str = "a.png", *, wait: bool = True, **fields: str) -> str:
    response = http.post("/files/upload", files={"file": (name, data)}, data=fields)
    assert response.status_code == 201, response.text
    file_id = str(response.json()["image_id"])
    if wait:
        wait_until_described(http, file_id)
    return file_id


def found(http: httpx2.Client, **query: object) -> list[str]:
    response = http.get("/files", params={"limit": 100, **query})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["total_count"] >= len(body["items"])
    return [item["id"] for item in body["items"]]


@pytest.fixture(scope="module")
def pictures(server) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Described pictures of different kinds, marked with a tag of their own."""
    with server.client() as http:
        marked = {"tags": "searchable,Été"}
        return {
            "plan": upload(http, (EXAMPLES / "floor-plan.png").read_bytes(), "plan.png", **marked),
            "shot": upload(
                http, (EXAMPLES / "screenshot-stock.png").read_bytes(), "x.png", title="Lager Übersicht", **marked
            ),
            "cat": upload(http, (EXAMPLES / "photo-cat.jpg").read_bytes(), "東京の猫.jpg", **marked),
            "bare": upload(http, encoded(picture(seed=31)), "shapes.png", wait=False, auto_describe="false", **marked),
        }


def test_a_list_tells_where_the_words_are(http: httpx2.Client, pictures: dict[str, str]) -> None:
    def listed(**asked: str) -> dict:
        (entry,) = http.get("/files", params={"search": "edroom", "tags": "searchable"} | asked).json()["items"]
        assert entry["id"] == pictures["plan"]
        return entry

    hits = listed(include="hits")["hits"]
    read = [hit for hit in hits if hit["field"] == "visible_text"]
    assert read
    for hit in read:
        ((start, end),) = hit["places"]
        assert hit["text"][start:end].lower() == "bedroom"
        assert 0 < hit["bbox"]["width"] < 1
    assert listed(include="details")["hits"] == hits
    assert listed()["hits"] is None


def test_what_of_a_search_was_no_condition_is_told(http: httpx2.Client, pictures: dict[str, str]) -> None:
    page = http.get("/files", params={"search": "bedroom tag:searchable colour:red"}).json()
    assert page["items"] == []
    assert page["search_notes"][0].startswith("There is no field 'colour'; there are tag:")
    page = http.get("/files", params={"search": "bedroom tag:searchable"}).json()
    assert ([item["id"] for item in page["items"]], page["search_notes"]) == ([pictures["plan"]], [])
    notes = http.get("/files", params={"search": "category:nonsense"}).json()["search_notes"]
    assert notes[0].startswith("There is no category 'nonsense'; there are ")


@pytest.mark.parametrize(
    ("search", "mode", "expected"),
    [
        ("bedroom", "all", {"plan"}),
        ("BEDR", "all", {"plan"}),
        ("edroom", "all", {"plan"}),
        ("bedroom kitchen", "all", {"plan"}),
        ("bedroom cat", "all", set()),
        ('"living room"', "visible_text", {"plan"}),
        ('"room living"', "visible_text", set()),
        ("ubersicht", "all", {"shot"}),
        ("Übersicht lager", "metadata", {"shot"}),
        ("ubersicht", "visible_text", set()),
        ("hallway", "all", set()),
        ("storeroom", "visible_text", {"shot"}),
        ("storeroom", "metadata", {"shot"}),  # the description quotes it
        ("京", "all", {"cat"}),
        ("東京", "all", {"cat"}),
        ("京東", "all", set()),
        ("searchable", "metadata", {"plan", "shot", "cat", "bare"}),
        ("ete", "metadata", {"plan", "shot", "cat", "bare"}),
        ('" * OR NEAR( { : ^ -', "all", set()),
        ("shapes", "all", {"bare"}),
    ],
)
def test_search(http: httpx2.Client, pictures: dict[str, str], search: str, mode: str, expected: set[str]) -> None:
    ids = found(http, search=search, search_mode=mode, tags="searchable")
    assert {name for name, file_id in pictures.items() if file_id in ids} == expected


def test_tags_must_all_be_there_whoever_set_them(http: httpx2.Client, pictures: dict[str, str]) -> None:
    assert found(http, tags=["searchable", "floor plan"]) == [pictures["plan"]]
    assert found(http, tags=["SEARCHABLE", "cat"]) == [pictures["cat"]]
    assert found(http, tags=["searchable", "nobody has this"]) == []


def test_filters_narrow_and_combine(http: httpx2.Client, pictures: dict[str, str]) -> None:
    ours = set(pictures.values())
    assert set(found(http, ids=[*pictures.values(), str(uuid.uuid4())])) == ours
    assert pictures["bare"] not in found(http, tags="searchable", has_description="true")
    assert found(http, tags="searchable", has_description="false") == []
    with_text = found(http, tags="searchable", has_text="true")
    assert pictures["shot"] in with_text
    assert set(found(http, tags="searchable", has_text="false")) == ours - set(with_text) != set()
    # Words and text are conditions on the same texts.
    assert found(http, tags="searchable", search="storeroom", has_text="true") == [pictures["shot"]]
    assert found(http, tags="searchable", search="storeroom", has_text="false") == []
    assert http.get("/files/layout", params={"search": "storeroom", "has_text": "true"}).status_code == 200
    assert set(found(http, tags="searchable", media_types="image")) == ours
    assert found(http, tags="searchable", media_types="document") == []
    assert set(found(http, tags="searchable", date_from="2020-01-01T00:00:00Z")) == ours
    assert found(http, tags="searchable", date_from="2999-01-01T00:00:00") == []
    assert found(http, tags="searchable", date_to="2000-01-01T00:00:00Z") == []


def test_orders(http: httpx2.Client, pictures: dict[str, str]) -> None:
    uploaded = list(pictures.values())
    assert found(http, tags="searchable") == uploaded[::-1]
    assert found(http, tags="searchable", sort_by="created_at", sort_order="asc") == uploaded
    sizes = found(http, tags="searchable", sort_by="size_bytes", sort_order="asc")
    known = {item["id"]: item["size_bytes"] for item in http.get("/files?limit=100").json()["items"]}
    assert [known[file_id] for file_id in sizes] == sorted(known[file_id] for file_id in uploaded)
    assert found(http, tags="searchable", sort_by="title")[0] == pictures["shot"]


@pytest.mark.parametrize(
    "query",
    [
        "sort_by=age",
        "sort_order=up",
        "search_mode=deep",
        "date_from=yesterday",
        "has_description=maybe",
        "media_types=song",
        "description_statuses=gone",
        "content_categories=song",
        "include=everything",
        "cursor=nonsense",
    ],
)
def test_a_filter_that_is_none(http: httpx2.Client, query: str) -> None:
    refused = http.get(f"/files?{query}")
    assert refused.status_code == 422
    assert refused.json()["error"]["details"]["field"].startswith(query.split("=")[0])


def test_a_walk_by_cursors_meets_every_file_once_while_others_come_and_go(http: httpx2.Client) -> None:
    kept = [
        upload(http, encoded(picture(seed=50)), wait=False, tags="cursors", auto_describe="false") for _ in range(9)
    ]
    query = {"tags": "cursors", "sort_by": "created_at", "sort_order": "asc", "limit": 2}
    doomed = upload(http, encoded(picture(seed=50)), wait=False, tags="cursors", auto_describe="false")
    met, cursor, added = [], {}, []
    while True:
        page = http.get("/files", params={**query, **cursor}).json()
        met += [item["id"] for item in page["items"]]
        if len(met) == 4:
            http.delete(f"/files/{doomed}")
        if len(met) == 6:
            http.delete(f"/files/{met[0]}")
            added.append(upload(http, encoded(picture(seed=51)), wait=False, tags="cursors", auto_describe="false"))
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert met == [*kept, *added]
    by_size = http.get("/files", params={**query, **cursor, "sort_by": "size_bytes"})
    assert by_size.status_code == 422


def test_a_list_with_details_says_what_each_file_says(http: httpx2.Client, pictures: dict[str, str]) -> None:
    page = http.get("/files", params={"tags": "searchable", "include": "details"}).json()
    assert {item["id"] for item in page["items"]} == set(pictures.values())

    def without_links(details: dict) -> dict:
        return {name: value for name, value in details.items() if not name.endswith("_url")}

    for item in page["items"]:
        alone = http.get(f"/files/{item['id']}").json()
        assert without_links(item) == without_links(alone)
        assert httpx2.get(item["original_url"]).status_code == 200
    assert any(item["text_regions"] and item["full_descriptions"] for item in page["items"])


def test_files_are_found_by_status_and_category(http: httpx2.Client, pictures: dict[str, str]) -> None:
    described = set(pictures.values()) - {pictures["bare"]}
    assert set(found(http, tags="searchable", description_statuses="completed")) == described
    assert found(http, tags="searchable", description_statuses="skipped") == [pictures["bare"]]
    assert set(found(http, tags="searchable", description_statuses=["skipped", "completed"])) == set(pictures.values())
    assert set(found(http, tags="searchable", content_categories="general")) == set(pictures.values())
    assert found(http, tags="searchable", content_categories=["map", "pid"]) == []


def test_title_and_tags_are_changed_one_by_one(http: httpx2.Client) -> None:
    file_id = upload(http, encoded(picture(seed=41)), wait=False, title="Old", tags="one,two", auto_describe="false")
    changed = http.patch(f"/files/{file_id}", json={"title": "Neuer Titel"}).json()
    assert (changed["title"], changed["tags"]) == ("Neuer Titel", ["one", "two"])
    changed = http.patch(f"/files/{file_id}", json={"tags": ["three"]}).json()
    assert (changed["title"], changed["tags"]) == ("Neuer Titel", ["three"])
    assert file_id in found(http, search="neuer")
    assert file_id not in found(http, search="old")
    assert file_id in found(http, tags="three")
    assert file_id not in found(http, tags="one")
    assert http.patch(f"/files/{file_id}", json={"title": ""}).json()["title"] is None
    for wrong in ({}, {"title": "t" * 256}, {"tags": ["x" * 51]}, {"tags": ["t"] * 41}, {"tags": "a"}):
        assert http.patch(f"/files/{file_id}", json=wrong).status_code == 422, wrong


def test_a_deleted_file_comes_back(http: httpx2.Client) -> None:
    file_id = upload(http, encoded(picture(seed=43)), wait=False, auto_describe="false")
    assert http.post(f"/files/{file_id}/restore").status_code == 404
    assert http.delete(f"/files/{file_id}").status_code == 200
    assert http.post(f"/files/{file_id}/restore").json()["id"] == file_id
    assert http.get(f"/files/{file_id}").status_code == 200


def test_many_are_deleted_at_once(http: httpx2.Client) -> None:
    ids = [upload(http, encoded(picture(seed=50 + n)), wait=False, auto_describe="false") for n in range(3)]
    unknown = str(uuid.uuid4())
    body = http.post("/files/batch-delete", json={"file_ids": [*ids, unknown, "no-id"]}).json()
    assert body["summary"] == {"total": 5, "deleted": 3, "skipped": 0, "failed": 2}
    assert {entry["id"] for entry in body["failed"]} == {unknown, "no-id"}
    assert all(http.get(f"/files/{file_id}").status_code == 404 for file_id in ids)
    for wrong in ([], [unknown, unknown], [str(uuid.uuid4()) for _ in range(101)]):
        assert http.post("/files/batch-delete", json={"file_ids": wrong}).status_code == 422


def test_an_image_is_described_again_and_the_first_answer_is_kept(http: httpx2.Client) -> None:
    file_id = upload(http, (EXAMPLES / "map-walking-trails.png").read_bytes())
    first = http.get(f"/files/{file_id}").json()
    assert http.post(f"/files/{file_id}/describe", json={"content_category": "nonsense"}).status_code == 422
    answer = http.post(f"/files/{file_id}/describe", json={"content_category": "map"})
    assert (answer.status_code, answer.json()["description_status"]) == (202, "queued")
    wait_until_described(http, file_id)
    second = http.get(f"/files/{file_id}").json()
    assert second["content_category"] == "map"
    assert len(second["full_descriptions"]) == 2
    assert second["full_descriptions"][1]["id"] == first["full_descriptions"][0]["id"]


def test_images_are_described_again_by_filter(http: httpx2.Client) -> None:
    ids = [upload(http, encoded(picture(seed=60 + n)), tags="again") for n in range(3)]
    waiting = http.post("/files/describe", json={"tags": ["again"], "content_category": "artwork"}).json()
    assert waiting == {"matched": 3, "queued": 3, "skipped": 0}
    for file_id in ids:
        wait_until_described(http, file_id)
        assert len(http.get(f"/files/{file_id}").json()["full_descriptions"]) == 2
    by_category = http.post("/files/describe", json={"tags": ["again"], "current_categories": ["map"]}).json()
    assert by_category["matched"] == 0
    assert http.post("/files/describe", json={}).status_code == 422
    assert http.post("/files/describe", json={"ids": []}).status_code == 422


def test_duplicates_are_told_by_their_hash(http: httpx2.Client, tmp_path: Path) -> None:
    data = encoded(picture(seed=71))
    digest, other = hashlib.sha256(data).hexdigest(), "0" * 64
    file_id = upload(http, data, wait=False, auto_describe="false")
    answer = http.post("/files/check-duplicates", json={"hashes": [digest.upper(), other, other]}).json()
    assert answer == {"duplicates": [digest], "unique": [other]}
    http.delete(f"/files/{file_id}")
    assert http.post("/files/check-duplicates", json={"hashes": [digest]}).json()["unique"] == [digest]
    for wrong in ([], ["xyz"], [other] * 251):
        assert http.post("/files/check-duplicates", json={"hashes": wrong}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", ""), ("POST", "/restore"), ("POST", "/describe")],
)
@pytest.mark.parametrize("file_id", ["0d9c2f7e-0000-4000-8000-00000000ffff", "no-id"])
def test_changes_to_an_unknown_file(http: httpx2.Client, method: str, path: str, file_id: str) -> None:
    body = {"title": "x"} if method == "PATCH" else None
    answer = http.request(method, f"/files/{file_id}{path}", json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
