"""Each category's extractor on a real reading of a drawn picture: everything on it is found, and nothing else."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scopix_server import categories
from scopix_server.analysis.builtin_describer import BuiltInDescriber
from scopix_server.categories import Extraction
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.analysis import Analysis
from tests.support.stored import STORED, load

NAMES = sorted(path.stem for path in (STORED / "categories").glob("*.json"))
# Fields that hold more than is listed in the truth: the opening of a title is there too, for one.
NOT_LISTED = {"title", "packaging_text", "components", "systems", "function", "affordances"}


def extract(name: str) -> tuple[Extraction, dict[str, Any]]:
    perception, truth = load(f"categories/{name}")
    extractor = categories.get(name).extract
    assert extractor is not None
    return extractor(perception), truth


def plain(value: Any) -> Any:
    """Without spaces, case and what the truth leaves out."""
    if isinstance(value, dict):
        if set(value) & {"tag", "object"} and not value.get("name"):
            return plain(value.get("tag") or value.get("object"))
        return {key: plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return "".join(str(value).casefold().split()).replace("–", "-")


def resolve(data: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None else [str(value)]


def test_there_is_a_reading_for_every_category_but_general() -> None:
    assert set(NAMES) == set(categories.names()) - {"general"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_on_the_picture_is_found(name: str) -> None:
    found, truth = extract(name)
    for field, wanted in truth.items():
        got = plain(found.data.get(field))
        if isinstance(wanted, list):
            assert sorted(map(str, got)) == sorted(map(str, plain(wanted))), field
        else:
            assert got == plain(wanted), field
    assert set(found.data) - set(truth) <= NOT_LISTED
    assert not set(found.data) & categories.get(name).looked_at


@pytest.mark.parametrize("name", NAMES)
def test_the_data_meets_the_schema(name: str) -> None:
    Draft202012Validator(categories.get(name).schema).validate(extract(name)[0].data)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_names_the_lines_it_was_taken_from(name: str) -> None:
    perception, _ = load(f"categories/{name}")
    found, _ = extract(name)
    pointed = []
    for entry in found.evidence:
        value = resolve(found.data, entry["field"])
        pointed.append(entry["field"])
        if "regions" not in entry:
            assert entry.get("labels") or entry.get("figures")
            continue
        read = plain(" ".join(perception.text[index].text for index in entry["regions"]))
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if key not in {"function", "affordances"}}
        for leaf in leaves(value):
            words = plain(leaf).replace("-", "").split(",")
            folded = read.replace("-", "").replace("℃", "°c").replace("℉", "°f")
            assert all(word in folded for word in words) or name == "document", (entry, leaf, read)
    assert len(pointed) == len(set(pointed))
    for field, value in found.data.items():
        for place in range(len(value)) if isinstance(value, list) else ():
            assert f"/{field}/{place}" in pointed
        if isinstance(value, str | int):
            assert f"/{field}" in pointed


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_has_its_evidence(name: str) -> None:
    perception, _ = load(f"categories/{name}")
    found, _ = extract(name)
    assert found.statements
    for statement in found.statements:
        regions = statement.evidence.get("regions", ())
        assert regions or statement.evidence
        assert all(0 <= index < len(perception.text) for index in regions)
        assert statement.text.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_picture_under_another_category_is_described_differently(name: str) -> None:
    perception, _ = load(f"categories/{name}")
    describer = BuiltInDescriber(GroundedComposer().describe, categories.BUILT_IN)
    own, plain_one = (describer.describe(Analysis(perception), category) for category in (name, "general"))
    other = describer.describe(Analysis(perception), "construction" if name != "construction" else "document")
    assert own.category_data and not plain_one.category_data
    assert own.tags != other.tags
    # A legend is told of every map.
    assert (own.text != other.text and own.text != plain_one.text) or name == "map"
    assert own.category_data != other.category_data
    assert own.visible_text == plain_one.visible_text == other.visible_text
    assert len(own.text) <= 4_000
