"""What people wrote into a picture: told as that over REST, searched, and made tags of where a setting says so."""

from pathlib import Path

import httpx2
import pytest

from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_described
from tests.unit.analysis.test_descriptive import XMP, jpeg

WRITTEN = {
    "title": "Åttiårsdag",
    "caption": None,
    "keywords": ["Jubilee", "Grandmother"],
    "place": "Bergen, Norge",
    "credit": "Kari Nordmann",
    "rating": 4,
}


def described(http: httpx2.Client) -> dict[str, object]:
    answer = http.post("/files/upload", files={"file": ("a.jpg", jpeg(xmp=XMP))}, data={"tags": "mine"})
    assert answer.status_code == 201, answer.text
    wait_until_described(http, answer.json()["image_id"])
    return dict(http.get(f"/files/{answer.json()['image_id']}").json())


def test_it_is_told_apart_from_what_was_seen_and_lists_are_narrowed_down_by_it(http: httpx2.Client) -> None:
    details = described(http)
    assert details["perception"]["metadata"] == WRITTEN  # type: ignore[index]
    assert not {"jubilee", "grandmother"} & {*details["ai_tags"], *details["tags"]}  # type: ignore[misc]
    for search, number in {"keyword:grand": 1, "credit:Kari rating>=4": 1, "rating>4": 0, "jubilee": 1}.items():
        listed = http.get("/files", params={"search": search}).json()
        assert (listed["total_count"], listed.get("search_notes") or []) == (number, []), search
    noted = http.get("/files", params={"search": "rating:many"}).json()
    assert "one to five stars" in noted["search_notes"][0]


@pytest.mark.on_sqlite
def test_keywords_become_tags_by_a_setting(tmp_path: Path) -> None:
    with serving(tmp_path, keywords_as_tags="true") as server, server.client() as http:
        details = described(http)
        assert details["ai_tags"][:2] == ["jubilee", "grandmother"]  # type: ignore[index]
        assert http.get("/files", params={"tags": "jubilee"}).json()["total_count"] == 1


@pytest.mark.on_sqlite
def test_a_file_that_nobody_wrote_into(http: httpx2.Client, server: InProcessServer) -> None:
    answer = http.post("/files/upload", files={"file": ("b.jpg", jpeg())})
    wait_until_described(http, answer.json()["image_id"])
    assert http.get(f"/files/{answer.json()['image_id']}").json()["perception"]["metadata"] is None
