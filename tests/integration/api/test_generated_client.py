"""A client that a generator made of our OpenAPI document uploads and asks, as other people's programs do."""

import base64
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

pytestmark = ON_SQLITE
NAME = "generated_scopix_client"
PNG = encoded(picture(seed=421))


@pytest.fixture(scope="module")
def document(server: InProcessServer) -> dict[str, Any]:
    with server.client() as http:
        return http.get("/openapi.json").json()


@pytest.fixture(scope="module")
def generated(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document))
    # Without its formatter: nobody reads it here.
    (folder / "settings.yaml").write_text("post_hooks: []\n")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--meta", "none", "--path"]
    command += ["openapi.json", "--output-path", NAME, "--config", "settings.yaml"]
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    # What it cannot make is left out with a word: the bytes of a file, of any type, and a picture's tiles, which are
    # for viewers.
    left_out = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("WARNING")]
    assert all("/api/v2/content/{token}" in line or "/tiles" in line for line in left_out), left_out
    assert "Unable to parse" not in done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def part(name: str) -> Any:
    return importlib.import_module(f"{NAME}.{name}")


def test_it_uploads_waits_and_finds(server: InProcessServer, generated: ModuleType) -> None:
    models = part("models")
    form = models.UploadFileBody(
        file=part("types").File(payload=BytesIO(PNG), file_name="a.png", mime_type="image/png"),
        title="By a generated client",
        tags="generated",
    )
    with generated.AuthenticatedClient(base_url=server.root, token=server.api_key, timeout=60) as client:
        uploaded = part("api.files.upload_file").sync(client=client, body=form, wait=25)
        assert isinstance(uploaded, models.UploadResponse), uploaded
        assert uploaded.description_status == "completed"
        details = part("api.files.get_file").sync(uploaded.image_id, client=client)
        assert (details.title, details.upload_description) == (form.title, uploaded.details.upload_description)
        found = part("api.files.list_files").sync(client=client, tags=["generated"])
        assert [item.id for item in found.items] == [uploaded.image_id]
        change = models.UpdateFileRequest(title="B")
        assert part("api.files.update_file").sync(uploaded.image_id, client=client, body=change).title == "B"


def test_it_analyzes_and_reads_refusals(server: InProcessServer, generated: ModuleType) -> None:
    models, analyze = part("models"), part("api.files.analyze_image")
    body = models.AnalyzeImageJsonBody(base64=base64.b64encode(PNG).decode(), timeout=60)
    with generated.AuthenticatedClient(base_url=server.root, token=server.api_key, timeout=90) as client:
        assert analyze.sync(client=client, body=body).description
    with generated.AuthenticatedClient(base_url=server.root, token="scopix_wrong") as stranger:
        refused = analyze.sync(client=stranger, body=body)
    assert isinstance(refused, models.ErrorEnvelope) and refused.error.code == "INVALID_API_KEY"


def test_nothing_in_the_document_trips_generators(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert all(name.isalnum() for name in document["components"]["securitySchemes"])
    # A title of a field would name a second thing as a schema is named.
    properties = [one for schema in schemas.values() for one in schema.get("properties", {}).values()]
    assert properties and not [one for one in properties if "title" in one]
    # Alternatives beside fields make a type without the fields.
    assert [
        name for name, schema in schemas.items() if schema.keys() & {"anyOf", "oneOf"} and "properties" in schema
    ] == []
    assert '"const": false' not in json.dumps(document)


def test_what_the_page_at_docs_would_send_is_harmless(document: dict[str, Any]) -> None:
    """It fills a form with "string" where it has no example, and that would be stored."""
    for path in ("files/upload", "files/upload/batch", "images/analyze"):
        fields = document["paths"][f"/api/v2/{path}"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        for name, field in fields["properties"].items():
            if field["type"] == "string" and "enum" not in field and field.get("format") != "binary":
                assert field["example"] == "", (path, name)
    assert "string" not in json.dumps([schema.get("example") for schema in document["components"]["schemas"].values()])
