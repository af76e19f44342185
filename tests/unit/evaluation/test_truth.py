"""Reading what is known of pictures."""

import json

import pytest

from scopix_server.evaluation.truth import BadTruth, find_cases


def put(folder, name, truth, suffix=".png"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(suffix).write_bytes(b"not looked at here")
    path.with_suffix(".json").write_text(truth if isinstance(truth, str) else json.dumps(truth))


def test_pictures_are_found_at_any_depth_with_their_folder_as_group(tmp_path):
    put(tmp_path, "maps/one", {"split": "tuning"})
    put(tmp_path, "maps/two", {"group": "plans"}, ".jpg")
    (tmp_path / "notes.json").write_text("{}")  # no picture beside it
    cases = find_cases(tmp_path)
    assert [(case.name, case.truth.group) for case in cases] == [("maps/one.png", "maps"), ("maps/two.jpg", "plans")]
    assert [case.name for case in find_cases(tmp_path, "tuning")] == ["maps/one.png"]


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ("{not json", "maps/one.json"),
        ({"kinds": ["spaceship"]}, "kinds"),
        ({"faces": -1}, "faces"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, truth, words):
    put(tmp_path, "maps/one", truth)
    with pytest.raises(BadTruth, match=words):
        find_cases(tmp_path)


def test_unknown_keys_are_warned_of_and_the_rest_is_scored(tmp_path):
    put(tmp_path, "maps/one", {"line": [], "kinds": ["map"]})
    with pytest.warns(UserWarning, match=r"one\.json: not scored.*line"):
        (case,) = find_cases(tmp_path)
    assert case.truth.kinds == ("map",)


def test_an_empty_folder_is_no_set(tmp_path):
    with pytest.raises(BadTruth, match="no picture"):
        find_cases(tmp_path)
