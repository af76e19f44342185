"""Names that somebody else chose, and files that are whole or not there."""

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.cli.saving import SaveError, new_file, safe_name

NASTY = (
    st.text() | st.text("./\\:*?\0\x1b \u202eaCONcon1") | st.lists(st.sampled_from(["..", "a", "", "~"])).map("/".join)
)
TYPES = st.sampled_from([None, "image/png", "image/jpeg", "text/plain", "application/pdf", "application/x-sh"])


@given(NASTY, TYPES)
def test_a_safe_name_is_a_name_and_nothing_else(name, content_type):
    safe = safe_name(name, content_type, otherwise="file")
    assert PurePosixPath(safe).name == PureWindowsPath(safe).name == safe
    assert not safe.startswith(".")
    assert not safe.endswith((".", " "))
    assert 0 < len(safe.encode()) <= 255
    assert not any(unicodedata.category(character)[0] == "C" for character in safe)
    assert not PureWindowsPath(safe).drive
    assert PureWindowsPath(safe).stem.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}
    # A second time changes nothing.
    assert safe_name(safe, content_type, otherwise="file") == safe


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=50))
def test_an_ordinary_name_stays(stem):
    name = unicodedata.normalize("NFC", f"{stem} 1.png")
    if len(name.encode()) < 190:
        assert safe_name(name, "image/png", otherwise="x") == name


def test_a_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "x.bin"
    with new_file(target, force=False) as file:
        file.write(b"half")
        assert not target.exists()
    assert target.read_bytes() == b"half"
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_a_failure_leaves_what_was_there(tmp_path):
    target = tmp_path / "x.bin"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), new_file(target, force=True) as file:
        file.write(b"new")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_what_came_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "x.bin"
    with pytest.raises(SaveError, match="--force"), new_file(target, force=False):
        target.write_bytes(b"somebody else's")
    assert target.read_bytes() == b"somebody else's"
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


@pytest.mark.parametrize("place", [".", "nowhere/x", "file/x"])
def test_places_that_are_none(tmp_path: Path, place: str):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError), new_file(tmp_path / place, force=True):
        pass
