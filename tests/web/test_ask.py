"""A question, its answer, and what it rests on."""

from playwright.sync_api import BrowserContext, expect

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described
from tests.web.conftest import signed_in


def test_a_question_is_answered_with_the_files_it_rests_on(context: BrowserContext, server: InProcessServer) -> None:
    with server.client() as http:
        for number in range(2):
            data = encoded(picture(seed=71_000 + number))
            fields = {"title": f"<b>Zanzibar</b> {number}"}
            sent = http.post("/files/upload", files={"file": (f"{number}.png", data)}, data=fields)
            wait_until_described(http, sent.json()["image_id"])
    page = signed_in(context, server)
    page.get_by_role("link", name="Ask").click()
    page.get_by_role("searchbox", name="Question").fill("Where is zanzibar?")
    page.keyboard.press("Enter")
    reply = page.get_by_role("status").filter(has_text="Understood as")
    expect(reply).to_contain_text("2 files")
    expect(page.get_by_role("row")).to_have_count(3)
    reply.get_by_role("link", name="[2]").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.reload()
    page.get_by_role("row").filter(has_text="Zanzibar</b> 1").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Zanzibar</b> 1")
    page.goto(f"{server.root}/ask?q=%3F%21")
    expect(page.locator(".bad")).to_be_visible()  # a question without words


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(
    context: BrowserContext, server: InProcessServer
) -> None:
    page = signed_in(context, server)
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
