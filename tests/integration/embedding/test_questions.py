"""How well forty questions in seven languages find the forty descriptions that they are for; nonsense finds nothing.

It is asked as the server does: the passages of a file, the model, and the floor are its own. The bounds are what was
reached, less one question.
"""

import numpy as np
import pytest

from scopix_server.domain.embedding import passages_of
from scopix_server.domain.search import MIN_SIMILARITY
from scopix_server.embedding.sentence_encoder import SentenceEncoder
from tests.data.search_questions import DESCRIPTIONS, NONSENSE, QUESTIONS


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module")
def scores(encoder: SentenceEncoder) -> dict[str, dict[str, float]]:
    """For each question and nonsense, how near each description is."""
    texts, owners = [], []
    for name, (description, tags, text) in DESCRIPTIONS.items():
        known = {"title": None, "things": (), "fields": {}, "pieces": ()}
        for passage in passages_of(description=description, tags=tags, visible_text=text, **known):  # type: ignore[arg-type]
            texts.append(passage.text)
            owners.append(name)
    asked = [*(text for _, text, _ in QUESTIONS), *NONSENSE]
    rows = np.stack([np.frombuffer(vector, np.int8).astype(float) for vector in encoder.embed([*asked, *texts])])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows[: len(asked)] @ rows[len(asked) :].T
    return {
        text: {name: max(line[place] for place, owner in enumerate(owners) if owner == name) for name in DESCRIPTIONS}
        for text, line in zip(asked, cosines, strict=True)
    }


def place(found: dict[str, float], name: str) -> int | None:
    """How many are before the right one; None if it is not found."""
    return None if found[name] < MIN_SIMILARITY else sum(score > found[name] for score in found.values())


@pytest.mark.parametrize(("english", "first"), [(True, 0.87), (False, 0.95)])
def test_the_right_description_is_found(scores: dict[str, dict[str, float]], english: bool, first: float) -> None:
    places = [place(scores[text], name) for language, text, name in QUESTIONS if (language == "en") is english]
    recall, firsts = np.mean([p is not None and p < 10 for p in places]), np.mean([p == 0 for p in places])
    print(f"recall@10 {recall:.2f}, first {firsts:.2f}")
    assert recall >= 0.95
    assert firsts >= first


def test_few_others_are_found(scores: dict[str, dict[str, float]]) -> None:
    others = [
        score >= MIN_SIMILARITY for _, text, right in QUESTIONS for name, score in scores[text].items() if name != right
    ]
    assert sum(others) / len(QUESTIONS) < 1.5  # of 39


def test_nonsense_finds_nothing(scores: dict[str, dict[str, float]]) -> None:
    assert {text: [name for name, score in scores[text].items() if score >= MIN_SIMILARITY] for text in NONSENSE} == {
        text: [] for text in NONSENSE
    }
