"""Deep-zoom tiles: made of large pictures alone, served by key and by link, gone with the file."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until

LARGE = picture(1100, 600, seed=81)


@pytest.fixture(scope="module")
def tiling(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[InProcessServer]:
    """A server for which half a megapixel is large."""
    with serving(tmp_path_factory.mktemp("tiling"), database=database, tile_pixels="500000") as running:
        yield running


def upload(http: httpx2.Client, data: bytes, **fields: str) -> str:
    response = http.post("/files/upload", files={"file": ("sheet.png", data)}, data=fields)
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def tiles_of(http: httpx2.Client, file_id: str) -> str:
    wait_until(lambda: http.get(f"/files/{file_id}/tiles.dzi").status_code == 200)
    return str(http.get(f"/files/{file_id}").json()["tiles_url"])


@pytest.mark.parametrize("described", ["true", "false"])
def test_a_large_picture_is_shown_by_its_tiles(tiling: InProcessServer, described: str) -> None:
    with tiling.client() as http:
        file_id = upload(http, encoded(LARGE, "PNG"), auto_describe=described, skip_duplicates="false")
        link = tiles_of(http, file_id)
        known = http.get(f"/files/{file_id}").json()
        assert known["variant_count"] == 4
        for descriptor in (http.get(f"/files/{file_id}/tiles.dzi"), httpx2.get(link)):
            root = ET.fromstring(descriptor.text)
            size = root.find("{*}Size")
            assert size is not None
            assert (size.get("Width"), size.get("Height")) == ("1100", "600")
            assert (root.get("TileSize"), root.get("Overlap"), root.get("Format")) == ("512", "0", "jpg")
            assert "immutable" in descriptor.headers["Cache-Control"]
        by_link = link.removesuffix("tiles.dzi")
        for column, row, width, height in ((0, 0, 512, 512), (2, 1, 76, 88)):
            name = f"11/{column}_{row}.jpg"
            tile = http.get(f"/files/{file_id}/tiles/{name}")
            assert tile.headers["Content-Type"] == "image/jpeg"
            assert "immutable" in tile.headers["Cache-Control"]
            shown = Image.open(io.BytesIO(tile.content))
            place = (column * 512, row * 512, column * 512 + width, row * 512 + height)
            difference = np.asarray(shown).astype(int) - np.asarray(LARGE.crop(place)).astype(int)
            assert np.abs(difference).mean() < 6
            # Viewers of DZI look for them in the folder that is called after the descriptor.
            for other in (f"{by_link}tiles/{name}", f"{by_link}tiles_files/{name}"):
                assert httpx2.get(other).content == tile.content
        assert http.get(f"/files/{file_id}/tiles/11/3_0.jpg").status_code == 404
        assert http.get(f"/files/{file_id}/tiles/12/0_0.jpg").status_code == 404
        assert http.get(f"/files/{file_id}/tiles/11/-1_0.jpg").status_code == 422
        assert httpx2.get(f"{by_link}tiles/40/0_0.jpg").status_code == 422


def test_a_small_picture_has_no_tiles(tiling: InProcessServer) -> None:
    with tiling.client() as http:
        file_id = upload(http, encoded(picture(seed=82)), auto_describe="false")
        wait_until(lambda: http.get(f"/files/{file_id}").json()["variant_status"] == "completed")
        answer = http.get(f"/files/{file_id}/tiles.dzi")
        assert (answer.status_code, answer.json()["error"]["details"]["resource_type"]) == (404, "tiles")
        assert http.get(f"/files/{file_id}").json()["tiles_url"] is None
        link = http.get(f"/files/{file_id}/variants/small_256").headers["Location"]
        assert httpx2.get(f"{link}/tiles.dzi").status_code == 404
        assert httpx2.get(f"{link[:-3]}abc/tiles.dzi").status_code == 403


def test_tiles_are_their_tenants_alone(tiling: InProcessServer) -> None:
    theirs = {"Authorization": f"Bearer {tiling.new_tenant('strangers')}"}
    with tiling.client() as http, tiling.client(headers=theirs) as stranger:
        file_id = upload(http, encoded(LARGE.rotate(180)), auto_describe="false")
        tiles_of(http, file_id)
        assert stranger.get(f"/files/{file_id}/tiles.dzi").status_code == 404
        assert stranger.get(f"/files/{file_id}/tiles/0/0_0.jpg").status_code == 404


def test_tiles_are_made_once_and_go_with_their_file(tiling: InProcessServer) -> None:
    with tiling.client() as http:
        file_id = upload(http, encoded(LARGE.rotate(90, expand=True)), auto_describe="false")
        tiles_of(http, file_id)
        (pack,) = [path for path in stored(tiling, file_id) if path.name == "tiles.pack"]
        made_at = pack.stat().st_mtime_ns
        http.post(f"/files/{file_id}/variants")
        wait_until(lambda: http.get(f"/files/{file_id}").json()["variant_status"] == "completed")
        assert http.get(f"/files/{file_id}/tiles.dzi").status_code == 200
        assert pack.stat().st_mtime_ns == made_at
        assert http.delete(f"/files/{file_id}").status_code == 200
        assert http.get(f"/files/{file_id}/tiles.dzi").status_code == 404
        at = datetime.now(UTC) + timedelta(days=1)
        (purged,) = tiling.database.write(lambda t: t.upkeep.purge_files([file_id], at))
        assert {key.rpartition("/")[2] for key in purged.object_keys} >= {"tiles.pack", "tiny_64.jpg"}


def stored(server: InProcessServer, file_id: str) -> list[Path]:
    return [path for path in server.stored_objects() if file_id in str(path)]
