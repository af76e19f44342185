"""PDF pages as they are shown: order, turns, crops, hidden text, forms; and what cannot be opened."""

from pathlib import Path

import pytest

from scopix_server.documents.opening import document_opener
from scopix_server.domain.description import Box, TextRegion
from scopix_server.domain.document import DocumentPage, TextSource
from scopix_server.domain.errors import DescribeError
from tests.support.pdf import Line, Page, make_pdf, prose

GREY = (8, 8, b"\x80" * 64)


def read(tmp_path: Path, *pages: Page, text: str = "what the reader reads", max_pages: int = 100) -> list[DocumentPage]:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(pages))
    with document_opener(max_pages)(path, "pdf") as document:
        return [
            document.page(number, lambda _: (TextRegion(text, Box(0.1, 0.1, 0.5, 0.02), 0.9),))
            for number in range(1, document.facts.to_read + 1)
        ]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = prose(12, words=5), prose(12, x=320, words=5)
    # Drawn row by row, as some programs do.
    mixed = [line for pair in zip(left, right, strict=True) for line in pair]
    (page,) = read(tmp_path, Page(mixed))
    assert page.text.replace("\n\n", "\n").split("\n") == [line.text for line in (*left, *right)]
    assert page.tables == ()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    (page,) = read(tmp_path, Page([*prose(20), Line(60, 40, "beyond the crop")], turn=turn, crop=(50, 100, 550, 800)))
    assert "beyond" not in page.text
    assert (page.width, page.height) == ((700, 500) if turn in (90, 270) else (500, 700))
    first = next(region for region in page.regions if region.text.startswith("The council met"))
    left, top = (60 - 50) / 500, (800 - 780 - 9) / 700
    corner = {
        0: (first.box.x, first.box.y),
        90: (first.box.y, 1 - first.box.x - first.box.width),
        180: (1 - first.box.x - first.box.width, 1 - first.box.y - first.box.height),
        270: (1 - first.box.y - first.box.height, first.box.x),
    }[turn]
    assert corner == pytest.approx((left, top), abs=0.01)


def test_a_page_without_good_text_is_read_by_its_picture(tmp_path: Path) -> None:
    stamp = Line(60, 60, "Received 12 March 2024")
    hidden = [Line(line.x, line.y, line.text, hidden=True) for line in prose(20)]
    scan, stamped, covered, empty, sound = read(
        tmp_path, Page(picture=GREY), Page([stamp], picture=GREY), Page(hidden, picture=GREY), Page(), Page(prose(20))
    )
    assert [page.source.value for page in (scan, stamped, covered, empty, sound)] == [
        "ocr",
        "ocr",
        "ocr",
        "none",
        "text_layer",
    ]
    assert (scan.text, stamped.reason) == ("what the reader reads", "a picture with a stamp")
    assert covered.reason == "its text is not what is drawn"


def test_hidden_text_that_is_what_is_drawn_is_taken(tmp_path: Path) -> None:
    hidden = [Line(line.x, line.y, line.text, hidden=True) for line in prose(20)]
    drawn = "".join(line.text for line in sorted(hidden, key=lambda line: -len(line.text))[:3])
    (page,) = read(tmp_path, Page(hidden, picture=GREY), text=drawn)
    assert page.source is TextSource.TEXT_LAYER


def test_the_first_pages_of_many_are_read_and_the_rest_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf([Page()] * 30))
    with document_opener(7)(path, "pdf") as document:
        assert (document.facts.page_count, document.facts.to_read) == (30, 7)
        assert document.facts.notes == ("The document has 30 pages, of which the first 7 were read.",)


LOCK = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -4 >> /ID [<00> <00>] /Root" % (
    b"o" * 32,
    b"u" * 32,
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (make_pdf([Page(prose(3))]).replace(b"/Root", LOCK + b"/ID [<00> <00>] /Root"), "protected by a password"),
        (b"%PDF-1.7\nnothing\n%%EOF\n", "damaged: no page"),
        (make_pdf([]), "no page"),
    ],
)
def test_what_cannot_be_opened_says_why(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(DescribeError, match=why) as failure, document_opener(10)(path, "pdf"):
        pass
    assert failure.value.retryable is False


def test_a_broken_table_of_places_and_a_mark_before_the_file_are_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    sound = make_pdf([Page(prose(20))])
    at = sound.rindex(b"startxref\n") + len(b"startxref\n")
    path.write_bytes(b"\xef\xbb\xbf" + sound[:at] + b"7\n%%EOF\n")
    with document_opener(10)(path, "pdf") as document:
        assert document.page(1, None).text.startswith("The council met")


def test_a_page_of_any_size_is_drawn_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf([Page(prose(20), size=(14_400, 14_400))]))
    with document_opener(10)(path, "pdf") as document:
        height, width = document.picture().shape[:2]
        assert width * height <= 24_100_000
