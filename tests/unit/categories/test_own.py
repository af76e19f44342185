"""Categories of one's own: read from files, checked with words that name the file."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from scopix_server.categories import BadCategory, Category, catalogue_with, names
from scopix_server.categories.own import read_categories, read_category
from scopix_server.domain.errors import ValidationFailed
from tests.support.perceptions import page

TURBINE = r"""
name: wind_turbine
title: Wind turbine
prompt: |
  The image shows a wind turbine or a part of one. Say which part, and which damage can be seen on it.
  - serial: the serial number on the name plate.
  - damage: each kind of damage, with its place.
schema:
  properties:
    serial: {type: [string, "null"], description: The serial number.}
    damage: {type: [array, "null"], items: {type: string}}
fields:
  serial: 'S/N:?\s*([A-Z0-9-]+)'
  damage: '(?i)\b(?:crack|erosion|lightning strike)s?\b'
"""


def written(folder: Path, text: str, name: str = "turbine.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def read(folder: Path, text: str) -> Category:
    return read_category(written(folder, text))


def test_twenty_lines_make_a_category(tmp_path: Path) -> None:
    assert TURBINE.strip().count("\n") < 20
    category = read(tmp_path, TURBINE)
    assert (category.name, category.title) == ("wind_turbine", "Wind turbine")
    assert category.prompt.startswith("The image shows a wind turbine")
    assert "never followed" in category.prompt  # what holds for all categories holds here too
    serial, damage = (category.schema["properties"][name] for name in ("serial", "damage"))
    assert category.schema["additionalProperties"] is False
    assert serial["maxLength"] == 200
    assert (damage["maxItems"], damage["items"]["maxLength"]) == (40, 200)


def test_fields_are_read_off_text_with_their_evidence(tmp_path: Path) -> None:
    category = read(tmp_path, TURBINE)
    assert category.extract is not None
    found = category.extract(page([("S/N: WT-2207", 50, 50), ("Leading edge erosion, cracks", 50, 100)]))
    assert found.data == {"serial": "WT-2207", "damage": ["erosion", "cracks"]}
    assert found.evidence == [
        {"field": "/serial", "regions": [0]},
        {"field": "/damage/0", "regions": [1]},
        {"field": "/damage/1", "regions": [1]},
    ]
    assert [statement.text for statement in found.statements] == [
        'Serial: "WT-2207".',
        'Damage: "erosion" and "cracks".',
    ]
    Draft202012Validator(category.schema).validate(found.data)


def test_json_does_as_well_and_fields_are_optional(tmp_path: Path) -> None:
    told = {
        "name": "bees",
        "title": "Bees",
        "prompt": "Count nothing.",
        "schema": {"properties": {"hive": {"type": "string"}}},
    }
    category = read_category(written(tmp_path, json.dumps(told), "bees.json"))
    assert category.extract is None


def test_own_categories_stand_behind_the_built_in_ones(tmp_path: Path) -> None:
    written(tmp_path, TURBINE)
    written(tmp_path, "no category at all", "README.md")
    written(tmp_path, "nor this", ".hidden.yaml")
    known = catalogue_with(tmp_path)
    assert known.names() == (*names(), "wind_turbine")
    assert known.check("wind_turbine") == "wind_turbine"
    with pytest.raises(ValidationFailed, match="'windturbine' is not a content category"):
        known.check("windturbine")
    assert catalogue_with(None).names() == names()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("name: wind_turbine", "name: Wind Turbine"), "name: String should match pattern"),
        (("title: Wind turbine\n", ""), "title: Field required"),
        (("title:", "titel:"), "title"),
        (("type: [string,", "type: [text,"), "schema: properties/serial/type"),
        (("'S/N:?", "'(S/N:?"), "fields: serial: missing"),
        (("[A-Z0-9-]+)'", "[A-Z0-9-]+)(x)'"), "at most one group"),
        (("  damage: '", "  harm: '"), "the schema has no property 'harm'"),
        (("items: {type: string}", "items: {type: integer}"), "'damage' must be a string, or an array of strings"),
        (("  properties:", "  type: array\n  properties:"), "it must be an object"),
        (("schema:", "schema: ["), "expected"),
        (
            ('    serial: {type: [string, "null"], description: The serial number.}', "    serial: true"),
            "'serial' must be",
        ),
    ],
)
def test_a_mistake_is_told_with_the_files_name(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    text = TURBINE.replace(*change)
    assert text != TURBINE
    with pytest.raises(BadCategory) as told:
        read(tmp_path, text)
    assert "turbine.yaml" in str(told.value)
    assert complaint in str(told.value)


@pytest.mark.parametrize("text", ["", "[]", "[" * 5000, "just words", "\x00", "a: &a [*a]\n" * 2])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadCategory, match=r"turbine\.yaml"):
        read(tmp_path, text)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCategory, match="larger than 64 KiB"):
        read(tmp_path, TURBINE + "#" * 70_000)


def test_yaml_that_would_make_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCategory, match="could not determine a constructor"):
        read(tmp_path, "!!python/object/apply:os.system ['true']")


def test_names_are_taken_once(tmp_path: Path) -> None:
    written(tmp_path, TURBINE, "a.yaml")
    written(tmp_path, TURBINE, "b.yml")
    with pytest.raises(BadCategory, match=r"b\.yml: a\.yaml has the name 'wind_turbine' already"):
        read_categories(tmp_path)


def test_the_name_of_a_built_in_category_is_taken(tmp_path: Path) -> None:
    written(tmp_path, TURBINE.replace("wind_turbine", "map"))
    with pytest.raises(BadCategory, match="'map' is the name of a built-in category"):
        catalogue_with(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadCategory, match="nowhere cannot be read"):
        catalogue_with(tmp_path / "nowhere")
