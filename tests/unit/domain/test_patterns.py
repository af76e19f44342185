"""Patterns that are compiled when they are first used."""

import gc
import importlib
import pkgutil
import re

import pytest

import scopix_server.categories
import scopix_server.reading
from scopix_server.domain import patterns


def test_it_does_what_a_compiled_pattern_does() -> None:
    lazy, compiled = patterns.late(r"(?P<word>b+)c?", re.IGNORECASE), re.compile(r"(?P<word>b+)c?", re.IGNORECASE)
    for text in ("abBc", "none", ""):
        assert [match.span() for match in lazy.finditer(text)] == [match.span() for match in compiled.finditer(text)]
        assert lazy.sub("-", text) == compiled.sub("-", text)
        assert bool(lazy.fullmatch(text)) == bool(compiled.fullmatch(text))
    assert (lazy.pattern, lazy.groupindex) == (compiled.pattern, compiled.groupindex)


def test_it_is_compiled_once_and_only_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    compile_one = re.compile

    def noted(pattern: str, flags: int) -> re.Pattern[str]:
        asked.append(pattern)
        return compile_one(pattern, flags)

    monkeypatch.setattr(re, "compile", noted)
    lazy = patterns.late("a+")
    assert lazy.pattern == "a+"
    assert not asked
    assert lazy.search("caat") and lazy.search("a")
    assert asked == ["a+"]


def test_every_one_can_be_compiled() -> None:
    for room in (scopix_server.reading, scopix_server.categories):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    gc.unfreeze()  # what the tests' conftest keeps out of the sight of the collector
    found = [it for it in gc.get_objects() if type(it) is patterns._Late]
    gc.freeze()
    assert len(found) > 100
    for late in found:
        re.compile(late.pattern, late.flags)
