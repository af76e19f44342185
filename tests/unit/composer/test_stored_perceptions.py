"""The describer on readings of real pages: what it names is there, and what is not there it does not claim."""

import re
from functools import cache

import pytest

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Description, ImageKind, Perception
from tests.support.stored import STORED, load

NAMES = sorted(path.stem for path in STORED.glob("*.json"))


@cache
def perception(name: str) -> Perception:
    return load(name)[0]


def described(name: str) -> Description:
    return GroundedComposer().describe(perception(name), "general")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("calendar", ImageKind.DOCUMENT),
        ("certificate", ImageKind.DOCUMENT),
        ("chat", ImageKind.SCREENSHOT),
        ("dialog-german", ImageKind.SCREENSHOT),
        ("form-labels-above", ImageKind.FORM),
        ("form-lost-colons", ImageKind.FORM),
        ("form-with-table", ImageKind.FORM),
        ("form-with-checkboxes", ImageKind.FORM),
        ("form-without-values", ImageKind.FORM),
        ("mail-application", ImageKind.SCREENSHOT),
        ("memo", ImageKind.DOCUMENT),
        ("newspaper", ImageKind.DOCUMENT),
        ("plan-german", ImageKind.FLOOR_PLAN),
        ("quotation-wrapped-rows", ImageKind.DOCUMENT),
        ("recipe", ImageKind.DOCUMENT),
        ("settings-dialog", ImageKind.SCREENSHOT),
        ("statement-of-account", ImageKind.DOCUMENT),
        ("table-of-years", ImageKind.DOCUMENT),
    ],
)
def test_kind(name: str, kind: ImageKind) -> None:
    assert described(name).kind is kind


@pytest.mark.parametrize("name", NAMES)
def test_what_is_quoted_was_read(name: str) -> None:
    found = described(name)
    for part in re.findall(r'"([^"]*)"', found.text):
        assert part.rstrip("…") in (found.visible_text or "")


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_points_at_lines_that_exist(name: str) -> None:
    for statement in described(name).evidence:
        assert all(0 <= index < len(perception(name).text) for index in statement.get("regions", ()))


def test_a_cell_of_several_lines_is_one_row() -> None:
    text = described("quotation-wrapped-rows").text
    assert 'columns "Description", "Qty", "Price" and "Amount" has three rows' in text
    assert '"Total" – "3,229.00"' in text


def test_years_name_columns() -> None:
    assert 'columns "District", "2010", "2015" and "2020" has four rows' in described("table-of-years").text


def test_a_short_last_row_counts() -> None:
    assert '"Sat" and "Sun" has five rows' in described("calendar").text


def test_columns_of_running_text_are_no_table() -> None:
    found = described("newspaper")
    assert "table" not in found.text and "table" not in found.tags
    assert found.text.startswith('A page of text in portrait format titled "The Marlow Chronicle".')
    assert 'begins "The old bridge over the"' in found.text


@pytest.mark.parametrize("name", ["memo", "recipe"])
def test_text_under_a_few_labelled_values_is_no_form(name: str) -> None:
    text = described(name).text
    assert "filled-in" not in text and "form " not in text
    assert "The text begins" in text


def test_labels_without_values_are_no_filled_in_fields() -> None:
    text = described("form-without-values").text
    assert "filled-in" not in text
    assert '"Full name:"' in text and "no values could be read" in text


def test_a_line_to_sign_on_is_no_value() -> None:
    text = described("form-with-checkboxes").text
    assert "Four filled-in fields" in text and '"Allergies" – "Penicillin"' in text
    assert "Signature" not in text.split("Four filled-in")[1].split(".")[0]


def test_labels_above_their_values() -> None:
    text = described("form-labels-above").text
    assert "Nine filled-in fields" in text
    assert '"Surname" – "Okonkwo"' in text and '"Signature" –' not in text


def test_a_date_is_no_heading() -> None:
    text = described("mail-application").text
    assert "headed" not in text
    assert 'A column on the left lists "Compose", "Inbox"' in text


def test_rooms_in_german_with_their_areas() -> None:
    text = described("plan-german").text
    assert 'titled "Grundriss Erdgeschoss"' in text
    assert '"Wohnzimmer" (28,40 m²)' in text and "six rooms and spaces" in text
    assert "add up to 88.5 m²" in text


def test_a_label_whose_colon_was_not_read_is_no_value() -> None:
    text = described("form-lost-colons").text
    assert '"Date out" – "06 Apr 2026"' in text and "Seven filled-in fields" in text
    assert '"Checked by" –' not in text and '"Date in" –' not in text


def test_rows_of_a_table_on_a_form_are_no_fields() -> None:
    text = described("form-with-table").text
    assert "Four filled-in fields" in text and '"Approved by" –' not in text
    assert "has four rows" in text


def test_a_table_under_a_few_labelled_values_is_no_form() -> None:
    text = described("statement-of-account").text
    assert "has five rows" in text and '"Period" – "1 to 31 May 2026"' in text
