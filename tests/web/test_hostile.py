"""Names, descriptions, tags and text that would like to be more: shown as text in every place; and nothing at all."""

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in
from tests.web.test_views import check

MARKUP = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script><b>"
BIDI = "\u202egnp.exe\u2066\u200f"
RIGHT_TO_LEFT = "صورة القطة בית الكبيرة"
LONG = "w" * 10_000
SPACES = "word " * 2_000


@pytest.fixture(scope="module")
def hostile() -> dict[str, str]:
    """What the titles are, by what they try."""
    return {"markup": MARKUP, "bidi": f"{BIDI} {MARKUP}"[:255], "rtl": RIGHT_TO_LEFT, "long": LONG[:255]}


@pytest.fixture(scope="module")
def files(server: InProcessServer, hostile: dict[str, str]) -> dict[str, str]:
    """A file for each, with descriptions of 10,000 characters; by what it tries."""
    ids = {}
    with server.client() as http:
        for number, (name, title) in enumerate(hostile.items()):
            exif = Image.Exif()
            exif[ExifTags.Base.ImageDescription] = MARKUP
            data = encoded(picture(400, 300, seed=52_000 + number), "JPEG", exif=exif)
            fields = {"title": title, "tags": f"hostile,{title[:50]}", "path": f"{title[:200]}/a.png"}
            sent = http.post("/files/upload", files={"file": (f"{title[:200]}.jpg", data)}, data=fields)
            ids[name] = str(sent.json()["image_id"])
            wait_until_described(http, ids[name])
            # No blanks at the ends, which are taken off.
            written = (title.replace(BIDI, "").strip() + (SPACES if number % 2 else LONG))[:9_999] + "."
            assert http.patch(f"/files/{ids[name]}", json={"description": written}).status_code == 200
    return ids


def unharmed(page: Page, width: int) -> None:
    """Nothing was taken for markup, and nothing is wider than the window."""
    assert page.title() == "Scopix"
    assert page.locator("main b, main script, main img[src='x']").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    # Nor is a part that scrolls by itself.
    wide = "(one) => one.scrollWidth > one.clientWidth ? [one.className] : []"
    assert page.evaluate(f"() => [...document.querySelectorAll('.view, aside, .page')].flatMap({wide})") == []


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_text_is_text_in_the_library_and_the_queue(
    context: BrowserContext, server: InProcessServer, files: dict[str, str], width: int
) -> None:
    page = signed_in(context, server, "/?tag=hostile")
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.get_by_role("gridcell")).to_have_count(len(files))
    expect(page.get_by_role("gridcell", name=RIGHT_TO_LEFT)).to_be_visible()
    unharmed(page, width)
    page.goto(f"{server.root}/?q=%3Cb%3E%22&tag=%3Cb%3Ex&thing=%3Cscript%3E&category=%3Ci%3E&from=%3Cu%3E")
    expect(page.get_by_role("button", name="Remove the filter <b>x")).to_be_visible()
    unharmed(page, width)


@pytest.mark.parametrize("kind", ["markup", "bidi", "rtl", "long"])
@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_text_is_text_on_one_picture(
    context: BrowserContext,
    server: InProcessServer,
    files: dict[str, str],
    hostile: dict[str, str],
    kind: str,
    width: int,
) -> None:
    page = signed_in(context, server, f"/files/{files[kind]}")
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.get_by_role("heading", level=1)).to_have_text(hostile[kind], use_inner_text=False)
    expect(page.get_by_text("Written by a person").first).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="<script>").first).to_be_attached()
    unharmed(page, width)
    page.get_by_text("Version 1").click()
    expect(page.locator("del").first).to_be_attached()
    unharmed(page, width)
    page.get_by_role("button", name="Edit").click()
    assert len(page.get_by_role("textbox", name="Description").input_value()) == 10_000


def test_hostile_names_of_keys_are_text(context: BrowserContext, server: InProcessServer) -> None:
    with server.client() as http:
        made = http.post("/api-keys", json={"name": f"{MARKUP} {BIDI}{LONG}"[:255], "scopes": ["read"]})
        assert made.status_code == 201
    page = signed_in(context, server, "/settings/keys")
    expect(page.get_by_role("cell").filter(has_text="<script>").first).to_be_visible()
    unharmed(page, 1280)


def test_nothing_at_all_is_told_how_to_begin(context: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("empty")) as empty:
        page = signed_in(context, empty)
        expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
        check(page, "empty")
        page.goto(f"{empty.root}/files/00000000-0000-4000-8000-000000000000")
        expect(page.get_by_text("There is nothing at this address.")).to_be_visible()
        check(page, "missing")
