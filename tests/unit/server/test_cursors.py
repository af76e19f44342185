"""Places in a list, written and read."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.api.cursors import read_cursor, write_cursor
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.listing import FileFilter, Position, SortBy, SortOrder

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=255)
VALUES = {
    SortBy.CREATED_AT: st.datetimes(timezones=st.just(UTC)),
    SortBy.CONTENT_CREATED_AT: st.datetimes(timezones=st.just(UTC)),
    SortBy.TITLE: st.none() | TEXT,
    SortBy.SIZE_BYTES: st.integers(0, 2**63 - 1),
}


@given(st.data(), st.sampled_from(list(VALUES)), st.sampled_from(list(SortOrder)))
def test_what_is_written_is_read(data, sort_by, sort_order):
    wanted = FileFilter(sort_by=sort_by, sort_order=sort_order)
    position = Position(data.draw(VALUES[sort_by]), data.draw(TEXT))
    cursor = write_cursor(wanted, position)
    assert read_cursor(wanted, cursor) == position
    assert cursor.replace("-", "").replace("_", "").isalnum()


def written(*content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@given(st.sampled_from(list(SortBy)), st.text() | st.recursive(st.none() | st.text(), st.lists).map(written))
def test_nonsense_is_refused(sort_by, cursor):
    with pytest.raises(ValidationFailed):
        read_cursor(FileFilter(sort_by=sort_by), cursor)


@pytest.mark.parametrize(
    ("sort_by", "value", "file_id"),
    [
        ("size_bytes", True, "x"),
        ("size_bytes", -1, "x"),
        ("size_bytes", 2**63, "x"),
        ("size_bytes", None, "x"),
        ("created_at", None, "x"),
        ("created_at", 17, "x"),
        ("created_at", "yesterday", "x"),
        ("created_at", "2026-01-02T03:04:05", "x"),
        ("created_at", "0001-01-01T00:00:00+23:00", "x"),
        ("content_created_at", datetime(2026, 1, 2, tzinfo=UTC).isoformat(), None),
        ("title", 3, "x"),
        ("title", "a\0b", "x"),
        ("title", "\ud800", "x"),
    ],
)
def test_a_value_that_fits_no_column_is_refused(sort_by, value, file_id):
    wanted = FileFilter(sort_by=SortBy(sort_by))
    with pytest.raises(ValidationFailed):
        read_cursor(wanted, written(sort_by, "desc", value, file_id))


def test_a_cursor_is_good_for_one_order():
    wanted = FileFilter(sort_by=SortBy.TITLE)
    cursor = write_cursor(wanted, Position("a", "x"))
    for other in (FileFilter(sort_by=SortBy.CREATED_AT), FileFilter(sort_by=SortBy.TITLE, sort_order=SortOrder.ASC)):
        with pytest.raises(ValidationFailed, match="another order"):
            read_cursor(other, cursor)
