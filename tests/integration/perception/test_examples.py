"""The built-in describer on the example pictures, with the real models: what a reader needs to tell them apart."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Description, ImageKind
from scopix_server.perception.pixel_analyzer import PixelAnalyzer

IMAGES = Path(__file__).parents[3] / "examples" / "images"
KINDS = {
    "chart-rainfall.png": ImageKind.CHART,
    "diagram-orders.png": ImageKind.DIAGRAM,
    "floor-plan.png": ImageKind.FLOOR_PLAN,
    "form-equipment-loan.jpg": ImageKind.FORM,
    "invoice.png": ImageKind.DOCUMENT,
    "map-walking-trails.png": ImageKind.MAP,
    "photo-astronaut.jpg": ImageKind.PHOTO,
    "photo-cat.jpg": ImageKind.PHOTO,
    "photo-coffee.jpg": ImageKind.PHOTO,
    "photo-rocket.jpg": ImageKind.PHOTO,
    "product-tea-tin.jpg": ImageKind.PRODUCT_PHOTO,
    "receipt.jpg": ImageKind.DOCUMENT,
    "screenshot-stock.png": ImageKind.SCREENSHOT,
    "street-sign.jpg": ImageKind.PHOTO,
    "two-column-page.png": ImageKind.DOCUMENT,
}
FIELDS = {
    "Name of borrower": "Ingrid Solheim",
    "Department": "Marine Biology",
    "Employee no.": "40217",
    "Telephone": "+47 55 58 21 09",
    "E-mail": "i.solheim@fjordlab.example",
    "Item borrowed": "Field microscope LM-20",
    "Serial no.": "FM20-008813",
    "Date of loan": "14.04.2026",
    "Due back": "28.04.2026",
    "Purpose": "Plankton survey, station 7",
}
Describe = Callable[[str], Description]


@pytest.fixture(scope="session")
def described(analyzer: PixelAnalyzer) -> Describe:
    """Describes an example picture by its file name; each is perceived once."""

    @cache
    def describe(name: str) -> Description:
        with Image.open(IMAGES / name) as image:
            return GroundedComposer().describe(analyzer.analyze(np.array(image.convert("RGB"))), "general")

    return describe


def squeezed(text: str) -> str:
    """Without spaces: the recogniser sometimes loses one between two words."""
    return re.sub(r"\s", "", text)


def quoted(text: str) -> list[str]:
    return [squeezed(part) for part in re.findall(r'"([^"]*)"', text)]


def test_every_example_picture_is_listed_with_its_source() -> None:
    table = (IMAGES / "README.md").read_text()
    assert {path.name for path in IMAGES.iterdir() if path.suffix != ".md"} == set(KINDS)
    assert all(f"`{name}`" in table for name in KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_kind(described: Describe, name: str) -> None:
    assert described(name).kind is KINDS[name]


@pytest.mark.parametrize("name", KINDS)
def test_what_is_quoted_was_read(described: Describe, name: str) -> None:
    found = described(name)
    read = squeezed(found.visible_text or "")
    assert all(part.rstrip("…") in read for part in quoted(found.text))


def test_screenshot_heading_navigation_table_and_buttons(described: Describe) -> None:
    text = described("screenshot-stock.png").text
    assert 'headed "Stock items"' in text
    for entry in ("Dashboard", "Purchase orders", "Suppliers", "Deliveries", "Reports", "User accounts"):
        assert f'"{entry}"' in text.split("A table")[0]
    assert 'columns "SKU", "Item", "Location", "In stock", "Status" and "Updated" has eight rows' in text
    assert '"AX-1042" / "Hex bolt M8 × 40" / "Aisle 3" / "1,240" / "In stock" / "2026-03-02"' in text
    assert '"In stock" (5), "Low" (2) and "Sold out" (1)' in text
    assert '"Export CSV"' in text and '"Add item"' in text


def test_form_title_and_every_field(described: Describe) -> None:
    text = described("form-equipment-loan.jpg").text
    assert '"EQUIPMENT LOAN FORM"' in text
    for label, value in FIELDS.items():
        assert f'"{label}" – "{value}"' in text


def test_floor_plan_title_rooms_areas_and_scale(described: Describe) -> None:
    text = described("floor-plan.png").text
    assert '"FIRST FLOOR PLAN"' in text
    for room in ("LIVING ROOM", "KITCHEN", "DINING", "HALL", "BEDROOM 1", "BEDROOM 2", "BATHROOM"):
        assert f'"{room}"' in text
    for area in ("28.6", "13.9", "11.8", "12.1", "18.2", "9.4", "17.5", "111.5"):
        assert re.search(rf"(?<![\d.]){re.escape(area)}\s?m²", text)
    assert "1:50" in text and "2025-11-03" in text


def test_map_title_legend_places_and_scale(described: Describe) -> None:
    found = described("map-walking-trails.png")
    said = quoted(found.text)
    assert "Hollowmere Valley – Walking and Cycling Map" in found.text
    legend = ("Walking trail", "Cycle route", "Main road", "Forest", "Lake or river", "Viewpoint")
    places = ("Hollowmere", "Stag's Leap", "Bramley Cross", "Tarrow Wood", "Lake Ennor", "Pell Hill")
    assert {squeezed(name) for name in (*legend, *places)} <= set(said)
    assert "1:20,000" in found.text


def test_invoice_facts_and_table(described: Describe) -> None:
    text = described("invoice.png").text
    assert text.startswith("An invoice")
    assert 'columns "Description", "Qty", "Unit price" and "Amount" has four rows' in text
    for label, value in (("Invoice no.", "2026-0318"), ("Due date", "08 April 2026"), ("Total GBP", "2,832.00")):
        assert f'"{label}" – "{value}"' in text


def test_receipt_items_and_total(described: Describe) -> None:
    text = described("receipt.jpg").text
    assert text.startswith("A receipt") and "GREEN CORNER MARKET" in text
    for item, price in (("Oat milk 1 L", "2.19"), ("Rye bread", "3.45"), ("TOTAL EUR", "18.56")):
        assert f'"{item}" – "{price}"' in text


def test_chart_title_axes_and_series_but_no_values(described: Describe) -> None:
    text = described("chart-rainfall.png").text
    for label in ("Monthly rainfall in two cities", "Month", "Bergen", "Oslo", "Jan", "Dec"):
        assert f'"{label}"' in text
    assert not re.search(r"\b(?:283|271|190|highest|lowest|rises|falls)\b", text)


def test_two_columns_and_headings(described: Describe) -> None:
    text = described("two-column-page.png").text
    assert '"Sea grass in cut-off tidal ponds"' in text and "two columns" in text
    for heading in ("1 Introduction", "2 Study area", "3 Methods", "4 Results"):
        assert f'"{heading}"' in text


def test_diagram_labels(described: Describe) -> None:
    text = described("diagram-orders.png").text
    for label in ("Web shop", "Order service", "Payment gateway", "Message queue", "Warehouse system"):
        assert f'"{label}"' in text


def test_labels_of_things_are_read(described: Describe) -> None:
    tin, sign = described("product-tea-tin.jpg").text, described("street-sign.jpg").text
    assert '"Jasmine"' in tin and '"MARLOW & FINCH"' in tin and "dark green" in tin
    assert '"Harbour Street"' in sign


def test_photos_are_modest(described: Describe) -> None:
    assert described("photo-cat.jpg").text.startswith("A cat")
    assert described("photo-coffee.jpg").text.startswith("A cup")
    assert "could not be told" in described("photo-rocket.jpg").text
    astronaut = described("photo-astronaut.jpg").text
    assert astronaut.startswith("A person") and "One face is visible" in astronaut and "likely" not in astronaut
