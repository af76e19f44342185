"""Things on photographs over REST: boxes, lists narrowed down by them, searches by other words for them."""

import io
from pathlib import Path

import httpx2
import pytest
import skimage
from PIL import Image

from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described

PICTURES = Path(skimage.__file__).parent / "data"


@pytest.fixture(scope="session")
def server(seeing: InProcessServer) -> InProcessServer:
    """Pixels matter to these tests."""
    return seeing


def upload(http: httpx2.Client, name: str) -> str:
    buffer = io.BytesIO()
    Image.open(PICTURES / name).convert("RGB").save(buffer, "JPEG", quality=92)
    answer = http.post("/files/upload", files={"file": (f"{name}.jpg", buffer.getvalue())}, data={"tags": "objects"})
    assert answer.status_code == 201, answer.text
    wait_until_described(http, answer.json()["image_id"])
    return str(answer.json()["image_id"])


def test_objects_are_told_searched_and_filtered_by(http: httpx2.Client) -> None:
    cat, portrait = upload(http, "chelsea.png"), upload(http, "astronaut.png")
    details = http.get(f"/files/{cat}").json()
    (thing,) = details["perception"]["objects"]
    assert thing["label"] == "cat"
    assert 0.5 <= thing["score"] <= 1
    assert all(0 <= thing["bbox"][side] <= 1 for side in ("x", "y", "width", "height"))
    assert details["upload_description"].startswith("A cat")
    assert {"cat", "animal"} <= set(details["ai_tags"])

    def found(**query: object) -> set[str]:
        answer = http.get("/files", params={"tags": "objects", **query})
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    assert found(objects="Kitten") == {cat}
    assert found(objects=["people>=1"]) == found(objects="person:1") == found(min_people=1) == {portrait}
    assert found(objects="people >= 2") == found(min_people=2) == set()
    assert found(objects=["cat", "person"]) == set()
    assert found(search="feline") == {cat}
    assert found(search="feline", objects="person") == set()
    assert "feline" not in " ".join([details["upload_description"], *details["ai_tags"]])


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("objects=dragon", "'dragon' is nothing that is looked for on photographs."),
        ("objects=bycicle", "Did you mean bicycle"),
        ("objects=people%3E2", "is no condition on objects: write a word"),
        ("objects=people:0", "is no condition on objects"),
        ("objects=", "is no condition on objects"),
    ],
)
def test_a_condition_on_objects_that_is_none(http: httpx2.Client, query: str, message: str) -> None:
    refused = http.get(f"/files?{query}")
    assert refused.status_code == 422
    assert message in refused.json()["error"]["message"]
    assert refused.json()["error"]["details"]["field"] == "objects"


@pytest.mark.on_sqlite
def test_a_number_of_people_below_one_is_refused(http: httpx2.Client) -> None:
    assert http.get("/files?min_people=0").status_code == 422
