"""The page that follows an upload through the server names what is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "life-of-an-upload.md").read_text()
SERVER = ROOT / "packages" / "scopix-server" / "src" / "scopix_server"
NAMED = sorted(set(re.findall(r"`([\w/]+\.py): (\w+)`", PAGE)))


def test_it_names_the_way() -> None:
    assert len(NAMED) > 25
    rooms = {path.split("/")[0] for path, _ in NAMED}
    assert {"api", "intake", "db", "jobs", "analysis", "perception", "composer"} <= rooms


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_it_names_is_there(path: str, name: str) -> None:
    tree = ast.parse((SERVER / path).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    assert name in {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:benchmarks|packages)/[\w./-]+)`", PAGE))))
def test_paths_are_there(path: str) -> None:
    assert Path(ROOT / path).exists()
