"""What a start costs, told by the modules that it loads: time is another one on each machine, and each minute."""

import subprocess
import sys

import typer

from scopix.cli.app import app
from scopix.cli.commands import HELP

# What takes the time: each of them loads a hundred modules or more.
HEAVY = {"asyncio", "httpcore2", "httpx2", "pydantic", "rich"}


def loaded_by(statement: str) -> set[str]:
    """The names of the modules that a new interpreter loads for `statement` beyond those that it begins with."""
    program = f"""
import sys
bare = set(sys.modules)
try:
    {statement}
except SystemExit:
    pass
sys.stderr.write(" ".join(set(sys.modules) - bare))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_import_scopix_loads_the_client_when_it_is_used() -> None:
    loaded = loaded_by("import scopix")
    assert not packages(loaded) & (HEAVY | {"typer"})
    # 30 with Python 3.11, most of them for `typing` and `re`; with the client it is 350.
    assert len(loaded) <= 40, sorted(loaded)
    assert packages(loaded_by("import scopix; scopix.Scopix")) >= {"httpx2", "pydantic"}


def test_help_of_the_command_line_loads_no_command() -> None:
    loaded = loaded_by("import scopix.cli; sys.argv[1:] = ['--help']; scopix.cli.main()")
    assert "typer" in loaded
    assert not packages(loaded) & HEAVY
    assert {name for name in loaded if name.startswith("scopix.cli.")} == {
        "scopix.cli.app",
        "scopix.cli.commands",
        "scopix.cli.connection",
    }


def test_every_command_is_there_and_says_of_itself_what_the_help_says() -> None:
    group = typer.main.get_command(app)
    context = typer.Context(group)
    assert group.list_commands(context) == list(HELP)
    for name, text in HELP.items():
        command = group.get_command(context, name)
        assert command.name == name
        assert command.get_short_help_str(200) == text
