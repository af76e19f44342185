"""The proportions of a list in one answer."""

import httpx2
import pytest

from tests.support.images import encoded, picture

TAGS = {"tags": "laid out"}


@pytest.fixture(scope="module")
def laid_out(server) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]
    """Sizes of uploaded pictures, in the order they came."""
    sizes = [(300, 200), (200, 300), (640, 64)]
    with server.client() as http:
        for seed, size in enumerate(sizes):
            data = encoded(picture(*size, seed=90 + seed))
            sent = http.post("/files/upload", files={"file": (f"{seed}.png", data)}, data={**TAGS, "title": f"p{seed}"})
            assert sent.status_code == 201, sent.text
    return sizes


def test_the_layout_holds_the_ratio_of_each_file_in_the_order_of_the_list(http: httpx2.Client, laid_out) -> None:
    wanted = {"tags": ["laid out"], "sort_by": "title", "sort_order": "asc"}
    listed = http.get("/files", params=wanted).json()["items"]
    ratios = http.get("/files/layout", params=wanted).json()["ratios"]
    assert ratios == [round(100 * w / h) for w, h in laid_out] == [150, 67, 1000]
    assert [round(100 * i["dimensions"]["width"] / i["dimensions"]["height"]) for i in listed] == ratios
    backwards = http.get("/files/layout", params={**wanted, "sort_order": "desc"}).json()["ratios"]
    assert backwards == ratios[::-1]


def test_the_layout_follows_the_search_and_needs_no_tags(http: httpx2.Client, laid_out) -> None:
    assert http.get("/files/layout", params={"search": "p2"}).json()["ratios"] == [1000]
    assert http.get("/files/layout", params={"search": "?!"}).json()["ratios"] == []
    total = http.get("/files", params={"limit": 1}).json()["total_count"]
    assert len(http.get("/files/layout").json()["ratios"]) == total >= 3
