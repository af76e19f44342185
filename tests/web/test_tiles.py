"""A large picture in tiles: what is in view is shown sharply, with its text over it, and nothing of the original."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import serving
from tests.support.waiting import wait_until, wait_until_described
from tests.web.conftest import signed_in


def test_a_large_picture_is_looked_at_by_its_tiles(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(tmp_path_factory.mktemp("tiling"), tile_pixels="500000") as server:
        with server.client() as http:
            data = encoded(picture(3000, 2000, seed=81))
            sent = http.post("/files/upload", files={"file": ("sheet.png", data)})
            file_id = str(sent.json()["image_id"])
            wait_until_described(http, file_id)
            wait_until(lambda: http.get(f"/files/{file_id}").json()["tiles_url"])
        loaded: list[str] = []
        context.on("response", lambda response: loaded.append(response.url))
        page = signed_in(context, server, f"/files/{file_id}")
        stage = page.get_by_role("group", name="Picture")
        stage.focus()
        for _ in range(8):
            page.keyboard.press("+")
        tile = page.locator(".tile").first
        expect(tile).to_be_visible()
        page.wait_for_function("() => [...document.querySelectorAll('.tile')].every((one) => one.naturalWidth)")
        assert any(re.search(r"/tiles/12/\d+_\d+\.jpg", url) for url in loaded)  # of full size
        expect(page.locator(".word")).to_be_attached()
        # Tiles lie where the picture is: as wide as their share of it.
        sheet, box = page.locator(".sheet").bounding_box(), tile.bounding_box()
        assert sheet and box
        assert box["width"] / sheet["width"] == pytest.approx(512 / 3000, rel=0.02)
        with server.client() as http:
            original = http.get(f"/files/{file_id}").json()["original_url"]
        assert original.split("?")[0] not in loaded
