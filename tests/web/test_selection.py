"""Choosing many by keyboard: deleted and brought back, tagged, described again."""

import json

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in

COUNT = 12


@pytest.fixture(scope="module")
def files(server: InProcessServer) -> list[str]:
    """Described pictures with a tag of their own."""
    ids = []
    with server.client() as http:
        for number in range(COUNT):
            data = encoded(picture(seed=7000 + number))
            sent = http.post("/files/upload", files={"file": (f"{number}.png", data)}, data={"tags": "chosen"})
            ids.append(str(sent.json()["image_id"]))
        for file_id in ids:
            wait_until_described(http, file_id)
    return ids


def test_what_is_chosen_by_keyboard_is_tagged_deleted_and_brought_back(
    context: BrowserContext, server: InProcessServer, files: list[str]
) -> None:
    page = signed_in(context, server, "/?tag=chosen")
    grid = page.get_by_role("grid")
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    grid.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text("4 selected")
    bar.get_by_role("button", name="Tags").click()
    bar.get_by_role("textbox", name="Tag").fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 pictures tagged “kept”")).to_be_visible()
    with server.client() as http:
        assert http.get("/files", params={"tags": "kept"}).json()["total_count"] == 4
        grid.focus()
        page.keyboard.press("Control+a")
        expect(bar).to_contain_text(f"{COUNT} selected")
        bar.get_by_role("button", name="Delete").click()
        expect(page.get_by_text(f"{COUNT} pictures deleted")).to_be_visible()
        assert http.get("/files", params={"tags": "chosen"}).json()["total_count"] == 0
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Everything is back.")).to_be_visible()
        assert http.get("/files", params={"tags": "chosen"}).json()["total_count"] == COUNT
    expect(page.get_by_text(f"{COUNT} pictures", exact=True)).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+a")
    bar.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        bar.get_by_role("button", name="JSON").click()
    assert {file["id"] for file in json.loads(download.value.path().read_text())} == set(files)
    page.keyboard.press("Escape")
    grid.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Describe again").click()
    expect(bar).to_contain_text("Describe 1 picture again?")
    bar.get_by_role("button", name="Describe again").click()
    expect(page.get_by_text("1 picture will be described again")).to_be_visible()
