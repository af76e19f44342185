"""Nothing of a stranger's text reaches a terminal as a command."""

import pytest

from scopix_server.domain.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("\x9b31m\u2028\u2066", r"\x9b31m\u2028\u2066"),
        ("half \ud83d", r"half \ud83d"),
        ("Plan – Änderung 図面\u3000三.png 😀", "Plan – Änderung 図面\u3000三.png 😀"),
    ],
)
def test_what_cannot_be_printed_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_of_a_traceback_stay() -> None:
    assert printable("a\n\tb\x1b[1m\r\n", lines=True) == "a\n\tb\\x1b[1m\\r\n"
