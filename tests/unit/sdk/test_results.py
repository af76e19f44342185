"""`UploadResult` and `BatchUploadResults`, to the letter of the contract."""

import dataclasses
import importlib.util
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import BatchUploadResults, DescriptionError, DescriptionStatus, UploadResult
from scopix.types.events import (
    DescriptionFailedEvent,
    DescriptionProgressEvent,
    FileCompleteEvent,
    UploadProgressEvent,
)

FIELDS = [
    "image_id",
    "filename",
    "description",
    "tags",
    "visible_text",
    "text_regions",
    "confidence_score",
    "description_status",
    "thumbnail_url",
    "created_at",
    "description_error",
    "description_error_type",
    "description_is_retryable",
    "deduplicated",
    "media_type",
    "status",
    "object_key",
    # Beyond the contract.
    "path",
    "category_data",
    "field_confidence",
    "objects",
]

ids = st.text(min_size=1)
optional_text = st.none() | st.text(min_size=1)
regions = st.fixed_dictionaries({"text": st.text(), "confidence": st.floats(0, 1)})


@st.composite
def results(draw, statuses=tuple(DescriptionStatus)):
    status = draw(st.sampled_from(statuses))
    failed = status is DescriptionStatus.FAILED
    return UploadResult(
        image_id=draw(ids),
        filename=draw(ids),
        description=draw(optional_text),
        tags=draw(st.none() | st.lists(st.text())),
        visible_text=draw(optional_text),
        text_regions=draw(st.none() | st.lists(regions)),
        confidence_score=draw(st.none() | st.floats(0, 1)),
        description_status=status,
        thumbnail_url=draw(optional_text),
        created_at=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
        description_error=draw(optional_text) if failed else None,
        description_error_type=draw(optional_text) if failed else None,
        description_is_retryable=draw(st.none() | st.booleans()) if failed else None,
        deduplicated=draw(st.none() | st.booleans()),
        media_type=draw(optional_text),
        status=draw(optional_text),
        object_key=draw(optional_text),
        path=draw(optional_text),
        category_data=draw(st.none() | st.fixed_dictionaries({"total": st.floats(0, 1)})),
        field_confidence=draw(st.none() | st.fixed_dictionaries({"/total": st.floats(0, 1)})),
        objects=draw(st.none() | st.lists(regions, min_size=1)),
    )


def test_the_fields_and_their_order():
    assert [field.name for field in dataclasses.fields(UploadResult)] == FIELDS


def test_only_id_and_name_are_required():
    result = UploadResult("i", "f")
    assert result.description_status is DescriptionStatus.PENDING
    assert result.to_dict() == {"image_id": "i", "filename": "f", "description_status": "pending"}
    assert list(result.to_dict(exclude_none=False)) == FIELDS


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        UploadResult("i", "f").image_id = "other"


@given(results(), st.booleans())
def test_it_survives_the_way_through_json(result, exclude_none):
    text = json.dumps(result.to_dict(exclude_none))
    assert UploadResult.from_api_response(json.loads(text)) == result


@given(results())
def test_at_most_one_property_is_true(result):
    truths = [result.is_failed, result.is_completed, result.is_pending]
    assert truths.count(True) == (0 if result.description_status is DescriptionStatus.SKIPPED else 1)


@given(st.dictionaries(st.sampled_from([*FIELDS, "id", "ai_tags", "upload_description", "new"]), st.none()))
def test_nulls_and_gaps_do_no_harm(data):
    assert UploadResult.from_api_response(data).image_id == ""


def test_it_reads_file_details():
    data = {
        "id": "i",
        "original_filename": "f",
        "upload_description": "d",
        "tags": ["mine", "ai"],
        "ai_tags": ["ai"],
        "description_status": "completed",
        "created_at": "2026-01-02T03:04:05Z",
        "description_error": "left over from an earlier try",
    }
    result = UploadResult.from_api_response(data)
    assert (result.image_id, result.filename, result.description, result.tags) == ("i", "f", "d", ["ai"])
    assert result.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert result.description_error is None


@pytest.mark.parametrize("status", ["dreaming", None, 7])
def test_an_unknown_status_is_pending(status):
    assert UploadResult.from_api_response({"description_status": status}).is_pending


def batch(*statuses, retryable=False):
    return BatchUploadResults(
        UploadResult(
            str(number), f"{number}.png", description_status=status, description_is_retryable=retryable or None
        )
        for number, status in enumerate(statuses)
    )


F, C, P, Q, S = (
    DescriptionStatus.FAILED,
    DescriptionStatus.COMPLETED,
    DescriptionStatus.PENDING,
    DescriptionStatus.QUEUED,
    DescriptionStatus.SKIPPED,
)


@pytest.mark.parametrize(
    ("results", "summary"),
    [
        (batch(), "0 results"),
        (batch(C, C), "2 succeeded"),
        (batch(C, F), "1 succeeded, 1 failed"),
        (batch(F, C, F, P, Q, S, retryable=True), "1 succeeded, 2 failed (2 retryable), 2 pending, 1 skipped"),
    ],
)
def test_the_summary(results, summary):
    assert results.summary() == summary


def test_the_members_of_a_batch():
    results = batch(F, C, P, Q, S)
    assert (results.failed_count, results.succeeded_count, results.pending_count) == (1, 1, 2)
    assert results.has_failures
    assert results.retryable() == []
    assert batch(F, C, retryable=True).retryable() == batch(F, retryable=True)
    assert isinstance(results, list)
    assert BatchUploadResults(session_ids=["a", "b"]).session_id == "a"
    assert results.session_id is None


def test_raising_on_failures():
    good = batch(C, P, S)
    assert good.raise_on_failures() is good
    with pytest.raises(DescriptionError, match="1 of 2 descriptions failed") as caught:
        batch(C, F).raise_on_failures()
    assert caught.value.details["image_id"] == "1"
    assert caught.value.details["failures"][0]["filename"] == "1.png"


@given(st.lists(results()))
def test_the_counts_of_a_batch_add_up(items):
    results = BatchUploadResults(items)
    skipped = sum(item.description_status is DescriptionStatus.SKIPPED for item in items)
    assert results.failed_count + results.succeeded_count + results.pending_count + skipped == len(items)
    assert set(map(id, results.retryable())) <= set(map(id, results.failed()))


def test_events():
    failed = UploadResult("i", "f", description_status=F, description_error="e", description_is_retryable=True)
    assert UploadProgressEvent(0, 5, 5, "f").progress_percent == 100.0
    assert "filename" not in UploadProgressEvent(0, 5, 5).to_dict()
    assert FileCompleteEvent(1, failed).to_dict()["result"]["description_status"] == "failed"
    assert DescriptionProgressEvent(1, 4, failed).progress_percent == 25.0
    assert DescriptionProgressEvent(1, 4).remaining_count == 3
    assert DescriptionFailedEvent(0, failed).error_message == "e"
    assert DescriptionFailedEvent(0, failed).is_retryable


def test_fields_and_objects_come_from_a_files_details():
    evidence = [{"field": "/total", "confidence": 0.9}, {"field": "/date", "confidence": None}]
    result = UploadResult.from_api_response(
        {
            "id": "i",
            "path": "a/b.png",
            "category_data": {"total": 3},
            "category_evidence": evidence,
            "perception": {"objects": [{"label": "dog"}]},
        }
    )
    assert (result.path, result.category_data) == ("a/b.png", {"total": 3})
    assert (result.field_confidence, result.objects) == ({"/total": 0.9}, [{"label": "dog"}])


def test_a_notebook_shows_what_a_picture_says_as_text():
    result = UploadResult("i", "f.png", description="<script>x</script>", tags=["<b>"], thumbnail_url="javascript:x")
    card = result._repr_html_()
    assert "&lt;script&gt;" in card and "&lt;b&gt;" in card
    assert "<script" not in card and "javascript:" not in card
    listed = BatchUploadResults([result] * 60)._repr_html_()
    assert "<script" not in listed and "and 10 more" in listed


def test_results_become_tables_of_other_libraries():
    results = BatchUploadResults(
        [
            UploadResult("1", "a.png", path="x/a.png", tags=["t"], category_data={"total": {"amount": 3}}),
            UploadResult("2", "b.png", category_data={"total": "other"}),
        ]
    )
    table = results.to_arrow()
    assert table.column("path").to_pylist() == ["x/a.png", None]
    assert table.column("tags").to_pylist() == [["t"], None]
    assert json.loads(table.column("category_data")[0].as_py()) == {"total": {"amount": 3}}
    for library in ("pandas", "polars"):
        if importlib.util.find_spec(library) is None:
            with pytest.raises(ImportError, match=f"pip install {library}"):
                getattr(results, f"to_{library}")()
        else:
            assert len(getattr(results, f"to_{library}")()) == 2
