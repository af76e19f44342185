"""Every view, looked at: nothing serious for axe in any of them; pictures of them for the documentation on request."""

import io
import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described
from tests.web.conftest import ROOT, new_context, signed_in

EXAMPLES = sorted((ROOT / "examples" / "images").glob("*.[jp]*g"))
PICTURES = ROOT / "docs" / "pictures"
# SCOPIX_WRITE_PICTURES=1 makes them anew; without it nothing in the checkout changes.
WRITES = "SCOPIX_WRITE_PICTURES" in os.environ
# What is added to a picture's name, width in pixels, colours, language. What these two do not show the others do.
LOOKS = [("", 1280, "light", "en-GB"), ("-phone-dark", 390, "dark", "de-DE")]
if WRITES:
    LOOKS += [("-dark", 1280, "dark", "en-GB"), ("-phone", 390, "light", "en-GB")]


@pytest.fixture(scope="module")
def shown(server: InProcessServer) -> str:
    """The example pictures, described; the id of one with text."""
    ids = {}
    with server.client() as http:
        for path in EXAMPLES:
            fields = {"tags": "shown", "title": path.stem.replace("-", " ").capitalize()}
            sent = http.post("/files/upload", files={"file": (path.name, path.read_bytes())}, data=fields)
            ids[path.stem] = str(sent.json()["image_id"])
        for file_id in ids.values():
            wait_until_described(http, file_id)
    return ids["receipt"]


def check(page: Page, name: str) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [one for one in found.response["violations"] if one["impact"] in {"serious", "critical"}]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in serious]
    assert not told, f"{name}: {told}"
    if WRITES:
        PICTURES.mkdir(exist_ok=True)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        # 256 colours: a third of the bytes, and no difference that anybody sees.
        shot.quantize(256).save(PICTURES / f"{name}.png", optimize=True)


def visit(page: Page, server: InProcessServer, file_id: str, suffix: str) -> None:
    """Look at every view that needs a key."""
    page.goto(f"{server.root}/?tag=shown")
    expect(page.locator(".tile img")).not_to_have_count(0)
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    check(page, f"library{suffix}")
    page.get_by_role("grid").focus()
    for key in ("Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_role("toolbar")).to_be_visible()
    check(page, f"selection{suffix}")
    page.goto(f"{server.root}/files/{file_id}")
    expect(page.locator(".word").first).to_be_visible()
    expect(page.locator(".similar, aside p").first).to_be_visible()
    check(page, f"picture{suffix}")
    page.goto(f"{server.root}/ask?q=Which+receipts+are+over+10+euros%3F")
    expect(page.locator(".reply a").first).to_be_visible()
    check(page, f"ask{suffix}")
    page.goto(f"{server.root}/?q=nothing+at+all")
    page.get_by_role("button", name=re.compile("^Filter")).click()
    expect(page.get_by_role("spinbutton")).to_be_visible()
    check(page, f"no-hits{suffix}")
    page.get_by_role("button", name=re.compile("^(Upload|Hochladen)$")).click()
    expect(page.get_by_role("dialog").get_by_role("combobox").get_by_role("option")).not_to_have_count(1)
    check(page, f"upload{suffix}")
    for path, seen in (
        ("/sessions", "main .quiet"),
        ("/settings", "hr"),
        ("/settings/keys", "td"),
        ("/settings/webhooks", "form"),
        ("/settings/bucket", ".panel"),
        ("/settings/work", "dl"),
    ):
        page.goto(server.root + path)
        expect(page.locator(seen).first).to_be_attached()
        check(page, f"{path.rsplit('/', 1)[1]}{suffix}")


@pytest.mark.parametrize("look", LOOKS)
def test_no_view_has_a_serious_fault_for_axe(
    browser: Browser, server: InProcessServer, shown: str, look: tuple[str, int, str, str]
) -> None:
    suffix, width, colours, language = look
    context = new_context(
        browser,
        viewport={"width": width, "height": 800},
        locale=language,
        color_scheme=colours,
        has_touch=width < 500,
    )
    page = context.new_page()
    page.goto(server.root)
    expect(page.locator("form input")).to_be_visible()
    check(page, f"sign-in{suffix}")
    page = signed_in(context, server)
    visit(page, server, shown, suffix)
    for path in ("/", f"/files/{shown}", "/settings/keys", "/settings/work", "/settings/webhooks", "/sessions"):
        page.goto(server.root + path)
        expect(page.locator("h1")).to_be_attached()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, path
    context.close()


def test_a_bucket_that_cannot_be_reached_and_a_webhook_tell_why(
    context: BrowserContext, server: InProcessServer
) -> None:
    page = signed_in(context, server, "/settings/bucket")
    for label, text in (
        ("Bucket", "pictures"),
        ("Region", "eu-central-1"),
        ("Access key ID", "AKIAIOSFODNN7EXAMPLE"),
        ("Secret access key", "x" * 40),
        ("Endpoint, for other services than AWS", "https://127.0.0.1:9"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Save and check").click()
    expect(page.get_by_role("alert")).to_contain_text("127.0.0.1")
    page.goto(f"{server.root}/settings/webhooks")
    page.get_by_label("Address").fill("https://hooks.invalid/scopix")
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_text("the only time the signing secret is shown")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("button", name=re.compile("^Send again"))).to_be_visible()


def test_a_key_is_made_shown_once_and_revoked_and_another_tenant_sees_nothing(
    context: BrowserContext, browser: Browser, server: InProcessServer, shown: str
) -> None:
    page = signed_in(context, server, "/settings/keys")
    page.get_by_label("What is it for?").fill("of the test")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("code").inner_text()
    other = new_context(browser)
    reader = signed_in(other, server, f"/files/{shown}", key)
    expect(reader.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(reader.get_by_role("button", name="Delete")).to_have_count(0)  # it may look, and no more
    page.get_by_role("button", name="Revoke: of the test").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("button", name="Revoke: of the test")).to_have_count(0)
    reader.reload()
    expect(reader.get_by_label("API key")).to_be_visible()
    stranger = signed_in(other, server, f"/files/{shown}", server.new_tenant("stranger"))
    expect(stranger.get_by_text("There is nothing at this address.")).to_be_visible()
    stranger.goto(f"{server.root}/?q=receipt")
    expect(stranger.get_by_text("Nothing fits.")).to_be_visible()
    other.close()
