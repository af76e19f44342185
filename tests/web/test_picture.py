"""One picture: its text both ways, edited, tagged, its versions, copied, deleted and back."""

import json
import re

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.pdf import Line, Page, make_pdf, prose
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in
from tests.web.test_views import check

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe <b>"


@pytest.fixture
def file_id(server: InProcessServer) -> str:
    """A described picture whose title would like to be markup."""
    with server.client() as http:
        data = encoded(picture(640, 480, seed=31337))
        sent = http.post("/files/upload", files={"file": ("one.png", data)}, data={"title": HOSTILE})
        file_id = str(sent.json()["image_id"])
        wait_until_described(http, file_id)
        return file_id


def test_a_view_that_could_not_be_loaded_comes_when_the_server_is_back(
    context: BrowserContext, server: InProcessServer, file_id: str
) -> None:
    asked: list[str] = []

    def away(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) < 3:
            route.abort()
        else:
            route.continue_()

    context.route(re.compile(r"/assets/Picture-[\w-]+\.js"), away)
    page = signed_in(context, server, f"/files/{file_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert len(asked) == 3


def test_text_lights_up_both_ways_and_names_with_markup_are_text(
    context: BrowserContext, server: InProcessServer, file_id: str
) -> None:
    page = signed_in(context, server, f"/files/{file_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    row = page.get_by_role("option").filter(has_text="Sample")
    row.hover()
    expect(page.locator(".place.lit")).to_have_count(1)
    page.get_by_role("heading", name="Details").hover()
    expect(page.locator(".place.lit")).to_have_count(0)
    page.locator(".word").hover()
    expect(page.locator("li.lit")).to_have_count(1)
    page.locator(".word").select_text()
    assert page.evaluate("() => getSelection().toString()").startswith("Sample ")
    stage = page.get_by_role("group", name="Picture")
    before = page.get_by_role("img").first.bounding_box()
    stage.focus()
    page.keyboard.press("+")
    after = page.get_by_role("img").first.bounding_box()
    assert before and after
    assert after["width"] > 1.3 * before["width"]


def test_things_faces_and_fields_are_lit_from_either_side_and_shown_closely(
    context: BrowserContext, server: InProcessServer, file_id: str
) -> None:
    def box(x: float, y: float, width: float, height: float) -> dict[str, float]:
        return {"x": x, "y": y, "width": width, "height": height}

    def with_things(route: Route) -> None:
        """The scripted analyzer sees no things: the answer gets some, in the shape that the API gives them."""
        response = route.fetch()
        things = [
            ("person", box(0.1, 0.1, 0.3, 0.8)),
            ("person", box(0.5, 0.1, 0.3, 0.7)),
            ("dog", box(0.8, 0.7, 0.1, 0.2)),
        ]
        seen = {
            "objects": [{"label": label, "bbox": bbox, "score": 0.8} for label, bbox in things],
            "faces": [box(0.2, 0.15, 0.1, 0.1)],
            "uncounted": ["person"],
            "scenes": [{"name": "kitchen", "probability": 0.7}],
        }
        fields = {"category_data": {"pet": {"name": "<b>Rex</b>"}}}
        evidence = [{"field": "/pet/name", "regions": [0], "labels": ["dog"], "confidence": 0.42}]
        route.fulfill(json=response.json() | fields | {"perception": seen, "category_evidence": evidence})

    context.route(f"**/api/v2/files/{file_id}", with_things)
    page = signed_in(context, server, f"/files/{file_id}")
    people = page.get_by_role("button", name="person 2 or more")
    people.hover()
    expect(page.locator(".thing.lit")).to_have_count(2)
    page.locator(".thing").nth(2).hover()
    expect(page.get_by_role("button", name="dog")).to_have_class(re.compile("lit"))
    expect(people).not_to_have_class(re.compile("lit"))
    expect(page.get_by_role("button", name="face")).to_be_visible()
    expect(page.get_by_text("Surroundings: kitchen")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="<b>Rex</b>")
    expect(row).to_contain_text("42 %")
    picture = page.locator(".sheet")
    before = picture.bounding_box()
    page.get_by_role("heading", level=1).hover()
    row.get_by_role("button").focus()
    expect(page.locator(".thing.lit")).to_have_count(1)
    expect(page.locator(".place.lit")).to_have_count(1)
    page.get_by_role("listbox", name="Text in the picture").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".place.lit")).to_have_count(1)
    expect(page.locator(".thing.lit")).to_have_count(0)
    page.get_by_role("button", name="dog").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Fit to the window")).to_be_enabled()
    after = picture.bounding_box()
    assert before and after
    assert after["width"] > 1.3 * before["width"]


def test_a_description_is_edited_compared_and_chosen_and_tags_are_set(
    context: BrowserContext, server: InProcessServer, file_id: str
) -> None:
    page = signed_in(context, server, f"/files/{file_id}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Description").fill("A person wrote this <b>by hand</b>.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A person wrote this <b>by hand</b>.").first).to_be_visible()
    expect(page.get_by_text("Written by a person").first).to_be_visible()
    page.get_by_text("Version 1").click()
    expect(page.locator("del").first).to_be_visible()
    page.get_by_role("button", name="Make this the current one").click()
    expect(page.get_by_text("Built-in describer")).to_be_visible()
    page.get_by_role("textbox", name="Add a tag").fill("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="mine")).to_be_visible()
    page.get_by_role("button", name="Remove the tag mine").click()
    expect(page.get_by_role("link", name="mine")).to_have_count(0)


def test_a_picture_is_copied_described_again_deleted_and_brought_back(
    context: BrowserContext, server: InProcessServer, file_id: str
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = signed_in(context, server, f"/files/{file_id}")
    page.get_by_role("button", name="Copy as JSON").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert json.loads(page.evaluate("() => navigator.clipboard.readText()"))["id"] == file_id
    page.get_by_role("button", name="Describe again").click()
    expect(page.get_by_text("Version 2")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    with server.client() as http:
        expect(page.get_by_text("1 picture deleted")).to_be_visible()
        assert http.get(f"/files/{file_id}").status_code == 404
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Everything is back.")).to_be_visible()
        assert http.get(f"/files/{file_id}").status_code == 200


def test_a_document_is_read_page_by_page_and_searched_within(context: BrowserContext, server: InProcessServer) -> None:
    pages = [Page([Line(60, 800, f"Minutes of day {number}", 14), *prose(3)]) for number in range(1, 24)]
    with server.client() as http:
        sent = http.post("/files/upload", files={"file": ("minutes.pdf", make_pdf(pages))})
        file_id = str(sent.json()["image_id"])
        wait_until_described(http, file_id)
    page = signed_in(context, server, f"/files/{file_id}")
    reader = page.get_by_role("region", name="Pages")
    expect(reader.get_by_role("status")).to_have_text("23 pages")
    expect(reader.get_by_role("article")).to_have_count(20)
    expect(reader.get_by_role("img", name="The first page")).to_be_visible()
    check(page, "document")
    reader.get_by_role("button", name="More pages").click()
    expect(reader.get_by_role("article")).to_have_count(23)
    reader.get_by_role("searchbox").fill("day 17")
    expect(reader.get_by_role("status")).to_have_text("Found on 1 page")
    found = reader.get_by_role("article", name="Page 17")
    expect(found.locator("mark").first).to_have_text("day")
