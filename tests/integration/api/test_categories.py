"""Content categories on a real server: what each extracts, that they differ, and one of the operator's own."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from scopix import ContentCategory, InsecureTransportWarning, SyncScopix
from scopix.types.files import FileDetails
from tests.data.category_pictures.draw import draw
from tests.integration.api.conftest import EXAMPLES
from tests.support.inprocess import InProcessServer, serving

pytestmark = pytest.mark.filterwarnings(f"ignore::{InsecureTransportWarning.__module__}.InsecureTransportWarning")
OWN = r"""
name: trail_map
title: Trail map
prompt: Name the trails and the scale.
schema:
  properties:
    scale: {type: [string, "null"]}
fields:
  scale: '\b1\s?:\s?[\d,]+'
"""


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """A server with a category of its own."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "trail_map.yaml").write_text(OWN)
    data_dir = tmp_path_factory.mktemp("data")
    with serving(data_dir, analyzer="builtin", categories_dir=str(folder)) as running:
        yield running


@pytest.fixture
def client(own_server: InProcessServer) -> Iterator[SyncScopix]:
    with SyncScopix(api_key=own_server.api_key, base_url=own_server.base_url) as client:
        yield client


def describe(client: SyncScopix, picture: bytes | Path, category: ContentCategory | str) -> FileDetails:
    result = client.files.upload(picture, filename="picture.png", content_category=category)
    assert result.is_completed, result.description_error
    return client.files.get(result.image_id)


def drawn(category: str, seed: int = 1) -> tuple[bytes, dict[str, Any]]:
    picture = draw(category, seed)
    data = io.BytesIO()
    picture.image.save(data, "PNG")
    return data.getvalue(), picture.truth


def plain(value: Any) -> str:
    return "".join(str(value).casefold().split())


def evidence_is_read(details: FileDetails) -> None:
    """Every value names lines of text that are there."""
    assert details.category_evidence
    for entry in details.category_evidence:
        assert entry.regions
        assert all(0 <= place < len(details.text_regions or []) for place in entry.regions)


def test_ce_plan_extracts_sheet_type_standards_and_jurisdiction(client: SyncScopix) -> None:
    picture, truth = drawn("ce_plan", 5)
    details = describe(client, picture, ContentCategory.CE_PLAN)
    data = details.category_data or {}
    assert set(data) == {"sheet_type", "standards", "jurisdiction"}
    assert data["sheet_type"] == truth["sheet_type"]
    assert sorted(map(plain, data["standards"])) == sorted(map(plain, truth["standards"]))
    assert plain(data["jurisdiction"]) == plain(truth["jurisdiction"])
    assert data["sheet_type"] in (details.upload_description or "")
    evidence_is_read(details)


def test_architectural_design_extracts_style_room_type_and_materials(client: SyncScopix) -> None:
    picture, truth = drawn("architectural_design")
    details = describe(client, picture, "architectural_design")
    assert {name: plain(value) for name, value in (details.category_data or {}).items()} == {
        name: plain(value) for name, value in truth.items()
    }
    evidence_is_read(details)


def test_robotics_extracts_affordances_and_invents_nothing(client: SyncScopix) -> None:
    picture, truth = drawn("robotics")
    details = describe(client, picture, ContentCategory.ROBOTICS)
    found = (details.category_data or {})["object_affordances"]
    assert sorted(entry["object"] for entry in found) == sorted(truth["object_affordances"])
    assert all(entry["affordances"] for entry in found)
    # Nobody looked at the picture: grasps and places are left out, not guessed.
    assert set(details.category_data or {}) <= {"object_affordances", "perception_challenges"}
    schema = schemas(client)["robotics"]
    promised = {"object_affordances", "grasp_strategies", "spatial_relationships", "perception_challenges"}
    assert set(schema["properties"]) == promised


def test_map_extracts_the_legend(client: SyncScopix) -> None:
    details = describe(client, EXAMPLES / "map-walking-trails.png", ContentCategory.MAP)
    assert details.category_data == {
        "legend": ["Walking trail", "Cycle route", "Main road", "Forest", "Lake or river", "Viewpoint"]
    }
    evidence_is_read(details)
    read = [region.text for region in details.text_regions or []]
    legend = [read[entry.regions[0]] for entry in details.category_evidence or [] if entry.regions]
    assert legend == details.category_data["legend"]


def test_construction_extracts_safety_equipment_materials_and_structure(client: SyncScopix) -> None:
    picture, truth = drawn("construction", 0)
    details = describe(client, picture, ContentCategory.CONSTRUCTION)
    data = details.category_data or {}
    assert {name: sorted(map(plain, value)) for name, value in data.items()} == {
        name: sorted(map(plain, value)) for name, value in truth.items()
    }
    evidence_is_read(details)


def test_two_categories_give_two_fitting_answers(client: SyncScopix) -> None:
    picture, _ = drawn("ce_plan", 5)
    plan, site, plain_one = (describe(client, picture, name) for name in ("ce_plan", "construction", "general"))
    assert len({plan.upload_description, site.upload_description, plain_one.upload_description}) == 3
    assert "It refers to the standards" in (plan.upload_description or "")
    assert "It refers to the standards" not in (site.upload_description or "")
    assert plan.category_data != site.category_data
    assert plan.visible_text == site.visible_text == plain_one.visible_text
    assert plain_one.category_data is None and plain_one.category_evidence is None


def test_the_same_image_is_described_again_under_another_category(
    client: SyncScopix, own_server: InProcessServer
) -> None:
    first = describe(client, EXAMPLES / "floor-plan.png", "general")
    assert first.category_data is None
    client.files.retry_description(first.id, content_category=ContentCategory.BLUEPRINT)
    again = client.files.get(first.id)
    data = again.category_data or {}
    assert data["scale"] == "1:50"
    assert {"name": "LIVING ROOM", "area": "28.6 m²"} in data["rooms"]
    assert data["title_block"]["sheet"] == "A-102"
    Draft202012Validator(schemas(client)["blueprint"]).validate(data)


@pytest.mark.parametrize("category", ["pid", "pfd", "facility_assessment"])
def test_the_three_that_rest_has_beyond_the_sdks(client: SyncScopix, category: str) -> None:
    picture, truth = drawn(category)
    data = describe(client, picture, category).category_data or {}
    assert set(truth) <= set(data)
    Draft202012Validator(schemas(client)[category]).validate(data)


def schemas(client: SyncScopix) -> dict[str, Any]:
    base_url, api_key = client.config.base_url, client.config.api_key
    answer = httpx2.get(f"{base_url}/categories", headers={"Authorization": f"Bearer {api_key}"})
    assert answer.status_code == 200
    return {item["name"]: item["schema"] for item in answer.json()["items"]}


def test_categories_are_listed_with_their_schemas(own_server: InProcessServer) -> None:
    with own_server.client() as http:
        items = {item["name"]: item for item in http.get("/categories").json()["items"]}
        enum = http.get("/openapi.json").json()["paths"]["/api/v2/files/upload"]["post"]["requestBody"]["content"][
            "multipart/form-data"
        ]["schema"]["properties"]["content_category"]["enum"]
    assert {category.value for category in ContentCategory} | {"pid", "pfd", "facility_assessment"} < set(items)
    assert items["trail_map"] == {
        "name": "trail_map",
        "title": "Trail map",
        "built_in": False,
        "reads_text": True,
        "schema": items["trail_map"]["schema"],
    }
    assert items["map"]["built_in"] and not items["general"]["reads_text"]
    assert enum == [*items, ""]
    for item in items.values():
        Draft202012Validator.check_schema(item["schema"])


def test_a_category_of_ones_own(client: SyncScopix, own_server: InProcessServer) -> None:
    details = describe(client, EXAMPLES / "map-walking-trails.png", "trail_map")
    assert details.content_category == "trail_map"
    assert details.category_data == {"scale": "1:20,000"}
    assert 'Scale: "1:20,000".' in (details.upload_description or "")
    evidence_is_read(details)
    with own_server.client() as http:
        listed = http.get("/files", params={"content_categories": "trail_map"}).json()
        assert [item["id"] for item in listed["items"]] == [details.id]


def test_an_unknown_category_is_refused_with_those_that_are_known(own_server: InProcessServer) -> None:
    with own_server.client() as http:
        answer = http.post("/files/upload", files={"file": drawn("map")[0]}, data={"content_category": "trial_map"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["message"] == "'trial_map' is not a content category."
    assert "trail_map" in error["details"]["allowed"]
