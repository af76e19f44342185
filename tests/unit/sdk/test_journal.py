"""The journal of an upload: whatever was written is read back, whatever was half written is as if it had not been."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopix import ValidationError
from scopix._batch import cut as pieces_of
from scopix._batch import stamps_of
from scopix._expand import Entry
from scopix._journal import Journal, is_as_stamped, stamp_of

SERVER = "http://127.0.0.1/api/v2"
STAMPS = st.lists(st.tuples(st.text(max_size=5), st.integers(-1, 9), st.integers(-1, 9)), min_size=1, max_size=9)


def open_journal(path, server=SERVER):
    return Journal(path, server)


@given(files=STAMPS, cut=st.integers(0, 2000), split=st.booleans(), drop=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_cut_at_any_byte_leaves_a_beginning_of_the_story(tmp_path_factory, files, cut, split, drop):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with open_journal(path) as journal:
        planned = journal.plan(
            files, [range(one[0], one[-1] + 1) for one in pieces_of(range(len(files)), 3)], careful=False
        )
        first = planned.requests[0]
        if split:
            first = journal.replan(planned, first, [range(at, at + 1) for at in range(first.start, first.stop)])[0]
        journal.answered(planned, first, "s-1", {0: "why"})
        if drop:
            journal.drop(planned, [one for one in planned.requests if not one.answered])
        journal.end(files[0][0], "described", "i", None)
    with open_journal(path) as again:
        assert again.sessions == journal.sessions
        assert again.ended == journal.ended
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    with open_journal(path) as partial:
        assert len(partial.sessions) <= 1
        for session in partial.sessions:
            assert session.files == planned.files
            assert session.session_id in (None, "s-1")
            assert all(one.answered is False or session.session_id == "s-1" for one in session.requests)
        partial.end("x", "failed", None, "after the cut")
    with open_journal(path) as healed:
        assert healed.ended["x"]["reason"] == "after the cut"


def test_without_a_path_there_is_no_file(tmp_path):
    with open_journal(None) as journal:
        journal.plan([("a", 1, 1)], [range(1)], careful=True)
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
def test_another_file_is_not_taken_for_a_journal(tmp_path, line):
    path = tmp_path / "other.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValidationError, match="no journal"), open_journal(path):
        pass
    assert path.read_text() == line + "\n"


def test_another_server_is_refused(tmp_path):
    path = tmp_path / "journal.jsonl"
    with open_journal(path):
        pass
    with pytest.raises(ValidationError, match="127"), open_journal(path, "http://other/api/v2"):
        pass
    assert json.loads(path.read_text())["server"] == SERVER


def test_a_stamp_changes_with_the_file(tmp_path):
    path = tmp_path / "a"
    assert stamp_of(path) == (str(path), -1, -1)
    path.write_text("x")
    before = stamp_of(path)
    path.write_text("xy")
    assert stamp_of(path) != before


def test_content_from_memory_is_told_by_its_hash(tmp_path):
    contents = [Entry(content, name, named=True) for content, name in ((b"a", "x"), (b"a", "x"), (b"b", "x"))]
    first, second, other = stamps_of(contents, hashed=True)
    assert len({first, second, other}) == 3
    assert stamps_of(contents, hashed=True) == [first, second, other]
    assert is_as_stamped(first, {first})
    assert not is_as_stamped(first, {other})


def test_a_closed_journal_takes_nothing_quietly(tmp_path):
    with pytest.raises(RuntimeError, match="not open"):
        open_journal(tmp_path / "journal.jsonl").plan([("a", 1, 1)], [range(1)], careful=False)
