"""The books of an upload: whatever was written is read back, whatever was half written is as if it had not been."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopix.cli.batch import REQUEST_BYTES, plan_ranges
from scopix.cli.ledger import Ledger, LedgerError, stamp_of

SERVER = "http://127.0.0.1/api/v2"
STAMPS = st.lists(st.tuples(st.text(max_size=5), st.integers(-1, 9), st.integers(-1, 9)), min_size=1, max_size=9)


def open_ledger(path, server=SERVER):
    return Ledger(path, server)


@given(files=STAMPS, cut=st.integers(0, 2000), split=st.booleans(), drop=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_cut_at_any_byte_leaves_a_beginning_of_the_story(tmp_path_factory, files, cut, split, drop):
    path = tmp_path_factory.mktemp("ledger") / "books.jsonl"
    with open_ledger(path) as ledger:
        planned = ledger.plan(files, plan_ranges([1] * len(files), 3), careful=False)
        first = planned.requests[0]
        if split:
            first = ledger.replan(planned, first, [range(at, at + 1) for at in range(first.start, first.stop)])[0]
        ledger.answered(planned, first, "s-1", {0: "why"})
        if drop:
            ledger.drop(planned, [one for one in planned.requests if not one.answered])
        ledger.end(files[0][0], "described", "i", None)
    with open_ledger(path) as again:
        assert again.sessions == ledger.sessions
        assert again.ended == ledger.ended
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    with open_ledger(path) as partial:
        assert len(partial.sessions) <= 1
        for session in partial.sessions:
            assert session.files == planned.files
            assert session.session_id in (None, "s-1")
            assert all(one.answered is False or session.session_id == "s-1" for one in session.requests)
        partial.end("x", "failed", None, "after the cut")
    with open_ledger(path) as healed:
        assert healed.ended["x"]["reason"] == "after the cut"


def test_without_a_path_there_is_no_file(tmp_path):
    with open_ledger(None) as ledger:
        ledger.plan([("a", 1, 1)], [range(1)], careful=True)
    assert list(tmp_path.iterdir()) == []


HEADER = json.dumps({"ledger": 1, "server": SERVER}) + "\n"


@pytest.mark.parametrize(
    "line",
    [
        '{"x": 1}',
        "7",
        "my shopping list",
        HEADER + "[]",
        HEADER + '{"plan": 0}',
        HEADER + '{"replan": 7, "requests": 3}',
    ],
)
def test_another_file_is_not_taken_for_a_ledger(tmp_path, line):
    path = tmp_path / "other.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(LedgerError, match="--ledger"), open_ledger(path):
        pass
    assert path.read_text() == line + "\n"


def test_another_server_is_refused(tmp_path):
    path = tmp_path / "books.jsonl"
    with open_ledger(path):
        pass
    with pytest.raises(LedgerError, match="127"), open_ledger(path, "http://other/api/v2"):
        pass
    assert json.loads(path.read_text())["server"] == SERVER


def test_a_stamp_changes_with_the_file(tmp_path):
    path = tmp_path / "a"
    assert stamp_of(path) == (str(path), -1, -1)
    path.write_text("x")
    before = stamp_of(path)
    path.write_text("xy")
    assert stamp_of(path) != before


@given(st.lists(st.integers(-1, 100 * 1024 * 1024), max_size=60), st.integers(1, 20))
def test_requests_cover_every_file_once_and_keep_the_limits(sizes, most):
    ranges = plan_ranges(sizes, most)
    assert [index for one in ranges for index in one] == list(range(len(sizes)))
    for one in ranges:
        assert 1 <= len(one) <= most
        assert len(one) == 1 or sum(max(0, sizes[index]) for index in one) <= REQUEST_BYTES
