"""What the options say about files."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.cli.export_formats import spreadsheet_cell
from scopix.cli.filters import Filters, SearchIn, WordFilters, quoted
from scopix.cli.terminal import harmless

NONE = dict.fromkeys(
    [
        *("tags", "since", "until", "described", "statuses", "media_types", "categories", "objects", "min_people"),
        "selected_ids",
    ]
)


def test_nothing_given_is_no_condition():
    assert Filters(**NONE).to_arguments() == {}
    assert WordFilters(**NONE, search=None).is_empty
    assert WordFilters(**NONE, search="  ").is_empty
    assert not Filters(**{**NONE, "described": False}).is_empty


def test_words_come_with_their_place():
    told = WordFilters(**NONE, search="a b", search_in=SearchIn.VISIBLE_TEXT).to_arguments()
    assert told == {"search": "a b", "search_mode": "visible_text"}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_days_are_this_machines(monkeypatch, zone):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        told = Filters(**{**NONE, "since": "2026-05-17", "until": "2026-05-17"}).to_arguments()
        hours = 0 if zone == "UTC" else 4
        assert told["date_from"] == datetime(2026, 5, 17, hours, tzinfo=UTC)
        last = datetime(2026, 5, 17, 23, 59, 59, 999999, tzinfo=UTC).timestamp() + hours * 3600
        assert told["date_to"].timestamp() == pytest.approx(last, abs=1e-5)
        exact = Filters(**{**NONE, "until": "2026-05-17T12:30:00+02:00"}).to_arguments()
        assert exact["date_to"] == datetime(2026, 5, 17, 10, 30, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "soon", "17.5.2026", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_a_time_that_is_none(text):
    with pytest.raises(ValueError, match="--since"):
        Filters(**{**NONE, "since": text}).to_arguments()


def test_what_the_shell_keeps_together_stands_together():
    assert quoted(["a", "b c", '"d e"']) == 'a "b c" "d e"'


@given(
    st.text() | st.builds(str.__add__, st.text(" \t\n\u200b\ufeff", max_size=3), st.text("=+-@＝＋－＠1", min_size=1))
)
def test_no_cell_is_a_formula(text):
    cell = spreadsheet_cell(text)
    assert not cell.lstrip().startswith(tuple("=+-@＝＋－＠\t\r"))
    assert harmless(cell) == cell


@given(st.text(st.characters(categories=["L", "N", "Zs"])))
def test_an_ordinary_cell_stays(text):
    assert spreadsheet_cell(text) == text
