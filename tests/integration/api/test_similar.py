"""Images that look like one, against the running server: by REST, by the SDK and on the command line."""

import io
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from PIL import Image, ImageOps

from scopix import ResourceNotFoundError, SyncScopix
from tests.integration.api.conftest import EXAMPLES
from tests.integration.api.test_files import upload
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer


@pytest.fixture(scope="session")
def server(seeing: InProcessServer) -> InProcessServer:
    """Pixels matter to these tests."""
    return seeing


def changed(data: bytes, quality: int = 75) -> bytes:
    """The same picture, smaller, trimmed and saved with loss."""
    with Image.open(io.BytesIO(data)) as image:
        inner = ImageOps.crop(image.convert("RGB"), border=image.width // 40)
        smaller = inner.resize((inner.width * 3 // 4, inner.height * 3 // 4))
    target = io.BytesIO()
    smaller.save(target, "JPEG", quality=quality)
    return target.getvalue()


@pytest.fixture(scope="module")
def pictures(server: InProcessServer) -> dict[str, str]:
    cat, plan = (EXAMPLES / "photo-cat.jpg").read_bytes(), (EXAMPLES / "floor-plan.png").read_bytes()
    with server.client() as http:
        files = {
            "cat": cat,
            "copy": changed(cat),
            "plan": plan,
            "plan copy": changed(plan),
            "gone": changed(cat, quality=60),
        }
        ids = {name: upload(http, data, f"{name}.png", tags="alike") for name, data in files.items()}
        http.delete(f"/files/{ids['gone']}").raise_for_status()
        ids["bare"] = upload(http, encoded(picture(seed=77)), wait=False, auto_describe="false")
    return ids


def similar(http: httpx2.Client, file_id: str, **query: object) -> list[dict[str, object]]:
    answer = http.get(f"/files/{file_id}/similar", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_it_is_told_what_was_done_to_a_copy(http: httpx2.Client, pictures: dict[str, str]) -> None:
    with Image.open(EXAMPLES / "photo-coffee.jpg") as opened:
        coffee = opened.convert("RGB")
    quarter = coffee.resize((coffee.width // 4, coffee.height // 4), Image.Resampling.LANCZOS)
    made = {
        "same_picture": encoded(coffee, "JPEG", quality=60),
        "resized": encoded(quarter, "JPEG", quality=75),
        "cropped": encoded(coffee.crop((coffee.width // 10, 0, coffee.width, coffee.height)), "PNG"),
        "turned": encoded(quarter.transpose(Image.Transpose.ROTATE_90), "PNG"),
        "edited": encoded(ImageOps.grayscale(coffee), "PNG"),
    }
    original = upload(http, encoded(coffee, "PNG"), "coffee.png")
    ids = {upload(http, data, f"{kind}.png"): kind for kind, data in made.items()}
    found = {item["file"]["id"]: item for item in similar(http, original)}
    assert {file_id: found[file_id]["likeness"] for file_id in ids} == ids
    assert all(found[file_id]["is_near_duplicate"] for file_id in ids)
    others = {item["file"]["id"]: item["likeness"] for item in similar(http, original, min_score=0)}
    assert others[pictures["cat"]] == "alike"
    # They go before what is merely alike where there are too many.
    few = similar(http, original, limit=5)
    assert {item["file"]["id"] for item in few} == set(ids)


@pytest.mark.parametrize("name", ["cat", "plan"])
def test_a_copy_is_found_and_told_as_such(http: httpx2.Client, pictures: dict[str, str], name: str) -> None:
    copy = pictures["copy" if name == "cat" else "plan copy"]
    ids = {item["file"]["id"]: item for item in similar(http, pictures[name])}  # type: ignore[index]
    assert ids[copy]["is_near_duplicate"] is True
    assert 0.85 <= ids[copy]["score"] <= 1  # type: ignore[operator]
    assert ids[copy]["file"]["thumbnail_url"]  # type: ignore[index]
    assert not {pictures[other] for other in ("cat", "plan", "gone") if other in (name, "gone")} & set(ids)


def test_what_is_unlike_has_a_low_score(http: httpx2.Client, pictures: dict[str, str]) -> None:
    everything = {item["file"]["id"]: item for item in similar(http, pictures["cat"], min_score=0)}  # type: ignore[index]
    assert everything[pictures["plan"]]["score"] < 0.5  # type: ignore[operator]
    assert everything[pictures["plan"]]["is_near_duplicate"] is False
    assert pictures["gone"] not in everything
    scores = [item["score"] for item in everything.values()]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert len(similar(http, pictures["cat"], min_score=0, limit=1)) == 1
    assert similar(http, pictures["cat"], min_score=1) == []


def test_many_may_ask_at_once(server: InProcessServer, pictures: dict[str, str]) -> None:
    def ask(_: int) -> list[object]:
        with server.client() as http:
            return [item["file"]["id"] for item in similar(http, pictures["cat"], min_score=0)]  # type: ignore[index]

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(ask, range(36)))
    assert all(answer == answers[0] for answer in answers)


def test_what_cannot_be_compared_says_why(http: httpx2.Client, pictures: dict[str, str]) -> None:
    answer = http.get(f"/files/{pictures['bare']}/similar")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "NOT_FOUND")
    assert error["details"]["description_status"] == "skipped"
    assert "describe it first" in error["message"]
    assert http.get(f"/files/{pictures['gone']}/similar").status_code == 404
    for query in ({"limit": 0}, {"limit": 101}, {"min_score": 1.1}, {"min_score": -0.1}, {"min_score": "nan"}):
        assert http.get(f"/files/{pictures['cat']}/similar", params=query).status_code == 422, query


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
def test_by_the_sdk(server: InProcessServer, pictures: dict[str, str]) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        found = client.files.similar(pictures["cat"][:8], limit=5)
        assert pictures["copy"] in [item.file.id for item in found.items if item.is_near_duplicate]
        with pytest.raises(ResourceNotFoundError):
            client.files.similar(pictures["gone"])
