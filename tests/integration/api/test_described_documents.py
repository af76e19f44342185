"""A document comes back described, page by page: from the upload to the search, in one process."""

import io

import httpx2
import pytest
from PIL import Image

from scopix import DescriptionStatus, SyncScopix
from tests.integration.api.conftest import ON_SQLITE
from tests.support.formats import Sheet, tiff_of
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.pdf import Form, Line, Page, make_pdf, prose
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
GREY = (8, 8, b"\x80" * 64)


def report() -> bytes:
    title = Line(60, 800, "Annual report of the harbour", 20, bold=True)
    cells = [
        Line(60 + 120 * column, 420 - 16 * row, text)
        for row, texts in enumerate(
            [("Item", "Year", "Costs"), *((f"Crane {n}", f"200{n}", f"{n}00.50") for n in "1234")]
        )
        for column, text in enumerate(texts)
    ]
    first = Page([title, *prose(20), Line(60, 460, "Invoice date: 12 March 2024"), *cells])
    second = Page(
        [*prose(20), Line(60, 300, "Only here stands a word like rhododendron")], fields=[Form("Owner", "A. Smith")]
    )
    info = {"Title": "Harbour report", "Author": "A. Smith", "CreationDate": "D:20240301120000+01'00'"}
    return make_pdf([first, second, Page(picture=GREY), Page()], info, [("Annual report of the harbour", 1)])


def settled(http: httpx2.Client, name: str, data: bytes, **fields: str) -> tuple[str, dict[str, object]]:
    response = http.post("/files/upload", files={"file": (name, data)}, data=fields)
    assert response.status_code == 201, response.text
    file_id = response.json()["image_id"]
    for _ in range(20):
        status = http.get(f"/files/{file_id}/processing-status", params={"wait": 25}).json()
        if status["is_terminal"]:
            return file_id, status
    raise AssertionError(status)


def test_a_pdf_is_described_page_by_page(http: httpx2.Client) -> None:
    file_id, status = settled(http, "report.pdf", report())
    assert (status["unified_status"], status["error_message"]) == ("completed", None)
    assert (status["page_count"], status["pages_read"], status["text_extraction_status"]) == (4, 4, "completed")
    assert status["chunk_count"] >= 3

    details = http.get(f"/files/{file_id}").json()
    said = details["upload_description"]
    assert said.startswith('A PDF document of four pages, titled "Harbour report", by A. Smith')
    assert "written in English" in said
    assert "one table" in said
    assert {"document", "pdf", "english", "table"} <= set(details["ai_tags"])
    assert "rhododendron" in details["visible_text"]
    document = details["document"]
    assert (document["title"], document["author"], document["created"]) == (
        "Harbour report",
        "A. Smith",
        "2024-03-01T12:00:00+01:00",
    )
    assert document["outline"] == [{"title": "Annual report of the harbour", "level": 1, "page": 1}]
    (field,) = document["form_fields"]
    assert (field["name"], field["value"], field["page"]) == ("Owner", "A. Smith", 2)
    assert httpx2.get(details["thumbnail_url"]).headers["Content-Type"] == "image/jpeg"

    pages = http.get(f"/files/{file_id}/pages").json()
    assert [page["text_source"] for page in pages["items"]] == ["text_layer", "text_layer", "ocr", "none"]
    first = pages["items"][0]
    assert (first["width"], first["height"], first["language"]) == (595, 842, "en")
    assert [heading["text"] for heading in first["headings"]] == ["Annual report of the harbour"]
    assert first["tables"][0]["rows"][1] == ["Crane 1", "2001", "100.50"]
    assert first["fields"][0]["value"] == "12 March 2024"
    box = first["text_regions"][0]["bbox"]
    assert box["x"] == pytest.approx(60 / 595, abs=0.01)
    assert box["y"] == pytest.approx((842 - 800 - 20) / 842, abs=0.02)


def test_a_search_leads_to_the_page(http: httpx2.Client, server: InProcessServer) -> None:
    file_id, _ = settled(http, "searched.pdf", report())
    found = http.get("/pages", params={"search": "rhododendron", "limit": 100}).json()
    match = next(item for item in found["items"] if item["image_id"] == file_id)
    assert match["page"] == 2
    assert "rhododendron" in match["snippet"]
    assert match["bbox"]["y"] == pytest.approx((842 - 300) / 842, abs=0.02)
    within = http.get(f"/files/{file_id}/pages", params={"search": '"like rhododendron"'}).json()
    assert ([page["number"] for page in within["items"]], within["total_count"]) == ([2], 1)
    assert http.get("/pages", params={"search": '"rhododendron like"'}).json()["total_count"] == 0
    listed = http.get("/files", params={"search": "rhododendron", "limit": 100}).json()["items"]
    assert file_id in {item["id"] for item in listed}
    http.delete(f"/files/{file_id}")
    left = http.get("/pages", params={"search": "rhododendron", "limit": 100}).json()["items"]
    assert file_id not in {item["image_id"] for item in left}


def test_pieces_keep_their_ids_and_say_where_they_stand(http: httpx2.Client) -> None:
    first, _ = settled(http, "one.pdf", report())
    second, _ = settled(http, "two.pdf", report())
    chunks = http.get(f"/files/{first}/chunks").json()
    again = http.get(f"/files/{second}/chunks").json()
    assert [c["id"] for c in chunks["items"]] == [c["id"] for c in again["items"]]
    pages = {page["number"]: page["text"] for page in http.get(f"/files/{first}/pages").json()["items"]}
    for chunk in chunks["items"]:
        own = chunk["text"][chunk["overlap"] :]
        assert pages[chunk["page"]][chunk["start"] :].startswith(own)
        assert chunk["bbox"] is not None
    assert {chunk["heading"] for chunk in chunks["items"]} == {"Annual report of the harbour"}
    assert chunks["total_count"] == len(chunks["items"]) > 2
    rest = http.get(f"/files/{first}/chunks", params={"offset": 1, "limit": 1}).json()
    assert [c["id"] for c in rest["items"]] == [chunks["items"][1]["id"]]


def test_a_pdf_that_cannot_be_opened_says_why(http: httpx2.Client) -> None:
    broken = b"%PDF-1.7\n" + b"nothing of a document " * 40 + b"\n%%EOF\n"
    file_id, status = settled(http, "broken.pdf", broken)
    assert (status["unified_status"], status["description_error_type"]) == ("failed", "validation")
    assert status["description_error"].startswith("The PDF is damaged")
    assert status["description_is_retryable"] is False
    missing = http.get(f"/files/{file_id}/pages")
    assert missing.status_code == 404


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
def test_the_sdk_waits_for_a_document_and_goes_through_its_pages(server: InProcessServer) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        result = client.files.upload(report(), filename="report.pdf")
        assert result.description_status is DescriptionStatus.COMPLETED
        assert result.description is not None
        pages = list(client.files.pages(result.image_id, limit=3))
        assert [page.number for page in pages] == [1, 2, 3, 4]
        assert list(client.files.chunks(result.image_id, limit=1))[-1].page >= 2
        assert client.files.search_pages("rhododendron").items[0].page == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("wide.txt", "Die Straße nach Süden ist gesperrt, und der Umweg dauert länger.".encode("utf-16")),
        ("western.txt", ("Die Straße nach Süden ist gesperrt, und der Umweg dauert länger. " * 9).encode("cp1252")),
        ("bmw.txt", "BMW und MZ bauten Motorräder; die Straße nach Süden war gesperrt und lang.".encode()),
    ],
)
def test_a_text_of_any_encoding_is_described(http: httpx2.Client, name: str, data: bytes) -> None:
    file_id, status = settled(http, name, data)
    assert status["unified_status"] == "completed", status
    (page,) = http.get(f"/files/{file_id}/pages").json()["items"]
    assert "Straße nach Süden" in page["text"]
    assert page["language"] == "de"
    details = http.get(f"/files/{file_id}").json()
    assert details["upload_description"].startswith("A text file")
    assert details["document"]["is_paginated"] is False


def test_markdown_has_headings_and_tables_but_not_those_in_code(http: httpx2.Client) -> None:
    code = "```\n# no heading\n```\n"
    text = f"# Harbour\n\nThe council met.\n\n{code}\n## Costs ##\n\n| Item | Sum |\n|---|--:|\n| Crane | 100 |\n"
    file_id, _ = settled(http, "notes.md", text.encode())
    (page,) = http.get(f"/files/{file_id}/pages").json()["items"]
    assert [(h["text"], h["level"]) for h in page["headings"]] == [("Harbour", 1), ("Costs", 2)]
    assert page["tables"][0]["rows"] == [["Item", "Sum"], ["Crane", "100"]]
    assert 'titled "Harbour"' in http.get(f"/files/{file_id}").json()["upload_description"]


def fax(pages: int = 3) -> bytes:
    """Of 8 by 6 inches."""
    sheets = [picture(1632, 588, seed).convert("1") for seed in range(pages)]
    return tiff_of(*(Sheet(sheet, (204, 98), "group4") for sheet in sheets))


def test_a_scan_of_several_pages_is_a_document(http: httpx2.Client) -> None:
    file_id, status = settled(http, "fax.jpg", fax())
    assert (status["unified_status"], status["page_count"], status["pages_read"]) == ("completed", 3, 3)
    details = http.get(f"/files/{file_id}").json()
    assert (details["media_type"], details["content_type"], details["format"]) == ("document", "image/tiff", "tiff")
    assert details["upload_description"].startswith("A scanned document of three pages")
    assert "It is a scan: its text was read from pictures." in details["upload_description"]
    assert {"document", "scan"} <= set(details["ai_tags"])
    assert httpx2.get(details["original_url"]).content == fax()
    shown = httpx2.get(http.get(f"/files/{file_id}/variants/large_1024").headers["Location"])
    assert Image.open(io.BytesIO(shown.content)).size == (1024, 768)

    pages = http.get(f"/files/{file_id}/pages").json()["items"]
    assert [(page["number"], page["text_source"], page["width"], page["height"]) for page in pages] == [
        (number, "ocr", 576, 432) for number in (1, 2, 3)
    ]
    assert len({page["text"] for page in pages}) == 3
    assert pages[2]["text_regions"][0]["text"] == pages[2]["text"]
    found = http.get("/pages", params={"search": f'"{pages[2]["text"]}"'}).json()
    assert [(match["image_id"], match["page"]) for match in found["items"]] == [(file_id, 3)]
    chunks = http.get(f"/files/{file_id}/chunks").json()["items"]
    assert [chunk["page"] for chunk in chunks] == [1, 2, 3]
    for kind, is_listed in (("document", True), ("image", False)):
        listed = http.get("/files", params={"media_types": kind, "limit": 100}).json()["items"]
        assert (file_id in {item["id"] for item in listed}) is is_listed


def test_a_scan_that_is_not_described_has_its_variants(http: httpx2.Client) -> None:
    sent = http.post("/files/upload", files={"file": ("fax.tif", fax())}, data={"auto_describe": "false"}).json()
    wait_until(lambda: http.get(f"/files/{sent['image_id']}").json()["variant_status"] == "completed")
    assert http.get(f"/files/{sent['image_id']}/variants/large_1024").status_code == 302


def test_a_tiff_of_one_page_is_an_image(http: httpx2.Client) -> None:
    sent = http.post("/files/upload", files={"file": ("scan.tif", encoded(picture(), "TIFF"))}).json()
    assert sent["media_type"] == "image"


def test_a_scan_with_a_broken_first_page_is_described(http: httpx2.Client) -> None:
    data = bytearray(tiff_of(*(Sheet(picture(600, 800, seed), compression="tiff_adobe_deflate") for seed in range(3))))
    data[100:400] = bytes(300)
    file_id, status = settled(http, "scan.tif", bytes(data))
    assert (status["unified_status"], status["pages_read"]) == ("completed", 3), status
    details = http.get(f"/files/{file_id}").json()
    assert "Page 1 could not be read." in details["upload_description"]
    first, second, _ = http.get(f"/files/{file_id}/pages").json()["items"]
    assert (first["error"], first["text"]) == ("The page is damaged and could not be decoded.", "")
    assert second["text"]
