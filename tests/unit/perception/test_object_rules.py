"""Boxes that are one thing are counted once; the tables of labels and evidence are whole."""

import pytest

from scopix_server.domain.object_names import COCO_LABELS, close_names, object_name, resolve_name
from scopix_server.perception.detectors import Corners, Proposal, _prior_boxes, overlap, share_inside, without_doubles
from scopix_server.perception.labels import load_classes
from scopix_server.perception.objects import _Claim, _is_other_name, _load_evidence, _more_in_sight, _single


def proposal(label: str, score: float, *sides: float) -> Proposal:
    return Proposal(label, score, Corners(*sides))


def test_overlap_and_share_of_boxes():
    left, right = Corners(0, 0, 0.5, 1), Corners(0.25, 0, 0.75, 1)
    assert overlap(left, right) == pytest.approx(1 / 3)
    assert overlap(left, Corners(0.6, 0, 1, 1)) == 0
    assert share_inside(Corners(0.1, 0.1, 0.2, 0.2), left) == pytest.approx(1)


def test_doubles_of_one_label_give_way_to_the_surer_one():
    found = [
        proposal("dog", 0.6, 0, 0, 0.5, 1),
        proposal("dog", 0.9, 0.02, 0, 0.5, 1),
        proposal("cat", 0.5, 0, 0, 0.5, 1),
    ]
    assert [(each.label, each.score) for each in without_doubles(found, 0.5)] == [("dog", 0.9), ("cat", 0.5)]


def test_a_part_inside_a_surer_box_is_not_counted():
    whole, part = proposal("person", 0.9, 0, 0, 0.5, 1), proposal("person", 0.6, 0.1, 0, 0.3, 0.3)
    assert _single([whole, part]) == [whole]


def test_what_only_one_detector_half_sees_leaves_the_count_open():
    seen = [proposal("dog", 0.9, 0, 0, 0.4, 1)]
    assert not _more_in_sight(seen, [proposal("dog", 0.6, 0, 0, 0.4, 1)], seen)
    assert _more_in_sight([*seen, proposal("dog", 0.35, 0.6, 0, 1, 1)], [], seen)
    assert _more_in_sight(seen, [proposal("dog", 0.4, 0.6, 0, 1, 1)], seen)


def test_one_thing_with_two_names_keeps_the_surer_one():
    truck, car = (_Claim(proposal(label, score, 0, 0, 0.9, 1), 0.5) for label, score in (("truck", 0.6), ("car", 0.8)))
    person = _Claim(proposal("person", 0.7, 0, 0, 0.9, 1), 0.6)
    claims = [truck, car, person]
    assert [_is_other_name(claim, claims) for claim in claims] == [True, False, False]


def test_there_are_as_many_prior_boxes_as_outputs():
    boxes = _prior_boxes()
    assert boxes.shape == (1917, 4)
    assert (boxes[:, :2] > 0).all()
    assert (boxes[:, :2] < 1).all()


def test_every_label_has_its_evidence():
    evidence = _load_evidence(load_classes())
    assert tuple(evidence) == COCO_LABELS
    known = {"person", "looks", "hoofed", "unknown", "proved", "vehicle", "other"}
    assert {each.rule for each in evidence.values()} == known
    # A rule that asks the third network for a probability needs classes to ask for, and a least one.
    assert all(each.at_least > 0 and len(each.classes) for each in evidence.values() if each.rule == "looks")
    assert len(evidence["dog"].classes) == 118
    assert len(evidence["bear"].classes) == 5


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("puppy", "dog"),
        ("puppies", None),
        ("Bike", "bicycle"),
        ("bikes", "bicycle"),
        ("sofa", "couch"),
        ("people", "person"),
        ("buses", "bus"),
        ("wine_glass", "wine glass"),
        ("television", "screen"),
        ("dragon", None),
    ],
)
def test_words_stand_for_labels(word, label):
    assert resolve_name(word) == label


def test_labels_are_their_own_names_and_no_synonym_is_another_label():
    assert len(set(COCO_LABELS)) == 80
    for label in COCO_LABELS:
        name = object_name(label)
        assert name is not None
        assert resolve_name(label) == label
        assert resolve_name(name.plural) == label
        assert not set(name.synonyms) & (set(COCO_LABELS) - {label})


def test_words_that_are_near_a_label_are_suggested():
    assert "bicycle" in close_names("bycicle")
