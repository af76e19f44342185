"""Signing in, and the library: what is there, found, filtered, and reached by keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in

COUNT = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """One of its own: these pictures are all that is in its library."""
    with serving(tmp_path_factory.mktemp("library"), analyzer="scripted") as running:
        yield running


@pytest.fixture(scope="module")
def files(server: InProcessServer) -> list[str]:
    """Described pictures of different shapes."""
    ids = []
    with server.client() as http:
        for number in range(COUNT):
            data = encoded(picture(200 + 40 * (number % 5), 240, seed=500 + number))
            fields = {"title": f"Picture {number:02}", "tags": "odd" if number % 2 else "even"}
            response = http.post("/files/upload", files={"file": (f"{number}.png", data)}, data=fields)
            ids.append(response.json()["image_id"])
        for file_id in ids:
            wait_until_described(http, file_id)
    return ids


def test_a_wrong_key_is_refused_in_the_servers_words_and_a_good_one_opens_the_library(
    context: BrowserContext, server: InProcessServer, files: list[str]
) -> None:
    page = context.new_page()
    page.goto(server.root)
    page.get_by_label("API key").fill("scopix_wrongkey" + "x" * 43)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("API key")
    page.get_by_label("API key").fill(server.api_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid")).to_be_visible()
    page.reload()
    expect(page.get_by_role("grid")).to_be_visible()
    other = context.new_page()
    other.goto(server.root)
    expect(other.get_by_role("grid")).to_be_visible()  # the first tab lent its key
    page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("API key")).to_be_visible()


def test_the_grid_shows_what_is_searched_for_and_the_address_holds_it(
    context: BrowserContext, server: InProcessServer, files: list[str]
) -> None:
    page = signed_in(context, server)
    expect(page.get_by_role("gridcell", name="Picture 23")).to_be_visible()
    page.get_by_role("searchbox").fill("picture 07")
    expect(page.get_by_text("1 picture", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{server.root}/?q=picture+07")
    page.get_by_role("searchbox").fill("sample")
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    expect(page.locator(".hit").first).to_be_attached()  # the scripted text stands in the middle of each picture
    page.goto(f"{server.root}/?tag=odd")
    expect(page.get_by_text(f"{COUNT // 2} pictures")).to_be_visible()
    page.get_by_role("button", name="Remove the filter odd").click()
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Text", exact=True).select_option("Without text")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    expect(page).to_have_url(f"{server.root}/?text=no")
    page.get_by_role("button", name="Remove the filter Without text").click()
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    page.get_by_label("Thing").fill("dragon")
    page.keyboard.press("Enter")
    expect(page.get_by_text("'dragon' is nothing that is looked for on photographs.")).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    page.goto(f"{server.root}/?tag=odd")
    page.get_by_role("button", name="Remove the filter odd").click()
    expect(page.get_by_text(f"{COUNT} pictures")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(f"{COUNT // 2} pictures")).to_be_visible()


def test_a_picture_uploaded_elsewhere_shows_its_description_state_without_a_reload(
    context: BrowserContext, server: InProcessServer, files: list[str]
) -> None:
    page = signed_in(context, server, "/?q=elsewhere")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    with server.client() as http:
        data = encoded(picture(seed=999))
        http.post("/files/upload", files={"file": ("elsewhere.png", data)}, data={"title": "elsewhere"})
    expect(page.get_by_role("gridcell", name="elsewhere")).to_be_visible()
