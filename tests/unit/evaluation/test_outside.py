"""Outside truth: text with capitals folded, entities and subjects under any name, titles, judged statements."""

import hashlib
import json
import random

import numpy as np
import pytest

from scopix_server.domain.description import Description, ImageKind
from scopix_server.evaluation.fields import FieldCount
from scopix_server.evaluation.outside import TitleCount, claimed_title, read_judged, score_outside
from scopix_server.evaluation.outside_report import outside_figures, outside_table
from scopix_server.evaluation.score import Answer, score
from scopix_server.evaluation.truth import BadTruth, Case, Truth
from scripts.outside.sources import half_of
from scripts.outside.variants import VARIANTS

TEXT = 'A receipt in portrait format titled "Corner Shop". Two dogs; a bicycle on the left.'
EVIDENCE = (
    {"statement": 'A receipt in portrait format titled "Corner Shop".', "fields": {"total": ["RM 9.00"]}},
    {"statement": "Two dogs; a bicycle on the left.", "objects": [{"label": "dog"}, {"label": "bicycle"}]},
)


def scored(judged=None, tmp_path=None, **truth):
    description = Description(TEXT, ("animal",), "CORNER SHOP\nTotal 9.00", ImageKind.DOCUMENT, "t", "t", {}, EVIDENCE)
    case = Case("receipts/one.jpg", tmp_path, Truth(tier="photographed", **truth))
    return case, description, score_outside(case, description, judged or {})


def test_text_is_compared_without_capitals_and_by_words():
    *_, found = scored(lines=("Corner shop", "TOTAL 9.00", "Thanks"))
    assert found.ordered.errors == len(" thanks")
    assert found.words == FieldCount(6, 5, 5)


def test_figures_have_no_one_order_and_pages_have():
    lines = ("TOTAL 9.00", "Corner shop")
    assert scored(lines=lines, kinds=("chart", "diagram"))[2].ordered is None
    assert scored(lines=lines, kinds=("chart", "document"))[2].ordered.errors > 0


def test_entities_count_under_any_name_and_digits_decide():
    *_, found = scored(entities={"sum": ("RM9.00",), "company": ("CORNER SHOP",), "date": ("9.01",)})
    assert {name: count.right for name, count in found.entities.items()} == {"sum": 1, "company": 1, "date": 0}


@pytest.mark.parametrize(
    ("title", "count"),
    [
        ("Corner Shop", TitleCount(1, 1, 1)),
        ("Other Store", TitleCount(1, 1, 0)),
        ("", TitleCount(0, 1, 0)),
        (("", "corner shop"), TitleCount(1, 1, 1)),
    ],
)
def test_titles_are_right_wrong_or_made_up(title, count):
    assert scored(title=title)[2].title == count


def test_a_camera_is_no_title():
    text = 'A landscape-format photo. It was taken with a camera called "Corner Shop".'
    description = Description(text, (), None, ImageKind.PHOTO, "t", "t", {}, ())
    assert claimed_title(description) is None


def test_subjects_and_objects():
    *_, found = scored(subjects=("dog",), objects=("dog", "person"))
    assert found.subject is True
    assert found.objects == FieldCount(2, 2, 1)
    *_, other = scored(subjects=("cat",))
    assert (other.subject, other.other_subject) == (False, True)


def test_judged_statements_count_and_the_table_names_each_tier(tmp_path):
    path = tmp_path / "judged.jsonl"
    quoting = {"sha256": hashlib.sha256(EVIDENCE[0]["statement"].encode()).hexdigest(), "true": True}
    judged = [{"statement": EVIDENCE[1]["statement"], "true": False}, quoting]
    path.write_text("\n".join(json.dumps({"image": "receipts/one.jpg"} | one) for one in judged))
    case, description, _ = scored(kinds=("document",), entities={"total": ("9.00",)})
    scores = [score(case, Answer(description, (10, 10)), read_judged(path))]
    ((tier, figures),) = outside_figures(scores)
    assert (tier, figures["judged"], figures["statements_true"], figures["kind_right"]) == ("photographed", 2, 0.5, 1.0)
    assert "| photographed | builtin | 1 |" in outside_table([("builtin", scores)])
    path.write_text("{}")
    with pytest.raises(BadTruth, match="line 1"):
        read_judged(path)


def test_variants_are_seeded_and_keep_what_they_should(tmp_path):
    image = np.full((40, 60, 3), 200, np.uint8)
    image[10:20, 10:50] = 0
    made = {name: change(image, random.Random(name)) for name, change in VARIANTS.items()}
    assert all(np.array_equal(change(image, random.Random(name)), made[name]) for name, change in VARIANTS.items())
    assert made["quarter"].shape == (60, 40, 3)
    assert made["half"].shape == (20, 30, 3)
    assert made["turned"].shape[0] > 40
    assert made["dark"].mean() < image.mean() / 2
    assert [half_of(tmp_path / name, 1) for name in ("day_04.png", "x7.png", "plain.png")] == ["even", "odd", "odd"]
