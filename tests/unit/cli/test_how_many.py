"""What a list says of its length."""

import pytest

from scopix.cli.list_files import say_how_many


@pytest.mark.parametrize(
    ("shown", "total", "has_more", "is_minimum", "sentence"),
    [
        (1, 1, False, False, "1 file"),
        (20, 1234, True, False, "20 of 1,234 files; more with --offset 20 or --all"),
        (20, 10_000, True, True, "20 of more than 10,000 files; more with --offset 20 or --all"),
        (10_000, 10_000, True, True, "10,000 of more than 10,000 files; more with --offset 10000 or --all"),
        (25_000, 10_000, False, True, "25,000 files"),
    ],
)
def test_the_sentence(
    capsys: pytest.CaptureFixture[str], shown: int, total: int, has_more: bool, is_minimum: bool, sentence: str
) -> None:
    say_how_many(shown, total, 0, has_more=has_more, is_minimum=is_minimum)
    assert " ".join(capsys.readouterr().err.split()) == sentence
