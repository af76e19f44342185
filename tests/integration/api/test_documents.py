"""Documents are stored, listed and handed out, whatever becomes of their description."""

import io
import zipfile

import httpx2
import pytest

from tests.integration.api.conftest import ON_SQLITE

pytestmark = ON_SQLITE
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
TEXT = "Straße, naïve — 東京\n".encode() * 50


def docx() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>" * 100)
    return target.getvalue()


DOCUMENTS = {
    "report.pdf": (PDF, "application/pdf"),
    "letter.docx": (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "notes.txt": (TEXT, "text/plain"),
    "README.md": (b"# Title\n" + TEXT, "text/markdown"),
}


def upload(http: httpx2.Client, name: str, data: bytes, **fields: str) -> httpx2.Response:
    return http.post("/files/upload", files={"file": (name, data)}, data=fields)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_stored_and_handed_out(http: httpx2.Client, name: str) -> None:
    data, content_type = DOCUMENTS[name]
    response = upload(http, name, data, auto_describe="false")
    assert response.status_code == 201, response.text
    body = response.json()
    assert (body["media_type"], body["content_type"]) == ("document", content_type)
    assert body["document_type"] == name.rpartition(".")[2]
    assert (body["description_status"], body["description_queued"], body["status"]) == ("skipped", False, "completed")
    status = http.get(f"/files/{body['image_id']}/processing-status").json()
    assert (status["text_extraction_status"], status["page_count"]) == ("skipped", None)
    content = httpx2.get(http.get(f"/files/{body['image_id']}/download").headers["Location"])
    assert content.content == data
    assert content.headers["Content-Disposition"].startswith("attachment;")
    listed = http.get("/files", params={"media_types": "document", "ids": body["image_id"]}).json()["items"]
    assert [item["media_type"] for item in listed] == ["document"]
    if name != "report.pdf":
        refused = http.get(f"/files/{body['image_id']}/variants/small_256")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "WRONG_MEDIA_TYPE")
    alike = http.get(f"/files/{body['image_id']}/similar")
    assert (alike.status_code, alike.json()["error"]["code"]) == (400, "WRONG_MEDIA_TYPE")
    by_engine = http.post(f"/files/{body['image_id']}/describe", json={"engine": "vlm"})
    assert by_engine.status_code in {400, 422}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("cut.pdf", PDF[:-20], "VALIDATION_ERROR"),
        ("cut.docx", docx()[:-60], "VALIDATION_ERROR"),
        ("archive.zip", docx(), "UNSUPPORTED_FILE_TYPE"),
        ("binary.txt", b"text and then \x00\x01\x02 something else", "VALIDATION_ERROR"),
        ("script.txt", b"#!/bin/sh\nrm -rf everything at once\n", "UNSUPPORTED_FILE_TYPE"),
        ("page.md", b"<!DOCTYPE html><html><script>alert(1)</script></html>", "UNSUPPORTED_FILE_TYPE"),
        ("program.py", b"print('this is a program and no document')\n", "UNSUPPORTED_FILE_TYPE"),
    ],
)
def test_what_is_no_document_is_refused(http: httpx2.Client, name: str, data: bytes, code: str) -> None:
    answer = upload(http, name, data)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_the_limit_for_documents_is_fifty_megabytes(http: httpx2.Client) -> None:
    limit = 50 * 1024 * 1024
    assert upload(http, "big.txt", b"a" * limit, auto_describe="false").status_code == 201
    refused = upload(http, "big.txt", b"a" * (limit + 1))
    assert refused.status_code == 413
    assert "50 MB, the limit for documents" in refused.json()["error"]["message"]


def test_a_document_in_a_batch(http: httpx2.Client) -> None:
    parts = [("files", (name, data)) for name, (data, _) in DOCUMENTS.items()]
    body = http.post("/files/upload/batch", files=parts, data={"auto_describe": "false"}).json()
    assert body["accepted_files"] == 4
    status = http.get(f"/files/upload/sessions/{body['session_id']}").json()
    assert (status["status"], status["completed_files"]) == ("completed", 4)
