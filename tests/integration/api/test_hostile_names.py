"""A file's name is its client's; it is shown, and nothing else is done with it."""

import unicodedata

import httpx2
import pytest

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\photo.png", "photo.png"),
        ("/etc/shadow", "shadow"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("photo\x01\x1b[31m.png", "photo[31m.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("..", "unnamed"),
        ("  ", "unnamed"),
        ("naïve café 東京.png", "naïve café 東京.png"),
        ("<script>alert(1)</script>.png", "script>.png"),
        ("'; DROP TABLE files; --.png", "'; DROP TABLE files; --.png"),
    ],
)
def test_a_hostile_name_is_shown_safely_and_never_a_path(
    server: InProcessServer, http: httpx2.Client, sent: str, shown: str
) -> None:
    outside = {path for path in server.data_dir.rglob("*") if "storage" not in path.parts}
    # Framed by hand: client libraries rewrite such names.
    escaped = sent.replace("\\", "\\\\").replace('"', '\\"')
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{escaped}"\r\n\r\n'
    field = '\r\n--x\r\nContent-Disposition: form-data; name="auto_describe"\r\n\r\nfalse\r\n--x--\r\n'
    body_sent = head.encode() + encoded(picture()) + field.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = http.post("/files/upload", content=body_sent, headers=headers)
    assert response.status_code == 201, response.text
    body = response.json()
    assert body["filename"] == shown
    assert len(body["filename"]) <= 255
    assert not any(unicodedata.category(character) == "Cc" for character in body["filename"])
    assert body["object_key"].endswith(f"{body['image_id']}/original.png")
    assert {path for path in server.data_dir.rglob("*") if "storage" not in path.parts} == outside

    download = http.get(f"/files/{body['image_id']}/download")
    content = httpx2.get(download.headers["Location"])
    assert content.status_code == 200
    assert "\n" not in content.headers["Content-Disposition"]
    assert content.headers["Content-Disposition"].startswith("attachment;")
    assert http.delete(f"/files/{body['image_id']}").status_code == 200
