"""GET /files: how many files there are is always known, how many a filter finds up to a limit or on request."""

from pathlib import Path

import pytest

from tests.support.images import encoded, picture
from tests.support.inprocess import serving


def test_totals_beyond_the_limit_are_minimums_unless_they_are_to_be_exact(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scopix_server.db.files.MAX_COUNTED", 2)
    with serving(tmp_path / "data", database=database, worker=False) as server, server.client() as http:
        for number in range(4):
            sent = {"file": (f"{number}.png", encoded(picture(seed=number)))}
            assert http.post("/files/upload", files=sent, data={"auto_describe": "false"}).status_code == 201

        def total(**query: object) -> tuple[int, bool, int]:
            page = http.get("/files", params={"limit": 3, **query}).json()
            return page["total_count"], page["total_is_minimum"], len(page["items"])

        assert total() == total(description_statuses="skipped") == (4, False, 3)
        assert total(description_statuses="failed") == (0, False, 0)
        assert total(media_types="image") == (2, True, 3)
        assert total(media_types="image", include="details") == (2, True, 3)
        assert total(media_types="image", exact_total="true") == (4, False, 3)
        assert total(media_types="document") == (0, False, 0)
        two = [item["id"] for item in http.get("/files", params={"limit": 2}).json()["items"]]
        assert total(ids=two) == (2, False, 2)
