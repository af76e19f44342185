"""A page may be full of text: the work grows with it, not with its square, and the description stays short."""

import sys
from collections.abc import Callable
from random import Random
from types import FrameType

import pytest

from scopix_server.categories import BUILT_IN, Category
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Box, Perception, TextRegion
from tests.support.perceptions import DRAWN

FEW, MANY = 350, 1400
CATEGORIES = ["general", "map", "blueprint", "screenshot", "document"]
WORDS = ["Name:", "12.5 m²", "foo bar", "Kitchen", "Legend", "10", "20 %", "Total", "4.20"]


def region(text: str, x: float, y: float, width: float, height: float) -> TextRegion:
    return TextRegion(text, Box(x, y, width, height), 0.95)


def table(count: int) -> list[TextRegion]:
    words = ["alpha", "beta", "12.50", "Kitchen"]
    return [region(words[n % 4], n % 4 / 4, n // 4 * 4 / count, 0.1, 2 / count) for n in range(count)]


def column(count: int) -> list[TextRegion]:
    return [region(f"word {n}", 0.05, n / count, 0.1, 0.5 / count) for n in range(count)]


def row(count: int) -> list[TextRegion]:
    return [region("word", n / count, 0.5, 0.5 / count, 0.004) for n in range(count)]


def form(count: int) -> list[TextRegion]:
    label, value = "Name of the person who signs this:", "long value " * 20
    return [
        region(value if n % 2 else label, 0.1 + n % 2 * 0.4, n // 2 * 2 / count, 0.3, 1 / count) for n in range(count)
    ]


def scattered(count: int) -> list[TextRegion]:
    rng = Random(5)
    return [region(rng.choice(WORDS), rng.random(), rng.random(), 0.03, 0.004) for _ in range(count)]


def describe(lines: list[TextRegion], category: str) -> str:
    return GroundedComposer().describe(Perception(1200, 1600, tuple(lines), statistics=DRAWN), category).text


def calls(lines: list[TextRegion], category: str) -> int:
    """How many Python functions and generator steps one description takes: the same on every machine."""
    return counted(lambda: describe(lines, category))


def extraction_calls(lines: list[TextRegion], category: Category) -> int:
    """The same for a category's fields."""
    seen = Perception(1200, 1600, tuple(lines), statistics=DRAWN)
    return counted(lambda: category.extract(seen) if category.extract else None)


def counted(work: Callable[[], object]) -> int:
    count = 0

    # Unlike a profiler this hears of Python's own functions only, and of nothing within them: a third of the time.
    def on_call(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("draw", [table, column, row, form, scattered])
def test_however_much_is_written_the_description_stays_short(
    draw: Callable[[int], list[TextRegion]], category: str
) -> None:
    text = describe(draw(MANY), category)
    assert 0 < len(text) <= 4_000
    assert text.endswith((".", ")"))


@pytest.mark.parametrize("draw", [table, column, form, scattered])
def test_the_work_grows_with_the_text_and_not_with_its_square(draw: Callable[[int], list[TextRegion]]) -> None:
    assert calls(draw(MANY), "general") < 8 * calls(draw(FEW), "general")


@pytest.mark.parametrize("draw", [table, column, form, scattered])
def test_the_work_of_the_categories_grows_with_the_text_and_not_with_its_square(
    draw: Callable[[int], list[TextRegion]],
) -> None:
    # Half as much text, for so many categories: a square of it would still be twice the limit.
    for category in BUILT_IN:
        few, many = (extraction_calls(draw(count), category) for count in (FEW // 2, MANY // 2))
        assert many < 8 * few + 1000, category.name
