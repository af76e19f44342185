"""Title blocks of drawings from outside: heads of columns, translations, neighbours that are labels themselves."""

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.reading.layout import read_layout
from scopix_server.reading.title_block import title_block
from tests.support.perceptions import Written, page

BLOCK: list[Written] = [
    *(("NAME", 300, 600), ("SIGNATURE", 500, 600), ("DATE", 700, 600)),
    *(("DRAWN", 100, 640), ("2022-08-26", 700, 640)),
    *(("CHECKED", 100, 680), ("APPROVED", 100, 720), ("QUALITY", 100, 745)),
    *(("TITLE", 900, 640), ("Candle holder", 900, 665)),
    *(("MATERIAL:", 100, 800), ("DWG NO.", 300, 800)),
    *(("Scale/skala", 500, 800), ("2:1", 500, 825), ("SHEET", 700, 800), ("1 of 1", 700, 825)),
]


def entries(lines: list[Written]) -> dict[str, str]:
    return {name: pair.value for name, pair in title_block(read_layout(page(lines))).items()}


def test_column_heads_and_other_labels_are_no_values() -> None:
    assert entries(BLOCK) == {"title": "Candle holder", "scale": "2:1", "sheet": "1 of 1"}


def test_who_drew_it_is_a_name_and_when_a_date() -> None:
    assert entries([("Drawn by", 100, 100), ("Noor Haddad", 100, 125)]) == {"drawn_by": "Noor Haddad"}
    assert entries([("Drawn by", 100, 100), ("2022-08-26", 100, 125)]) == {}
    assert entries([("Date/datum", 100, 100), ("2022-08-26", 100, 125)]) == {"date": "2022-08-26"}


def test_notes_in_capitals_beside_a_label_are_not_told_as_its_value() -> None:
    notes: list[Written] = [
        ("SURFACE:", 100, 500),
        ("REMOVE BURRS", 300, 500),
        ("LINEAR:", 100, 540),
        ("+0.1", 300, 540),
    ]
    told = GroundedComposer().describe(page([*BLOCK, *notes]), "technical_diagram").text
    assert '"LINEAR" – "+0.1"' in told and '"TITLE" – "Candle holder"' in told
    assert '"SURFACE" –' not in told and '"MATERIAL" –' not in told and '"DRAWN" –' not in told
