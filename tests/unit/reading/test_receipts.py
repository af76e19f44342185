"""Receipts as shops print them: sender, address, total, date; the shops are made up."""

from collections.abc import Sequence
from dataclasses import replace

from scopix_server.categories.builtin.document import extract
from scopix_server.reading.layout import read_layout
from scopix_server.reading.receipts import Receipt, read_receipt
from tests.support.perceptions import Written, page

ADDRESSED: tuple[str, ...] = (
    "MERLIMAU HARDWARE SDN BHD (123456-X)",
    "LOT 12, JALAN KELAPA 3/4,",
    "41000 KLANG, SELANGOR",
    "TEL : 03-1234 5678",
    "TAX INVOICE",
)


def lines(*rows: Sequence[str]) -> list[Written]:
    """Each row's first text at the left, its last one at the right."""
    return [
        (text, 100 + 500 * place, 40 + 36 * number) for number, row in enumerate(rows) for place, text in enumerate(row)
    ]


def read(*rows: Sequence[str]) -> Receipt:
    return read_receipt(read_layout(page(lines(*rows), height=1400)))


def test_sender_address_total_date() -> None:
    found = read(*[(text,) for text in ADDRESSED], ("Date", "17-03-18 09:12"), ("TOTAL", "RM 12.30"))
    assert found.sender is not None and found.sender.text == "MERLIMAU HARDWARE SDN BHD"
    assert found.address is not None and found.address.text == "LOT 12, JALAN KELAPA 3/4, 41000 KLANG, SELANGOR"
    assert found.date is not None and found.date.text == "17-03-18"
    assert found.total is not None and (found.total.amount, found.total.currency) == ("12.30", "RM")


def test_customer_is_not_the_sender() -> None:
    found = read(("CORNER STATIONERY",), ("TAX INVOICE",), ("BRIGHT SUPPLY SDN BHD",), ("TOTAL", "4.00"))
    assert found.sender is not None and found.sender.text == "CORNER STATIONERY"


def test_total_is_what_is_asked_for_after_rounding() -> None:
    found = read(
        ("CORNER CAFE",),
        ("SUBTOTAL", "31.00"),
        ("TOTAL GST", "0.02"),
        ("TOTAL (INCLUSIVE OF GST)", "31.02"),
        ("ROUNDING ADJ", "-0.02"),
        ("TOTAL", "31.00"),
    )
    assert found.total is not None and found.total.amount == "31.00"


def test_total_agrees_with_cash_less_change() -> None:
    found = read(
        ("CORNER CAFE",), ("TOTAL", "31.00"), ("TOTAL SAVING", "50.00"), ("CASH", "50.00"), ("CHANGE", "19.00")
    )
    assert found.total is not None and found.total.amount == "31.00" and found.total.confidence > 0.9


def test_telephone_number_is_no_date() -> None:
    found = read(("CORNER CAFE",), ("TEL", "03.31.1851"), ("FAX 12-34-56",), ("TOTAL", "31.00"))
    assert found.date is None


def test_nothing_is_made_up() -> None:
    assert read(("12.00",), ("34.00",)) == Receipt(None, None, None, None)


def test_document_tells_it_with_evidence_and_confidence() -> None:
    rows = (*[(text,) for text in ADDRESSED], ("Date", "27 03 2018"), ("NAILS", "RM 2.00"), ("TOTAL", "RM 12.30"))
    perception = page(lines(*rows), height=1400)
    found = extract(perception)
    assert found.data["sender"] == "MERLIMAU HARDWARE SDN BHD"
    assert found.data["total"] == {"amount": "12.30", "currency": "RM"}
    assert found.data["date"] == "27 03 2018"
    evidence = {entry["field"]: entry for entry in found.evidence}
    assert [perception.text[index].text for index in evidence["/total/amount"]["regions"]] == ["TOTAL", "RM 12.30"]
    assert 0.5 < evidence["/sender"]["confidence"] <= 1
    assert any('over "RM 12.30"' in statement.text for statement in found.statements)


def test_a_value_is_no_surer_than_its_lines_were_read() -> None:
    rows = (*[(text,) for text in ADDRESSED], ("Date", "27 03 2018"), ("NAILS", "RM 2.00"), ("TOTAL", "RM 12.30"))
    perception = page(lines(*rows), height=1400)

    def confidences(read_with: float) -> dict[str, float]:
        text = tuple(replace(line, confidence=read_with if "12.30" in line.text else 1.0) for line in perception.text)
        found = extract(replace(perception, text=text))
        return {entry["field"]: entry["confidence"] for entry in found.evidence if "confidence" in entry}

    sure, doubtful = confidences(1.0), confidences(0.7)
    assert doubtful["/total/amount"] == doubtful["/total/currency"] == round(0.7 * sure["/total/amount"], 3)
    assert {name: value for name, value in doubtful.items() if "total" not in name} == {
        name: value for name, value in sure.items() if "total" not in name
    }


def test_a_name_read_in_pieces_is_one_and_an_item_is_no_street() -> None:
    written: list[Written] = [("SWC ENTERPRISE", 100, 40), ("SDN", 245, 40), ("BHD", 280, 40)]
    written += [("LOT 3, JALAN TANJONG,", 100, 80), ("43000 KAJANG", 100, 116), ("1.00 X 21.32 21.32 S", 100, 152)]
    found = read_receipt(read_layout(page([*written, ("TOTAL", 100, 300), ("21.32", 600, 300)], height=1400)))
    assert found.sender is not None and found.sender.text == "SWC ENTERPRISE SDN BHD"
    assert found.address is not None and found.address.text == "LOT 3, JALAN TANJONG, 43000 KAJANG"


def test_houses_of_an_address_are_no_amounts() -> None:
    rows = ["RIVER BOOKS SDN BHD", "NO. 55,57 & 59, JALAN SAGU 18,", "81100 JOHOR BAHRU", "TAX INVOICE"]
    written = lines(*[(text,) for text in rows], ("Pen", "4.00"), ("Ink", "5.00"), ("TOTAL", "9.00"), ("CASH", "9.00"))
    assert extract(page(written, height=1400)).data["amounts"] == ["4.00", "5.00", "9.00"]
