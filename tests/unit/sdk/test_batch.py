"""How batches are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import QuotaExceededError, ValidationError
from scopix._batch import REQUEST_BYTES, Item, cut, emptied, files_allowed, plan_requests, result_of_record
from scopix._multipart import FilePart, FileSource


def items(sizes):
    return [Item(n, FilePart(FileSource(None, size, 0), f"{n}", "image/png")) for n, size in enumerate(sizes)]


@given(st.lists(st.integers(1, 100 * 1024 * 1024), max_size=60), st.integers(1, 20))
def test_requests_cover_every_file_once_and_keep_the_limits(sizes, most):
    ranges = plan_requests(items(sizes), most)
    assert [index for one in ranges for index in one] == list(range(len(sizes)))
    for one in ranges:
        assert 1 <= len(one) <= most
        assert len(one) == 1 or sum(sizes[index] for index in one) <= REQUEST_BYTES
    for one, following in pairwise(ranges):
        # No request is smaller than it has to be.
        assert len(one) == most or sum(sizes[index] for index in [*one, following[0]]) > REQUEST_BYTES


@given(st.lists(st.integers()), st.integers(1, 10))
def test_cutting_loses_nothing(values, size):
    pieces = list(cut(values, size))
    assert [value for piece in pieces for value in piece] == values
    assert all(len(piece) == size for piece in pieces[:-1])


@given(st.integers(2, 1000), st.none() | st.integers(-5, 2000))
def test_a_refused_request_always_gets_smaller(sent, told):
    error = ValidationError("no", details={"http_status": 413, "max_files": told})
    assert 1 <= files_allowed(error, sent) < sent


@pytest.mark.parametrize(
    "error",
    [
        ValidationError("no", details={"http_status": 400}),
        ValidationError("no"),
        QuotaExceededError("no", details={"http_status": 413}),
    ],
)
def test_other_refusals_are_not_about_the_size(error):
    assert files_allowed(error, 10) is None


@pytest.mark.parametrize(
    ("record", "status", "error"),
    [
        ({"state": "described", "id": "i"}, "completed", None),
        ({"state": "duplicate", "id": "i"}, "skipped", None),
        ({"state": "description failed", "id": "i", "reason": "dark"}, "failed", "dark"),
        ({"state": "refused", "id": None, "reason": "empty"}, "failed", "empty"),
        ({"state": "uploaded", "id": "i"}, "pending", None),
        ({}, "pending", None),
    ],
)
def test_a_record_of_the_journal_is_a_result(record, status, error):
    result = result_of_record(record, "a.png")
    assert (result.filename, result.description_status.value, result.description_error) == ("a.png", status, error)
    assert result.image_id == (record.get("id") or "")


def test_an_emptied_part_keeps_its_name():
    part = emptied(items([5])[0].part)
    assert (part.filename, part.source.size) == ("0", 0)
