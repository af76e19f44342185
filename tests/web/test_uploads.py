"""Uploading from the page: folders dropped, parts resumed, what an interruption leaves, and what failed tried again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.support.endpoint import Endpoint, say, status
from tests.support.images import encoded, picture, write_padded_png
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_described
from tests.web.conftest import PATIENCE, signed_in

COUNT = 24
# Each test waits for several things, and a busy machine takes its time with each.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures in folders, one of them twice, and a file that is none."""
    root = tmp_path_factory.mktemp("holiday")
    for number in range(COUNT):
        inner = root / f"day {number % 3}"
        inner.mkdir(exist_ok=True)
        (inner / f"{number:03}.png").write_bytes(encoded(picture(160, 120, seed=2000 + number)))
    (root / "again.png").write_bytes((root / "day 0" / "000.png").read_bytes())
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    return root


def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder on the page as a person does."""
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 400, "data": data})


def choose(page: Page, path: Path) -> None:
    """Choose a file as a person does."""
    page.get_by_role("button", name="Upload", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("dialog").get_by_role("button", name="Choose files").click()
    chooser.value.set_files(path)


def test_a_dropped_folder_is_uploaded_and_what_failed_says_why(
    context: BrowserContext, server: InProcessServer, folder: Path
) -> None:
    with server.client() as http:
        before = http.get("/files", params={"limit": 1}).json()["total_count"]
    page = signed_in(context, server, "/?q=nothing")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    drop(page, folder)
    queue = page.get_by_role("region", name="Uploads")
    all_files = COUNT + 2
    expect(queue.get_by_text(f"{all_files - 1} of {all_files} uploaded, 1 failed")).to_be_visible(timeout=2 * PATIENCE)
    broken = queue.get_by_role("listitem").filter(has_text="broken.png")
    expect(broken).to_contain_text("Failed")
    expect(queue.get_by_role("listitem").filter(has_text="Being described")).to_have_count(0)
    with server.client() as http:
        listed = http.get("/files", params={"limit": 1}).json()
        assert listed["total_count"] == before + COUNT  # the same picture twice is one
        files = http.get("/files", params={"limit": 100, "include": "details"}).json()["items"]
    assert f"{folder.name}/day 2/023.png" in {file["path"] for file in files}
    with page.expect_response(lambda response: response.url.endswith("/files/upload")):
        queue.get_by_role("button", name="Try the failed ones again").click()
    # While anything is sent the list cannot be cleared, so the button is the end of the second attempt.
    queue.get_by_role("button", name="Clear the list").click()
    expect(queue).to_have_count(0)


def test_a_large_file_goes_on_with_the_parts_that_are_missing_after_a_reload(
    context: BrowserContext, server: InProcessServer, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    write_padded_png(large, 33 * 2**20)  # three parts: two of 16 MiB, and the rest
    arrived: list[str] = []
    page = signed_in(context, server)
    page.on("requestfinished", lambda request: arrived.extend(re.findall(r"/parts/(\d+)\?token=", request.url)))
    second = re.compile(r"/parts/2\?token=")
    page.route(second, lambda route: route.abort())
    choose(page, large)
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute(second)
    queue = page.get_by_role("region", name="Uploads")
    expect(queue.get_by_text("was not sent before the page was closed")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        queue.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(large)
    expect(queue.get_by_text("1 of 1 uploaded")).to_be_visible()
    while len(arrived) < 3:
        page.wait_for_event("requestfinished")  # told by another process than the text
    assert arrived == ["1", "2", "3"]  # the first part was sent once, before the reload


def test_a_server_that_stops_in_the_middle_costs_nothing_and_the_files_are_kept_as_was_asked(
    context: BrowserContext, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    write_padded_png(large, 33 * 2**20)  # three parts
    with serving(tmp_path / "data") as server:
        port = server.port
        page = signed_in(context, server)
        page.get_by_role("button", name="Upload", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Tags, separated by commas").fill("kept, as asked")
        dialog.get_by_label("Category").select_option("screenshot")
        page.keyboard.press("Escape")
        with page.expect_request(re.compile(r"/parts/2\?token=")):
            choose(page, large)
        server.stop()
        expect(page.get_by_text("The server does not answer.").first).to_be_visible()
        server.start(port)
        queue = page.get_by_role("region", name="Uploads")
        expect(queue.get_by_text("1 of 1 uploaded")).to_be_visible()
        with server.client() as http:
            (file,) = http.get("/files", params={"include": "details"}).json()["items"]
        assert file["size_bytes"] == large.stat().st_size
        assert {"kept", "as asked"} <= set(file["tags"])
        assert file["content_category"] == "screenshot"


def test_what_is_paused_waits_what_is_cancelled_goes_and_the_rest_arrives(
    context: BrowserContext, server: InProcessServer, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(encoded(picture(seed=8800 + number)))
    page = signed_in(context, server, "/?q=nothing")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    held: list[Route] = []
    context.route("**/api/v2/files/upload", lambda route: held.append(route))  # nothing arrives before the pause
    drop(page, tmp_path)
    queue = page.get_by_role("region", name="Uploads")
    queue.get_by_role("button", name="Pause", exact=True).click()
    context.unroute("**/api/v2/files/upload")
    expect(queue.get_by_role("listitem").filter(has_text="Waiting")).to_have_count(3)
    queue.get_by_role("button", name=re.compile(r"^Cancel: .*1\.png")).click()
    expect(queue.get_by_role("listitem")).to_have_count(2)
    queue.get_by_role("button", name="Go on").click()
    expect(queue.get_by_text("2 of 2 uploaded")).to_be_visible()


def test_a_folder_of_200_is_uploaded_with_its_progress(
    context: BrowserContext, server: InProcessServer, tmp_path: Path
) -> None:
    folder = tmp_path / "two hundred"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.jpg").write_bytes(encoded(picture(96, 64, seed=61_000 + number), "JPEG"))
    page = signed_in(context, server, "/?q=nothing")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    drop(page, folder)
    queue = page.get_by_role("region", name="Uploads")
    expect(queue).to_contain_text(re.compile(r"(?<!\d)([1-9]|[1-9]\d|1\d\d) of 200 uploaded"))
    bar = queue.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    expect(queue).to_contain_text("200 of 200 uploaded", timeout=2 * PATIENCE)
    expect(bar).to_have_attribute("aria-valuenow", "100")
    with server.client() as http:
        found = http.get("/files", params={"limit": 100, "sort_by": "created_at"}).json()["items"]
    assert {Path(file["path"]).parent.name for file in found} == {"two hundred"}


def test_what_an_engine_failed_says_why_and_is_tried_again(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    with Endpoint() as endpoint:
        endpoint.always, endpoint.known = status(400, "this picture is not liked"), say()
        engine = {"engine_url": endpoint.url, "engine_model": "fixed-1", "engine_concurrency": "1"}
        with serving(tmp_path_factory.mktemp("engine"), **engine) as own:
            page = signed_in(context, own)
            expect(page.get_by_text("Nothing here yet")).to_be_visible()
            (tmp_path / "one.png").write_bytes(encoded(picture(seed=62_000)))
            drop(page, tmp_path / "one.png")
            queue = page.get_by_role("region", name="Uploads")
            row = queue.get_by_role("listitem")
            expect(row).to_contain_text("this picture is not liked")
            expect(row).to_contain_text("Failed")
            expect(page.locator(".tile .failed")).to_be_visible()
            endpoint.always = say()
            queue.get_by_role("button", name="Try the failed ones again").click()
            expect(row).to_contain_text("Described")
            row.get_by_role("link").click()
            expect(page.get_by_text("A red square on white.").first).to_be_visible()


def test_two_tabs_show_what_the_other_does(context: BrowserContext, server: InProcessServer) -> None:
    with server.client() as http:
        data = encoded(picture(seed=63_000))
        sent = http.post("/files/upload", files={"file": ("tabs.png", data)}, data={"tags": "tabs"})
        file_id = sent.json()["image_id"]
        wait_until_described(http, file_id)
    one = signed_in(context, server, "/?tag=tabs")
    expect(one.get_by_text("1 picture", exact=True)).to_be_visible()
    other = context.new_page()  # without a key: the first one lends its
    other.goto(f"{server.root}/files/{file_id}")
    other.get_by_role("button", name="Edit").click()
    one.get_by_role("gridcell").click()
    expect(one.get_by_role("button", name="Edit")).to_be_visible()
    other.get_by_role("textbox", name="Description").fill("Written in the other tab.")
    other.get_by_role("button", name="Save").click()
    expect(one.get_by_text("Written in the other tab.").first).to_be_visible()
    one.keyboard.press("Escape")
    other.get_by_role("button", name="Delete").click()
    expect(one.get_by_text("Nothing fits.")).to_be_visible()
    other.get_by_role("button", name="Undo").click()
    expect(one.get_by_text("1 picture", exact=True)).to_be_visible()
