"""Who may know whom (docs/ARCHITECTURE.md): the drawn direction of imports, held for every file."""

import ast
import re

import pytest

from tests.architecture.source import SDK, SERVER, imports, modules, parsed, within

# Each room and what it may import of our own code, itself apart. `wiring` and the command line may import everything.
_DOMAIN = {"scopix_server.domain"}
_BASE = _DOMAIN | {"scopix.types.vocabulary"}
_OBSERVED = {"scopix_server.logs", "scopix_server.tracing"}
ALLOWED: dict[str, set[str]] = {
    "domain": {"scopix.types.vocabulary"},
    "outgoing": _DOMAIN,
    "reading": _DOMAIN,
    "perception": _DOMAIN,
    "embedding": _DOMAIN,
    "documents": _BASE | {"scopix_server.reading", "scopix.types.sniff"},
    "composer": _DOMAIN | {"scopix_server.reading"},
    "vlm": _BASE | {"scopix_server.reading"},
    "storage": _BASE | {"scopix_server.outgoing"},
    "db": _BASE,
    "categories": _BASE | {"scopix_server.reading"},
    # What a file is, SDK and server tell by one table.
    "intake": _BASE | {"scopix.types.sniff"},
    "analysis": _BASE
    | {"scopix.types.sniff", "scopix_server.intake", "scopix_server.categories", "scopix_server.reading"},
    "library": _BASE | {"scopix_server.intake"},
    "upkeep": _BASE | {"scopix_server.intake"},
    "api": _BASE
    | _OBSERVED
    | {
        "scopix_server.intake",
        "scopix_server.library",
        "scopix_server.upkeep.readiness",
        "scopix_server.categories",
        "scopix.types",
    },
    # The SDK's tools over our own API; what they are is the SDK's business.
    "agents": _DOMAIN | {"scopix_server.api", "scopix_server.outgoing", "scopix"},
    "jobs": _BASE
    | _OBSERVED
    | {"scopix_server.analysis", "scopix_server.upkeep", "scopix_server.db", "scopix_server.quick_start"},
    "evaluation": _BASE | {"scopix_server.analysis", "scopix_server.categories", "scopix_server.perception"},
    "config": {
        "scopix_server.domain",
        "scopix_server.config_server",
        "scopix_server.config_values",
        "scopix_server.environment",
    },
    "config_server": {"scopix_server.config_values"},
    "config_values": {"scopix_server.domain.settings_checks"},
    "environment": set(),
    "quick_start": set(),
    "logs": {"scopix_server.domain.printable", "scopix_server.domain.redaction"},
    "tracing": {"scopix_server.span_export"},
    "span_export": {"scopix_server.domain.redaction"},
}
FREE = {"wiring", "cli", "__main__"}

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
    "reading": {"fastapi", "starlette", "sqlalchemy", "dbos", "PIL", "numpy", "cv2", "onnxruntime", "rapidocr"},
    "categories": {"fastapi", "starlette", "sqlalchemy", "dbos", "PIL", "numpy", "cv2", "onnxruntime", "rapidocr"},
    "intake": {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "PIL", "numpy", "onnxruntime"},
    "analysis": {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "cv2", "onnxruntime", "rapidocr", "onnx"},
    "library": {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "PIL", "onnxruntime"},
    "upkeep": {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "PIL", "numpy", "onnxruntime"},
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


def test_routes_translate_and_know_no_transaction() -> None:
    """What happens in the database is a use case's, in the room of its noun; a route is given what it works with."""
    for name, path in SERVER_MODULES:
        if within(name, "scopix_server.api.routes"):
            names = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}
            assert not names & {"Database", "Transaction", "transaction", "parts_of"}, name


@pytest.mark.parametrize("room", FORBIDDEN_LIBRARIES)
def test_the_inner_rooms_know_no_outer_library(room: str) -> None:
    for name, path in SERVER_MODULES:
        if room_of(name) == room:
            libraries = {target.split(".")[0] for target in imports(path)}
            assert not libraries & FORBIDDEN_LIBRARIES[room], name


def test_imaging_stays_in_the_files_whose_job_it_is() -> None:
    using = {name for name, path in SERVER_MODULES if any(within(target, "PIL") for target in imports(path))}
    use_cases = {name for name in using if room_of(name) in {"intake", "analysis", "library", "upkeep"}}
    of_formats = ("coded_colours", "jpegxl", "partial", "psd_merged", "raw_preview")
    theirs = (
        "blur",
        "decode",
        "descriptive",
        "frames",
        "fingerprint",
        "full_size",
        "ground",
        "look",
        "scan_pages",
        "srgb",
        "tiles",
        "variants",
        *of_formats,
    )
    assert use_cases == {f"scopix_server.analysis.{name}" for name in theirs}


def test_the_sdk_never_imports_the_server() -> None:
    for name, path in SDK_MODULES:
        assert not any(within(target, "scopix_server") for target in imports(path)), name


def test_the_vocabulary_needs_the_standard_library_only() -> None:
    assert imports(SDK / "types" / "vocabulary.py") <= {"enum"}


def test_the_table_of_file_types_needs_the_vocabulary_only() -> None:
    assert imports(SDK / "types" / "sniff.py") <= {"codecs", "dataclasses", "scopix.types.vocabulary"}


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
