"""Every task by keyboard alone: no test here points at anything."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in

TREES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir"]
COUNT = len(TREES)
MAX_STOPS = 60  # of the Tab key until a control is reached: more is no way to work


@pytest.fixture
def tag(server: InProcessServer, request: pytest.FixtureRequest) -> str:
    """The tag of some described pictures that this test may change."""
    seed = 40_000 + sum(map(ord, request.node.name)) * 10
    tag = f"keys{seed}"  # in no label of the page
    with server.client() as http:
        ids = []
        for number in range(COUNT):
            data = encoded(picture(300, 200, seed=seed + number))
            fields = {"title": TREES[number], "tags": tag}
            sent = http.post("/files/upload", files={"file": (f"{number}.png", data)}, data=fields)
            ids.append(str(sent.json()["image_id"]))
        for file_id in ids:
            wait_until_described(http, file_id)
    return tag


def walk_to(page: Page, target: Locator) -> None:
    """Press Tab until the control has the focus."""
    expect(target).to_be_visible()
    for _ in range(MAX_STOPS):
        if target.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached in {MAX_STOPS} stops: {target}")


def press(page: Page, target: Locator) -> None:
    walk_to(page, target)
    page.keyboard.press("Enter")


def library(context: BrowserContext, server: InProcessServer, tag: str) -> Page:
    page = signed_in(context, server, f"/?tag={tag}")
    expect(page.get_by_text(f"{COUNT} pictures", exact=True)).to_be_visible()
    return page


def choose_all(page: Page) -> Locator:
    walk_to(page, page.get_by_role("grid"))
    page.keyboard.press("Control+a")
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text(f"{COUNT} selected")
    return bar


def test_keyboard_sign_in_and_out(context: BrowserContext, server: InProcessServer) -> None:
    page = context.new_page()
    page.goto(server.root)
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type(server.api_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox")).to_be_visible()
    press(page, page.get_by_role("button", name="Sign out"))
    expect(page.get_by_label("API key")).to_be_visible()


def test_keyboard_upload(context: BrowserContext, server: InProcessServer, tmp_path: Path) -> None:
    file = tmp_path / "by keys.png"
    file.write_bytes(encoded(picture(seed=41_999)))
    page = signed_in(context, server, "/?q=nothing")
    press(page, page.get_by_role("button", name="Upload", exact=True))
    dialog = page.get_by_role("dialog")
    walk_to(page, dialog.get_by_label("Tags, separated by commas"))
    page.keyboard.type("typed")
    page.keyboard.press("Shift+Tab")
    with page.expect_file_chooser() as chooser:
        press(page, dialog.get_by_role("button", name="Choose files"))
    chooser.value.set_files(file)
    queue = page.get_by_role("region", name="Uploads")
    expect(queue.get_by_text("1 of 1 uploaded")).to_be_visible()
    press(page, queue.get_by_role("link", name="by keys.png"))
    expect(page.get_by_role("link", name="typed")).to_be_visible()


def test_keyboard_search(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    walk_to(page, page.get_by_role("searchbox"))
    page.keyboard.type("Elm")
    expect(page.get_by_text("1 picture", exact=True)).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.get_by_text(f"{COUNT} pictures", exact=True)).to_be_visible()
    press(page, page.get_by_role("button", name="Filters"))
    walk_to(page, page.get_by_label("Tag", exact=True))
    page.keyboard.type("no such tag")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    press(page, page.get_by_role("button", name="Remove the filter no such tag"))
    expect(page.get_by_text(f"{COUNT} pictures", exact=True)).to_be_visible()


def test_keyboard_open_and_go_on(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    walk_to(page, page.get_by_role("grid"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Elm")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dogwood")
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid")).to_be_visible()


def test_keyboard_edit_and_tag(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    walk_to(page, page.get_by_role("grid"))
    page.keyboard.press("Enter")
    press(page, page.get_by_role("button", name="Edit"))
    walk_to(page, page.get_by_role("textbox", name="Description"))
    page.keyboard.press("Control+a")
    page.keyboard.type("Written by keys alone.")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Written by keys alone.").first).to_be_visible()
    walk_to(page, page.get_by_role("textbox", name="Add a tag"))
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    press(page, page.get_by_role("button", name="Remove the tag mine"))
    expect(page.get_by_role("link", name="mine")).to_have_count(0)


def test_keyboard_delete_and_undo(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    press(page, choose_all(page).get_by_role("button", name="Delete"))
    expect(page.get_by_text(f"{COUNT} pictures deleted")).to_be_visible()
    press(page, page.get_by_role("button", name="Undo"))
    expect(page.get_by_text("Everything is back.")).to_be_visible()
    expect(page.get_by_text(f"{COUNT} pictures", exact=True)).to_be_visible()


def test_keyboard_tag_many(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    bar = choose_all(page)
    press(page, bar.get_by_role("button", name="Tags"))
    expect(bar.get_by_role("textbox", name="Tag")).to_be_focused()
    page.keyboard.type("together")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{COUNT} pictures tagged “together”")).to_be_visible()


def test_keyboard_describe_again(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    bar = choose_all(page)
    press(page, bar.get_by_role("button", name="Describe again"))
    expect(bar).to_contain_text(f"Describe {COUNT} pictures again?")
    press(page, bar.get_by_role("button", name="Describe again"))
    expect(page.get_by_text(f"{COUNT} pictures will be described again")).to_be_visible()


def test_keyboard_export(context: BrowserContext, server: InProcessServer, tag: str) -> None:
    page = library(context, server, tag)
    bar = choose_all(page)
    press(page, bar.get_by_role("button", name="Export"))
    with page.expect_download() as download:
        press(page, bar.get_by_role("button", name="CSV"))
    assert download.value.suggested_filename == f"scopix-{COUNT}.csv"


def test_keyboard_make_and_revoke_a_key(context: BrowserContext, server: InProcessServer) -> None:
    page = signed_in(context, server)
    press(page, page.get_by_role("link", name="Settings"))
    press(page, page.get_by_role("link", name="API keys"))
    walk_to(page, page.get_by_label("What is it for?"))
    page.keyboard.type("typed key")
    page.keyboard.press("Enter")
    expect(page.get_by_text("the only time the key is shown")).to_be_visible()
    press(page, page.get_by_role("button", name="Revoke: typed key"))
    press(page, page.get_by_role("button", name=re.compile("^Revoke$")))
    expect(page.get_by_role("button", name="Revoke: typed key")).to_have_count(0)
