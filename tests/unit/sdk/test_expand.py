"""Which files a batch is made of."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopix import UploadError, ValidationError, find_images, scan_directory
from scopix._expand import expand

SETTINGS = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None}
NAMES = st.sampled_from(["a", "b.d", ".c", "E"])
SUFFIXES = st.sampled_from([".jpg", ".JPEG", ".png", ".webp", ".gif", ".GIF", ".pdf", ".txt", ".mp4", ""])
TREES = st.sets(st.tuples(st.lists(NAMES, max_size=3).map(tuple), st.sampled_from(["x", ".y", "z"]), SUFFIXES))
IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".gif"}


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def paths(files, **options):
    return [entry.file for entry in expand(files, **options).entries]


@given(tree=TREES, recursive=st.booleans(), include_hidden=st.booleans())
@settings(max_examples=60, **SETTINGS)
def test_a_directory_yields_exactly_its_pictures(tmp_path_factory, tree, recursive, include_hidden):
    root = tmp_path_factory.mktemp("tree") / ".hidden-itself"
    root.mkdir()
    wanted = set()
    for folders, stem, suffix in tree:
        path = root.joinpath(*(f"{folder}-d" for folder in folders), stem + suffix)
        touch(path)
        parts = path.relative_to(root).parts
        visible = include_hidden or not any(part.startswith(".") for part in parts)
        if suffix.lower() in IMAGES and visible and (recursive or len(parts) == 1):
            wanted.add(path)
    found = paths(root, recursive=recursive, include_hidden=include_hidden)
    assert found == sorted(wanted)
    assert found == find_images(root, recursive=recursive, include_hidden=include_hidden)
    scan = scan_directory(root, recursive=recursive, include_hidden=include_hidden)
    assert (scan.images, scan.unreadable) == (found, [])
    # Every file is one of the images, or skipped, or below a directory that is.
    covered = {*scan.images, *(one.path for one in scan.skipped)}
    assert all(covered & {path, *path.parents} for path in root.rglob("*") if path.is_file())


def test_a_directory_yields_what_the_server_takes_if_all_formats_are_asked_for(tmp_path):
    touch(*(tmp_path / name for name in ("a.jpg", "b.HEIC", "c.tif", "d.dng", "e.PDF", "f.docx", "g.mp4", "h.txt")))
    assert [path.name for path in find_images(tmp_path)] == ["a.jpg"]
    taken = [path.name for path in paths(tmp_path, formats="all")]
    assert taken == ["a.jpg", "b.HEIC", "c.tif", "d.dng", "e.PDF", "f.docx"]
    with pytest.raises(ValidationError, match="common"):
        find_images(tmp_path, formats="every")


@given(st.lists(st.integers(0, 5), max_size=12))
@settings(max_examples=30, **SETTINGS)
def test_each_file_comes_once_in_the_order_given(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("files")
    given_paths = [folder / f"{number}.dat" for number in numbers]
    assert paths([str(path) for path in given_paths]) == list(dict.fromkeys(given_paths))


def test_directories_and_files_mix(tmp_path):
    one, two, named = tmp_path / "one", tmp_path / "two", tmp_path / ".named.tiff"
    touch(one / "b.png", one / "a.jpg", two / "deep" / "c.gif", two / "notes.txt", named)
    found = paths([two, str(one), named, one / "a.jpg", one])
    assert found == [two / "deep" / "c.gif", one / "a.jpg", one / "b.png", named]


def test_what_was_named_is_known_as_such(tmp_path):
    touch(tmp_path / "d" / "a.png", tmp_path / "b.png")
    entries = expand([tmp_path / "d", tmp_path / "b.png", b"x"], filenames=[None, "other.png", "c.png"]).entries
    assert [(entry.filename, entry.named) for entry in entries] == [
        ("a.png", False),
        ("other.png", True),
        ("c.png", True),
    ]


def test_every_file_has_a_path_to_find_its_result_by(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path / "d" / "sub" / "a.png", tmp_path / "b.png")
    (alone,) = expand("d").entries
    assert (alone.path, alone.sent_path) == ("sub/a.png", "sub/a.png")
    given_paths = ["d", tmp_path / "b.png", "b.png", "../x.png", b"x", "d/sub/a.png", "d"]
    found = expand(given_paths, filenames=[None, None, None, None, "c.png", None, None])
    absolute = (tmp_path / "b.png").as_posix()
    # What is named twice is sent once and has a result for each name; what two directories hold has one.
    assert found.order == [
        (0, "d/sub/a.png"),
        (1, absolute),
        (1, "b.png"),
        (2, "../x.png"),
        (3, "c.png"),
        (0, "d/sub/a.png"),
    ]
    # Where a file is on this computer stays here.
    assert [entry.sent_path for entry in found.entries] == ["d/sub/a.png", "b.png", "x.png", "c.png"]


def test_equal_bytes_are_two_files():
    assert len(expand([b"x", b"x"], filenames=["a", "b"]).entries) == 2
    assert len(expand(b"x", filenames=["a"]).entries) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="makes links")
def test_links(tmp_path):
    touch(tmp_path / "real" / "a.png", tmp_path / "far" / "b.png")
    (tmp_path / "real" / "far").symlink_to(tmp_path / "far")
    (tmp_path / "real" / "circle").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "link.png").symlink_to(tmp_path / "far" / "b.png")
    (tmp_path / "real" / "again.png").symlink_to(tmp_path / "real" / "a.png")
    (tmp_path / "real" / "nowhere.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "real" / "self.png").symlink_to(tmp_path / "real" / "self.png")
    os.mkfifo(tmp_path / "real" / "pipe.png")
    assert [path.name for path in paths(tmp_path / "real")] == ["a.png", "link.png"]
    (tmp_path / "entry").symlink_to(tmp_path / "far")
    assert paths(tmp_path / "entry") == [tmp_path / "entry" / "b.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read_is_an_error(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    with pytest.raises(UploadError, match="cannot read the directory"):
        expand(tmp_path)


def test_a_directory_that_is_none_is_an_error(tmp_path):
    touch(tmp_path / "a.png")
    with pytest.raises(UploadError, match="cannot read the directory") as caught:
        find_images(tmp_path / "a.png")
    assert caught.value.details["path"] == str(tmp_path / "a.png")


@pytest.mark.parametrize("files", [[None], [7], [["a"]]])
def test_strange_entries_are_refused(files):
    with pytest.raises(ValidationError, match="must be a path"):
        expand(files)


@pytest.mark.parametrize(
    ("files", "names"), [([b"x"], None), ([b"x"], [None]), (["a"], []), (["a"], "a"), ("a", ["b", "c"])]
)
def test_names_must_fit(files, names):
    with pytest.raises(ValidationError) as caught:
        expand(files, filenames=names)
    assert caught.value.details["field"] == "filenames"


def test_the_limit():
    assert len(expand([f"{number}" for number in range(10_000)]).entries) == 10_000
    with pytest.raises(ValidationError, match="10,000"):
        expand([f"{number}" for number in range(10_001)])


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_file_can_have_is_passed_on(name):
    assert paths(name) == [Path(name)]


def test_what_a_directory_holds_beside_pictures_is_told(tmp_path):
    for name in ("a.png", "b.pdf", "c.mp4", ".d.png", "deep/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    given = expand([tmp_path])
    assert [entry.filename for entry in given.entries] == ["a.png"]
    assert {one.path.name: one.reason for one in given.skipped} == {
        "b.pdf": ".pdf is not taken from directories",
        "c.mp4": ".mp4 is not taken from directories",
        ".d.png": "hidden",
        "e.txt": ".txt is not taken from directories",
    }
    assert "b.pdf" not in {one.path.name for one in expand([tmp_path], formats="all").skipped}
