"""The shipped evaluation set: the same bytes on every run, whole truth, free sources, and the built-in engine on it."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.draw import GROUPS, MANIFEST, SPLITS, draw, write
from evaluation.photographs import made_photographs, photographs
from evaluation.words import POOLS, SHARED, Words
from scopix_server.evaluation.truth import Truth, find_cases
from tests.support.commands import command

ROOT = Path(__file__).resolve().parents[3]
MANIFEST_DIGESTS = json.loads(MANIFEST.read_text())
SMALL = ["chart", "form", "map", "sign"]


def test_the_set_is_large_enough_and_split_in_two():
    drawn = sum(2 * count for _, count in GROUPS.values())
    assert drawn >= 60 and len(photographs()) >= 15
    made = made_photographs()
    assert len(MANIFEST_DIGESTS) == drawn + len(photographs()) + len(made)
    for split in SPLITS:
        assert sum(truth["split"] == split for _, _, truth in photographs().values()) >= 7
        assert sum(truth["split"] == split for _, _, truth in made.values()) == 5


@pytest.mark.parametrize("group", SMALL)
def test_the_same_seed_draws_the_same_bytes(group):
    for split in SPLITS:
        picture = draw(group, split, 1)
        name = f"{group}/{split}-1{picture.suffix}"
        assert hashlib.sha256(picture.data).hexdigest() == MANIFEST_DIGESTS[name], name


def test_the_photographs_are_those_that_were_looked_at():
    for name, (data, suffix, _) in {**photographs(), **made_photographs()}.items():
        assert hashlib.sha256(data).hexdigest() == MANIFEST_DIGESTS[f"photograph/{name}{suffix}"], name


def test_every_photograph_has_a_free_source():
    for name, (_, _, truth) in photographs().items():
        assert re.search(r"CC0|CC BY|public domain|BSD|no known copyright", truth["source"]), name
        assert Truth.model_validate({"group": "photograph", **truth})


def test_the_splits_share_no_words():
    from random import Random

    words = {split: Words(split, Random(1)) for split in SPLITS}
    for name in set(POOLS) - SHARED:
        assert not set(words["tuning"].all(name)) & set(words["held_out"].all(name)), name


def test_what_is_written_has_its_truth_beside_it(tmp_path):
    write(tmp_path, ["sign"])
    cases = find_cases(tmp_path)
    assert len(cases) == 2 * GROUPS["sign"][1]
    assert all(case.truth.lines and case.truth.group == "sign" for case in cases)


# The command, on a few pictures with the real engine ------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The report of `scopix-server eval` on six pictures, by group, and the folder it was written to."""
    folder = tmp_path_factory.mktemp("evaluation")
    for group in ("form", "map", "sign"):
        for number in (0, 1):
            picture = draw(group, "tuning", number)
            path = folder / "set" / group / f"{number}{picture.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture.data)
            path.with_suffix(".json").write_text(json.dumps(picture.truth))
    (folder / "set" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    (folder / "set" / "broken.json").write_text('{"split": "tuning", "lines": ["nothing"]}')
    command = [sys.executable, "-m", "scopix_server", "eval", str(folder / "set"), "--split", "tuning", "--json"]
    command += ["--output", str(folder / "report"), "--data-dir", str(folder / "data"), "--processes", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (engine,) = json.loads(done.stdout)["engines"]
    return folder, engine


def test_the_built_in_engine_reads_and_claims_nothing_false(measured):
    _, engine = measured
    rows = {row["group"]: row for row in engine["rows"]}
    assert rows["form"]["cer"] <= 0.01
    assert rows["map"]["cer"] <= 0.01
    assert rows["sign"]["cer"] <= 0.03
    for group in ("form", "map", "sign"):
        assert rows[group]["unsupported_claims"] == 0
        assert rows[group]["kind_accuracy"] == 1.0
    for group in ("form", "map"):
        assert rows[group]["field_recall"] >= 0.95
        assert rows[group]["field_precision"] >= 0.98


def test_a_picture_that_cannot_be_read_is_a_row_not_a_crash(measured):
    _, engine = measured
    (broken,) = [image for image in engine["images"] if image["image"] == "broken.png"]
    assert broken["failed"] == 1 and broken["error"] and broken["cer"] == 1.0


def test_the_report_is_written_for_people_and_for_programs(measured):
    folder, engine = measured
    table = (folder / "report.md").read_text()
    assert "| **tuning** | tuning | 7 (1 failed) |" in table
    assert "broken.png" in table
    assert json.loads((folder / "report.json").read_text())["engines"] == [engine]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--engine", "nonesuch"], "no engine 'nonesuch'"), (["--split", "held-out"], "no picture")],
)
def test_mistakes_are_told_in_one_line(tmp_path, arguments, words):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "a.json").write_text('{"split": "tuning"}')
    done = command(tmp_path, "eval", str(tmp_path), *arguments)
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr
