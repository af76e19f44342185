"""Who may know whom (docs/ARCHITECTURE.md): the drawn direction of imports, held for every file."""

import ast
import re

import pytest

from tests.architecture.source import SDK, SERVER, imports, modules, parsed, within

# Each room and what it may import of our own code, itself apart. `wiring` and the command line may import everything.
ALLOWED: dict[str, set[str]] = {
    "domain": {"scopix.types.vocabulary"},
    "outgoing": {"scopix_server.domain"},
    "storage": {"scopix_server.outgoing", "scopix_server.domain", "scopix.types.vocabulary"},
    "engines": {"scopix_server.outgoing", "scopix_server.domain", "scopix.types.vocabulary"},
    "db": {"scopix_server.domain", "scopix.types.vocabulary"},
    "categories": {"scopix_server.domain", "scopix.types.vocabulary"},
    "pipeline": {"scopix_server.domain", "scopix_server.categories", "scopix.types.vocabulary"},
    "api": {
        "scopix_server.pipeline",
        "scopix_server.categories",
        "scopix_server.storage",
        "scopix_server.engines",
        "scopix_server.outgoing",
        "scopix_server.db",
        "scopix_server.domain",
        "scopix_server.logs",
        "scopix_server.tracing",
        "scopix.types",
    },
    "jobs": {
        "scopix_server.pipeline",
        "scopix_server.categories",
        "scopix_server.storage",
        "scopix_server.engines",
        "scopix_server.outgoing",
        "scopix_server.db",
        "scopix_server.domain",
        "scopix_server.logs",
        "scopix_server.tracing",
        "scopix.types.vocabulary",
    },
    "evaluation": {
        "scopix_server.pipeline",
        "scopix_server.categories",
        "scopix_server.engines",
        "scopix_server.domain",
        "scopix.types.vocabulary",
    },
    "config": set(),
    "logs": set(),
    "tracing": set(),
}
FREE = {
    "wiring",
    "wiring_engines",
    "wiring_evaluation",
    "wiring_keys",
    "wiring_storage",
    "wiring_upkeep",
    "cli",
    "__main__",
}

FORBIDDEN_LIBRARIES: dict[str, set[str]] = {
    "domain": {
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "dbos",
        "pydantic",
        "PIL",
        "numpy",
        "cv2",
        "onnxruntime",
    },
    "categories": {"fastapi", "starlette", "sqlalchemy", "dbos", "PIL", "numpy", "cv2", "onnxruntime", "rapidocr"},
    "pipeline": {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "cv2", "onnxruntime", "rapidocr", "onnx"},
}
SERVER_MODULES = list(modules(SERVER))
SDK_MODULES = list(modules(SDK))


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_room_is_in_the_table() -> None:
    rooms = {room_of(name) for name, _ in SERVER_MODULES} - {""}
    assert rooms <= ALLOWED.keys() | FREE


@pytest.mark.parametrize(("name", "path"), SERVER_MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_room_imports_only_what_lies_below_it(name: str, path) -> None:
    room = room_of(name)
    if room in FREE or not room:
        return
    own = f"scopix_server.{room}"
    ours = {target for target in imports(path) if within(target, "scopix") or within(target, "scopix_server")}
    allowed = ALLOWED[room] | {own}
    strangers = {target for target in ours if not any(within(target, package) for package in allowed)}
    assert not strangers, f"{name} may not import {sorted(strangers)}"


@pytest.mark.parametrize("room", FORBIDDEN_LIBRARIES)
def test_the_inner_rooms_know_no_outer_library(room: str) -> None:
    for name, path in SERVER_MODULES:
        if room_of(name) == room:
            libraries = {target.split(".")[0] for target in imports(path)}
            assert not libraries & FORBIDDEN_LIBRARIES[room], name


def test_imaging_stays_in_the_files_whose_job_it_is() -> None:
    using = {name for name, path in SERVER_MODULES if any(within(target, "PIL") for target in imports(path))}
    pipeline = {name for name in using if room_of(name) == "pipeline"}
    assert pipeline <= {"scopix_server.pipeline.decode", "scopix_server.pipeline.variants"}


def test_the_sdk_never_imports_the_server() -> None:
    for name, path in SDK_MODULES:
        assert not any(within(target, "scopix_server") for target in imports(path)), name


def test_the_vocabulary_needs_the_standard_library_only() -> None:
    assert imports(SDK / "types" / "vocabulary.py") <= {"enum"}


def test_the_command_line_uses_public_names_only() -> None:
    for name, path in SDK_MODULES:
        if within(name, "scopix.cli"):
            inner = {
                target
                for target in imports(path)
                if within(target, "scopix") and not within(target, "scopix.cli") and re.search(r"\._\w", target)
            }
            assert not inner, f"{name} imports {sorted(inner)}"


def test_no_cycles_between_the_modules_of_a_package() -> None:
    for found in (SDK_MODULES, SERVER_MODULES):
        names = {name for name, _ in found}
        # What is imported for types or inside a function is not there at load time, so it can make no cycle.
        graph = {name: _load_time_imports(path) & names for name, path in found}
        assert _cycle(graph) is None


def _load_time_imports(path) -> set[str]:
    found: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def _cycle(graph: dict[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str] | None:
        if name in trail:
            return trail[trail.index(name) :]
        if name in done:
            return None
        for target in sorted(graph[name]):
            if (cycle := walk(target, [*trail, name])) is not None:
                return cycle
        done.add(name)
        return None

    return next((cycle for name in sorted(graph) if (cycle := walk(name, [])) is not None), None)
