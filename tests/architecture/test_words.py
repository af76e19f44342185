"""One word a thing: identifiers use the words of the field, and none of those that were given up for them.

Names of the wire and of the database are older than the glossary and never change: columns are left out.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SDK, SERVER, parsed

# The word that an identifier may not contain, and what it is called instead.
EVERYWHERE = {
    "asked": "requested, or what the request is for",
    "books": "journal",
    "chores": "maintenance",
    "forget": "rollback",
    "longest": "MAX_...",
    "perceiver": "analyzer",
    "rendition": "variant",
    "renditions": "variants",
    "said": "message, sentence, description",
    "told": "message, sentence, or what was sent",
    "wanted": "request, criteria, expected",
    "workshop": "analyzer",
}
# Limits are MAX_... and MIN_...; a library's `most_common` is not ours.
CONSTANTS = {"most": "MAX_...", "least": "MIN_...", "longest": "MAX_..."}
# An engine answers a question; to a client there are requests and responses. A callback is called back.
EXCHANGE = {"answer": "response", "answers": "responses", "call": "request"}
ROOMS = {
    SDK: EXCHANGE | {"ledger": "journal"},
    SERVER / "api": EXCHANGE,
    SERVER / "intake": EXCHANGE,
    SERVER / "outgoing": EXCHANGE,
    # `part` is one of a form, or of a direct upload; a file under way to its place is spooled.
    SERVER / "storage": EXCHANGE | {"part": "spool, spooled", "parts": "spool"},
}
# Libraries' names: an event loop's, the agents' protocol's, and what its middlewares and callables must be called.
FOREIGN = {"CallToolResult", "__call__", "call_later", "call_tool"}


def test_identifiers_use_the_words_of_the_glossary() -> None:
    assert [found for package in (SDK, SERVER) for found in violations(package, EVERYWHERE)] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_rooms_use_their_words(room: Path) -> None:
    assert list(violations(room, ROOMS[room])) == []


def test_limits_are_maxima_and_minima() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in (SDK, SERVER)
        for path in package.rglob("*.py")
        for name in identifiers(path)
        if name.isupper() and words(name) & set(CONSTANTS)
    ]
    assert found == []


def test_a_word_inside_a_name_is_found() -> None:
    assert words("_HeldAnswers") == {"held", "answers"}
    assert words("why_it_was_told") & set(EVERYWHERE) == {"told"}
    assert words("HTTPCallFailed") == {"http", "call", "failed"}


def violations(package: Path, glossary: dict[str, str]) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        for name in sorted(identifiers(path) - columns() - FOREIGN):
            for word in sorted(words(name) & set(glossary)):
                yield f"{path.relative_to(ROOT)}: {name} ({word} -> {glossary[word]})"


def words(name: str) -> set[str]:
    """The words of an identifier, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@cache
def identifiers(path: Path) -> set[str]:
    """Every name that a file gives or uses: its own, those of functions, classes, parameters, variables, attributes."""
    found = {path.stem}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found.add(node.arg)
    return found


@cache
def columns() -> set[str]:
    """What the database's tables and columns are called."""
    calls = [node for node in ast.walk(parsed(SERVER / "db" / "schema.py")) if isinstance(node, ast.Call)]
    strings = [argument for call in calls for argument in call.args if isinstance(argument, ast.Constant)]
    return {str(string.value) for string in strings if str(string.value).isidentifier()}
