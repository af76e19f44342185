"""What a page states: pairs that can be relied on, and what is none of them."""

import pytest

from scopix_server.reading.facts import labelled_facts
from scopix_server.reading.layout import read_layout
from tests.support.perceptions import Written, page


def facts(*rows: Written) -> list[tuple[str, str]]:
    return [(pair.label, pair.value) for pair in labelled_facts(read_layout(page(rows)))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Date: 12/02/2018", "12/02/2018"),
        ("Tel: 03-5542 3228 Fax: 03-5542 3213", "03-5542 3228"),
        ("Invoice No: 1085405 Cashier: Robin", "1085405"),
        ("Contact: Robin Miller", "Robin Miller"),
    ],
)
def test_a_value_ends_where_the_next_label_begins(text, value):
    assert [found for _, found in facts((text, 100, 100))] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Office Suite: The maker continued to dominate with its office suite,",
        "Summary: Amount",
        "No.5: 55 High Street",
        "e: 28-05-2018",
        "Total: 1 2 FER:20iu",
        "Data: population of the world",
    ],
)
def test_prose_column_heads_houses_and_rests_of_words_are_no_facts(text):
    assert facts((text, 100, 100)) == []


def test_priced_items_and_totals_stand_on_one_row_in_one_type():
    assert facts(("Espresso", 100, 100), ("2.50", 600, 100)) == [("Espresso", "2.50")]
    assert facts(("TOTAL", 100, 100), ("2.50", 600, 90, 40)) == [("TOTAL", "2.50")]
    assert facts(("Please come again", 100, 100), ("2.50", 600, 90, 40)) == []
    assert facts(("TOTAL", 100, 100), ("see overleaf for the sum", 400, 100)) == []
