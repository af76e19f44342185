"""A budget on the tail: long files and functions are where code stops being read. The exceptions may only shrink."""

import ast
from statistics import quantiles

from tests.architecture.source import ROOT, SDK, SERVER, modules, parsed

FUNCTION_LINES = 60
FILE_LINES = 400
NESTING = 4

# Longer than a screen, each with its reason.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {}


def functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{name}.{node.name}", node)
        for name, path in [*modules(SDK), *modules(SERVER)]
        if "migrations" not in name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_functions_fit_a_screen() -> None:
    long = {name for name, node in functions() if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES}
    assert long == set(LONG_FUNCTIONS)


def test_most_functions_are_short() -> None:
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for _, node in functions()]
    assert quantiles(lengths, n=10)[8] <= 30


def test_files_can_be_read_in_one_go() -> None:
    long = {name for name, path in [*modules(SDK), *modules(SERVER)] if path.read_text().count("\n") > FILE_LINES}
    assert long == set(LONG_FILES)


def test_nesting_stays_shallow() -> None:
    deep = {name for name, node in functions() if _depth(node) > NESTING}
    assert not deep


def _depth(node: ast.AST) -> int:
    blocks = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try)
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        # `elif` is an `if` inside an `else`, but nobody reads it as deeper.
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, _depth(child) + (isinstance(child, blocks) and not is_elif))
    return deepest


def test_the_tests_hardly_mock() -> None:
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "architecture" not in path.parts]
    count = sum(path.read_text().count("def test_") for path in tests)
    mocking = sum(path.read_text().count(word) for path in tests for word in ("monkeypatch.setattr", "mock."))
    assert mocking <= count * 0.05
