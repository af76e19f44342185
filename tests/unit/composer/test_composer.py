"""What the composer says of pages written down by hand: kind by kind, and what a category changes."""

from dataclasses import replace

import pytest

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Box, Colour, Description, Face, ImageKind, LabelGroup, Perception
from tests.support.perceptions import PHOTOGRAPHED, Written, page, region

FORM: list[Written] = [
    ("VISITOR REGISTRATION", 300, 40, 44),
    *(("Name:", 100, 160), ("Amara Okafor", 400, 160)),
    *(("Company:", 100, 220), ("Delta Pumps", 400, 220)),
    *(("Signature:", 100, 280), ("Date:", 700, 280), ("14/03/2026", 850, 280)),
]
MAP: list[Written] = [
    ("Ardenholm walking map", 60, 20, 40),
    *(("Legend", 900, 500), ("Main road", 960, 540), ("Water", 960, 580), ("Path", 960, 620)),
    *(("Oakwood", 300, 300), ("Kestrel Bay", 520, 640), ("1:25,000", 60, 860)),
]
ENTRIES: list[Written] = [
    (name, 20, 150 + 48 * n) for n, name in enumerate(("Overview", "Audit log", "Tokens", "Team"))
]
CELLS: list[Written] = [
    (cell, x, 200 + 50 * row)
    for row, cells in enumerate([("Service", "Region", "State"), *[("auth", "eu", "Up"), ("mail", "us", "Down")] * 2])
    for cell, x in zip(cells, (350, 600, 850), strict=True)
]
SCREEN: list[Written] = [
    *ENTRIES,
    ("Monthly usage", 350, 60, 36),
    ("Sign out", 1080, 20),
    ("Export CSV", 1000, 90),
    *CELLS,
]
PHOTO = Perception(
    1200,
    800,
    labels=(LabelGroup("cat", 0.83, "tabby", 0.7),),
    colours=(Colour("tan", 0.5, "#caa67c"), Colour("grey", 0.3, "#808080"), Colour("pink", 0.02, "#ffc0cb")),
    statistics=PHOTOGRAPHED,
)


def describe(perception: Perception, category: str = "general") -> Description:
    return GroundedComposer().describe(perception, category)


def test_form_names_title_and_filled_in_fields_only() -> None:
    found = describe(page(FORM))
    assert found.kind is ImageKind.FORM
    assert found.text.startswith('A form in landscape format titled "VISITOR REGISTRATION".')
    assert '"Name" – "Amara Okafor"; "Company" – "Delta Pumps"; "Date" – "14/03/2026"' in found.text
    assert "Signature" not in found.text
    assert found.tags[:2] == ("form", "document")


def test_map_names_legend_places_and_scale() -> None:
    found = describe(page(MAP))
    assert found.kind is ImageKind.MAP
    assert 'The legend lists "Main road", "Water" and "Path".' in found.text
    assert 'Also written on the map: "Oakwood" and "Kestrel Bay".' in found.text
    assert "scale 1:25,000" in found.text
    assert found.category_data == {}  # fields are the categories' (tests/unit/categories)


def test_screenshot_names_heading_navigation_table_and_actions() -> None:
    found = describe(page(SCREEN))
    assert found.kind is ImageKind.SCREENSHOT
    assert 'headed "Monthly usage"' in found.text
    assert 'A column on the left lists "Overview", "Audit log", "Tokens" and "Team".' in found.text
    assert 'columns "Service", "Region" and "State" has four rows; the first reads "auth" / "eu" / "Up"' in found.text
    assert 'Texts that name actions: "Sign out" and "Export CSV".' in found.text


def test_a_likely_group_is_said_to_be_likely_and_colours_are_named() -> None:
    found = describe(PHOTO)
    assert found.text.startswith("A landscape-format photo that most likely shows a cat, perhaps a tabby.")
    assert "The dominant colours are tan and grey." in found.text
    assert found.visible_text is None
    assert {"photo", "cat", "tan"} <= set(found.tags)


@pytest.mark.parametrize(("probability", "tagged"), [(0.6, False), (0.79, False), (0.85, True)])
def test_a_single_class_becomes_a_tag_only_when_it_is_nearly_sure(probability: float, tagged: bool) -> None:
    label = LabelGroup("cat", 0.9, "tabby", probability)
    found = describe(Perception(800, 600, labels=(label,), statistics=PHOTOGRAPHED))
    assert ("tabby" in found.tags) is tagged


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (LabelGroup("dog", 0.41, "beagle", 0.2), None),
        (LabelGroup("dog", 0.45, "beagle", 0.2), "shows a dog."),
        (LabelGroup("screen or page", 0.9, "website", 0.9), None),
        (LabelGroup("household object", 0.45, "vase", 0.3), None),
        (LabelGroup("household object", 0.7, "vase", 0.3), None),
        (LabelGroup("household object", 0.85, "vase", 0.3), "shows furniture or household things."),
        (LabelGroup("household object", 0.7, "vase", 0.66), "shows a vase."),
        (LabelGroup("electronic device", 0.63, "automated teller machine", 0.44), None),
        (LabelGroup("other animal", 0.7, "ibex", 0.3), "shows an animal."),
        (LabelGroup("plant or fruit", 0.74, "lemon", 0.51), "shows a plant or a fruit."),
        (LabelGroup("plant or fruit", 0.8, "lemon", 0.7), "shows a plant or a fruit, perhaps a lemon."),
    ],
)
def test_only_likely_labels_are_spoken_of(label: LabelGroup, said: str | None) -> None:
    text = describe(Perception(800, 600, labels=(label,), statistics=PHOTOGRAPHED)).text
    if said is None:
        assert "could not be told with confidence" in text
        assert label.best not in text
    else:
        assert f"most likely {said}" in text


def test_labels_are_not_spoken_of_on_written_pages() -> None:
    found = describe(page(FORM, labels=(LabelGroup("dog", 0.9, "beagle", 0.9),)))
    assert "dog" not in found.text and "dog" not in found.tags


def test_faces_are_counted_on_photos() -> None:
    face = Face(Box(0.4, 0.3, 0.2, 0.2), 6.0)
    one = Perception(800, 800, faces=(face,), statistics=PHOTOGRAPHED)
    two = Perception(800, 800, faces=(face, face), statistics=PHOTOGRAPHED)
    assert "one face is visible" in describe(one).text
    assert "two faces are visible" in describe(two).text


def test_readings_without_certainty_are_said_to_be_uncertain() -> None:
    sure = region("HARBOUR", 100, 100, 60, 800, 600)
    unsure = type(sure)("YAMAMA", sure.box, 0.8, sure.quad)
    found = describe(Perception(800, 600, (sure, unsure), statistics=PHOTOGRAPHED))
    assert 'Visible text: "HARBOUR".' in found.text
    assert 'could not be read with certainty: "YAMAMA"' in found.text
    assert found.visible_text == "HARBOUR\nYAMAMA"


def test_a_category_steers_the_kind() -> None:
    notes: list[Written] = [("North wing", 100, 100), ("Tank 4", 500, 300), ("Pump house", 300, 500)]
    assert describe(page(notes), "map").text.startswith("A map.")
    assert describe(page(notes), "technical_diagram").text.startswith("A diagram.")
    assert describe(page(notes), "document").kind is ImageKind.DOCUMENT
    assert describe(page(notes), "blueprint").text.startswith("A black-and-white technical drawing.")
    assert "blueprint" in describe(page(notes), "blueprint").tags


@pytest.mark.parametrize("category", ["document", "screenshot", "blueprint", "technical_diagram", "product_photo"])
def test_a_category_does_not_overrule_firm_evidence(category: str) -> None:
    assert describe(page(MAP), "document").kind is ImageKind.MAP
    assert describe(page(SCREEN), "map").kind is ImageKind.SCREENSHOT
    bill: list[Written] = [("INVOICE", 800, 40, 50), ("Total", 100, 400), ("12.00", 900, 400), ("VAT", 100, 450)]
    bill += [("2.00", 900, 450), ("Net", 100, 500), ("10.00", 900, 500)]
    expected = ImageKind.SCREENSHOT if category == "screenshot" else ImageKind.DOCUMENT
    assert describe(page(bill), category).kind is expected


@pytest.mark.parametrize("category", ["map", "document", "screenshot", "blueprint", "ce_plan", "technical_diagram"])
def test_a_photo_without_writing_stays_a_photo(category: str) -> None:
    assert describe(PHOTO, category).kind is ImageKind.PHOTO


def test_on_a_building_site_signs_come_before_colours() -> None:
    sign = Perception(
        1200, 800, (region("HARD HATS MUST BE WORN", 100, 100, 60, 1200, 800),), (), PHOTO.colours, (), PHOTOGRAPHED
    )
    general, site = describe(sign).text, describe(sign, "construction").text
    assert general.index("colours") < general.index("HARD HATS")
    assert site.index("HARD HATS") < site.index("colours")


def test_a_product_is_given_no_face_and_no_backdrop_it_does_not_have() -> None:
    face = Face(Box(0.2, 0.2, 0.5, 0.5), 9.0)
    white = {**PHOTOGRAPHED, "border_white_share": 1.0, "border_spread": 0.01}
    pot = describe(Perception(800, 800, faces=(face,), statistics=white))
    assert pot.text == "A product shot on a plain light background."
    assert "face" not in pot.tags
    assert "background" not in describe(Perception(800, 800, statistics=PHOTOGRAPHED), "product_photo").text


def test_every_statement_has_its_evidence() -> None:
    found = describe(page(SCREEN))
    assert " ".join(part["statement"] for part in found.evidence) == found.text
    assert all(len(part) > 1 for part in found.evidence)
    indices = {index for part in found.evidence for index in part.get("regions", ())}
    assert indices <= set(range(len(SCREEN)))


def test_visible_text_keeps_the_order_read() -> None:
    found = describe(page(FORM))
    assert found.visible_text == "\n".join(row[0] for row in FORM)


def test_areas_of_rooms_are_told_in_square_metres_and_the_text_stays_as_read() -> None:
    plan: list[Written] = [("Kitchen", 100, 200), ("Bathroom", 500, 200), ("13.6m2", 100, 225), ("6.5m²", 500, 225)]
    found = describe(page(plan))
    assert '"Kitchen" (13.6 m²) and "Bathroom" (6.5 m²)' in found.text
    assert ["Kitchen", "13.6 m²"] in next(part["fields"]["room_areas"] for part in found.evidence if "fields" in part)
    assert "13.6m2" in (found.visible_text or "")


@pytest.mark.parametrize(("unread", "told"), [(0, False), (1, False), (3, True), (2, False), (14, True)])
def test_it_says_that_there_is_text_it_cannot_read(unread: int, told: bool) -> None:
    written = page([("12.03.2024", 100, 300), ("2024", 100, 400), ("A-17", 100, 500), ("17", 100, 600), ("B", 9, 700)])
    perception = replace(written, statistics={**written.statistics, "unread_lines": float(unread)})
    found = describe(perception)
    assert ("could not be read" in found.text) is told
    if told:
        assert found.evidence[-1]["value"] == unread


def test_the_zero_of_one_axis_is_no_number_of_the_other() -> None:
    upright: list[Written] = [(str(200 * n), 100 - 10 * len(str(200 * n)), 700 - 120 * n) for n in range(5)]
    years: list[Written] = [(str(2016 + n), 150 + 100 * n, 708) for n in range(8)]
    found = describe(page([("Tonnes landed", 300, 20, 40), *upright, *years]))
    assert "vertical axis, from 0 to 800" in found.text
    assert "horizontal axis, from 2016 to 2023" in found.text
