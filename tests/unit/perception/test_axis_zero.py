"""Where the "0" of an axis is looked for."""

import numpy as np
import pytest

from scopix_server.perception.axis_zero import place_of_zero


def line(text: str, right: float, middle: float, height: float = 20) -> tuple[np.ndarray, str, float]:
    left = right - 12 * len(text)
    top, bottom = middle - height / 2, middle + height / 2
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32), text, 0.99


def axis(*texts: str, gap: float = 100) -> list[tuple[np.ndarray, str, float]]:
    return [line(text, 90, 60 + gap * n) for n, text in enumerate(texts)]


@pytest.mark.parametrize("texts", [("40", "30", "20", "10"), ("1,500", "1,000", "500"), ("60%", "40%", "20%")])
def test_one_step_beneath_the_last_number(texts: tuple[str, ...]) -> None:
    place = place_of_zero(axis(*texts), 800, 600)
    assert place is not None
    assert place[:, 1].mean() == pytest.approx(60 + 100 * len(texts))
    assert place[:, 0].max() == 90


@pytest.mark.parametrize(
    "lines",
    [
        axis("40", "30", "20"),
        axis("10", "20", "30"),
        axis("30", "10", "5"),
        axis("20", "10"),
        axis("30", "20", "10", "0"),
        axis("30", "20", "10", gap=200),
        [*axis("30", "20", "10"), line("Jan", 100, 360)],
        [line("30", 90, 60), line("20", 90, 160), line("10", 90, 330)],
        [line("30", 90, 60), line("20", 140, 160), line("10", 90, 260)],
        [],
    ],
)
def test_nowhere_else(lines: list[tuple[np.ndarray, str, float]]) -> None:
    assert place_of_zero(lines, 800, 600) is None
