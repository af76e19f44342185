"""Every call of the program that the documentation shows is one that it takes: commands, options and their values."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from scopix.cli.app import app

ROOT = Path(__file__).resolve().parents[3]
SKILL = "packages/scopix/src/scopix/SKILL.md"
PAGES = ["README.md", SKILL, *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "how-to").glob("*.md"))]
ENDING = {"--install-completion", "--show-completion", "--help", "--version"}
# Where a call ends: at another program, a file, a remark.
_FOREIGN = re.compile(r"\||<|>|;|&&|#")


def shown(page: str) -> list[str]:
    """The calls of `scopix` in a page: in code spans and code blocks, up to where another program begins."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    calls = [part.strip() for line in lines for part in _FOREIGN.split(line)]
    return [call for call in calls if re.match(r"(\.venv/bin/)?scopix ", call) and "..." not in call.split()[1:2]]


@pytest.mark.parametrize("page", PAGES)
def test_calls_are_taken(page: str) -> None:
    for call in shown(page):
        words = [word for word in shlex.split(call.rstrip("\\"))[1:] if word != "..."]
        if words[0] in ENDING:
            continue
        command = typer.main.get_command(app)
        # Called as the program calls it, but for running what was asked for.
        context = command.make_context("scopix", list(words), resilient_parsing=False)
        rest = [*context._protected_args, *context.args]
        while rest:
            command = command.get_command(context, rest[0])
            assert command is not None, f"{page}: {call}: there is no command {rest[0]}"
            if len(rest) == 1:  # a command that is spoken of, without what it needs
                break
            context = command.make_context(rest[0], rest[1:], parent=context)
            rest = [*context._protected_args, *context.args]


def test_there_are_such_calls() -> None:
    assert sum(len(shown(page)) for page in PAGES) > 45
