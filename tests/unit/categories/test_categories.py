"""Every category: its prompt, its schema, its keys."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scopix.types.vocabulary import REST_CATEGORIES
from scopix_server import categories

NAMES = categories.names()
PROMISED = {
    "ce_plan": {"sheet_type", "standards", "jurisdiction"},
    "architectural_design": {"style", "room_type", "materials"},
    "robotics": {"object_affordances", "grasp_strategies", "spatial_relationships", "perception_challenges"},
    "construction": {"safety", "equipment", "materials", "structural_elements"},
}


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from nodes(inner)
    if "items" in schema:
        yield from nodes(schema["items"])


def test_there_is_one_for_every_name_the_rest_api_takes() -> None:
    assert set(NAMES) == set(REST_CATEGORIES)
    assert [category.name for category in categories.BUILT_IN] == list(NAMES)
    assert len({category.title for category in categories.BUILT_IN}) == len(NAMES)


def test_general_adds_no_specialisation() -> None:
    general = categories.get("general")
    assert general.prompt == ""
    assert general.schema["properties"] == {}
    assert general.extract is None


def test_a_category_that_is_gone_is_described_as_general() -> None:
    assert categories.get("was_here_once") is categories.get("general")
    assert "was_here_once" not in categories.BUILT_IN


@pytest.mark.parametrize("name", [name for name in NAMES if name != "general"])
def test_each_has_a_prompt_of_its_own_that_names_its_fields(name: str) -> None:
    category = categories.get(name)
    assert category.prompt.endswith(categories.instructions("")[-200:])
    assert all(field in category.prompt for field in category.schema["properties"])
    assert sum(category.prompt == other.prompt for other in categories.BUILT_IN) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_closed_capped_and_demands_nothing(name: str) -> None:
    schema = categories.get(name).schema
    assert categories.get(name).looked_at <= set(schema["properties"])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate({})
    Draft202012Validator(schema).validate(dict.fromkeys(schema["properties"]))
    for node in nodes(schema):
        assert "required" not in node
        assert "description" in node or "properties" in node or "maxLength" in node
        assert node.get("additionalProperties") is False or "properties" not in node
        assert "maxLength" in node or "string" not in node["type"]
        assert "maxItems" in node or "array" not in node["type"]


@pytest.mark.parametrize("name", PROMISED)
def test_the_fields_of_the_contract(name: str) -> None:
    assert set(categories.get(name).schema["properties"]) == PROMISED[name]


def test_a_map_has_a_legend() -> None:
    assert "legend" in categories.get("map").schema["properties"]
