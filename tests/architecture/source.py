"""The source as a graph of imports, read without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "packages" / "scopix" / "src" / "scopix"
SERVER = ROOT / "packages" / "scopix-server" / "src" / "scopix_server"


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Each module of a package with its dotted name."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, in functions and for types too, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where things come from"
            found.add(node.module or "")
            # `from scopix.types import files` imports a module by way of its package.
            found |= {
                f"{node.module}.{alias.name}" for alias in node.names if _is_module(f"{node.module}.{alias.name}")
            }
    return found


def _is_module(name: str) -> bool:
    for package in (SDK, SERVER):
        path = package.parent.joinpath(*name.split("."))
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return True
    return False


def within(name: str, package: str) -> bool:
    """Whether the dotted `name` is `package` or something inside it."""
    return name == package or name.startswith(package + ".")
