"""Pictures that are looked at on a reduced copy are read at full size; they may be larger where larger files may."""

from collections.abc import Iterator

import numpy as np
import pytest

from scopix_server.config import Settings
from scopix_server.perception.scripted import ScriptedAnalyzer
from tests.integration.api.test_tiles import upload
from tests.support.images import encoded, flat_png, noise
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def reducing(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[InProcessServer]:
    with serving(tmp_path_factory.mktemp("reducing"), database=database, work_pixels="100000") as running:
        yield running


def test_the_text_is_that_of_full_size(reducing: InProcessServer) -> None:
    sheet = noise(1100, 600, seed=91)  # something in every column: it is read in one piece
    (line,) = ScriptedAnalyzer().read(np.asarray(sheet))
    with reducing.client() as http:
        file_id = upload(http, encoded(sheet))
        wait_until(lambda: http.get(f"/files/{file_id}").json()["description_status"] == "completed")
        known = http.get(f"/files/{file_id}").json()
        assert known["dimensions"] == {"width": 1100, "height": 600}
        assert line.text in known["visible_text"]
        assert known["text_regions"][0]["text"] == line.text
        assert http.get("/files", params={"search": f'"{line.text}"'}).json()["total_count"] == 1


def test_what_shows_nothing_keeps_the_text_of_the_reduced_copy(reducing: InProcessServer) -> None:
    with reducing.client() as http:
        file_id = upload(http, flat_png(700, colour=2))
        wait_until(lambda: http.get(f"/files/{file_id}").json()["description_status"] == "completed")
        assert len(http.get(f"/files/{file_id}").json()["text_regions"]) == 1


def test_sheets_may_come_where_large_files_may() -> None:
    assert Settings().image_pixels == 200_000_000
    assert Settings(max_direct_upload_bytes=1 << 30).image_pixels == 2_000_000_000
    assert Settings(max_file_bytes=1 << 30).image_pixels == 2_000_000_000
    assert Settings(max_file_bytes=1 << 30, max_image_pixels=5).image_pixels == 5
