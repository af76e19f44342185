"""What must happen in one place only."""

import ast
import re
import subprocess
import sys

from tests.architecture.source import ROOT, SDK, SERVER, imports, modules, parsed, within

ALL = [*modules(SDK), *modules(SERVER)]


def calls(path, pattern: str) -> bool:
    return any(
        re.fullmatch(pattern, ast.unparse(node.func)) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)
    )


def mentions(path, pattern: str) -> bool:
    return any(
        re.fullmatch(pattern, ast.unparse(node)) for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)
    )


def test_one_file_a_package_reads_the_environment() -> None:
    readers = {
        name for name, path in ALL if mentions(path, r"os\.(environ|getenv)") or calls(path, r"os\.getenv|getenv")
    }
    settings = {name for name, path in ALL if any(within(target, "pydantic_settings") for target in imports(path))}
    # The settings are read in one file, and half of them declared in another; the last rules what processes get to see.
    server = {"scopix_server.config", "scopix_server.config_server", "scopix_server.environment"}
    assert readers | settings == {"scopix._config", *server}


def test_one_file_commits() -> None:
    committing = {
        name
        for name, path in modules(SERVER)
        if calls(path, r".*connection\.commit|.*\.begin") and within(name, "scopix_server.db")
    }
    elsewhere = {
        name
        for name, path in modules(SERVER)
        if calls(path, r".*(connection|session|engine)\.(commit|begin)") and not within(name, "scopix_server.db")
    }
    # Migrations run in a transaction of their own.
    assert committing == {"scopix_server.db.connection", "scopix_server.db.migrate"}
    assert not elsewhere


def test_sql_stays_in_its_room() -> None:
    statement = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\s", re.IGNORECASE)
    for name, path in modules(SERVER):
        if within(name, "scopix_server.db"):
            continue
        using = {target for target in imports(path) if within(target, "sqlalchemy") or within(target, "sqlite3")}
        # The job queue tells the database's errors from others; it builds no statement.
        assert not using or name == "scopix_server.jobs.queue", name
        strings = [n.value for n in ast.walk(parsed(path)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        assert not any(statement.match(text) for text in strings), name


def test_images_are_opened_at_one_gate() -> None:
    assert {name for name, path in ALL if calls(path, r"(PIL\.)?Image\.open")} == {"scopix_server.analysis.decode"}
    streaming = {name for name, path in ALL if any(within(target, "pyvips") for target in imports(path))}
    assert streaming == {"scopix_server.analysis.decode_streamed"}
    # Decoders that Pillow does not come with.
    plugins = {
        name for name, path in ALL if {"pi_heif", "pylibjxl", "rawpy"} & {one.split(".")[0] for one in imports(path)}
    }
    assert plugins == {f"scopix_server.analysis.{name}" for name in ("decode", "jpegxl", "raw_preview")}


def test_the_web_process_loads_no_library_that_decodes_images() -> None:
    """Whatever takes a stranger's bytes in, and all that it imports."""
    libraries = ("PIL", "pyvips", "cv2", "pi_heif", "pylibjxl", "rawpy")
    script = f"import sys; import scopix_server.intake.{{}}; print([n for n in {libraries} if n in sys.modules])"
    for module in ("incoming", "accept", "sessions", "direct"):
        done = subprocess.run([sys.executable, "-c", script.format(module)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]", module


def test_one_file_names_the_http_library() -> None:
    naming = {name for name, path in modules(SDK) if any(within(target, "httpx2") for target in imports(path))}
    # The clients name the type of an HTTP client that may be given.
    homes = ("transport", "client")
    assert naming <= {f"scopix.{tree}.{home}" for tree in ("_async", "_sync") for home in homes}


def test_no_file_names_a_package_registry() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    # In pieces, so that this file names none either.
    hosts = [("files", r"python\w+"), ("pypi", "org"), ("registry", r"npm\w+")]
    options = [("-?", "(extra-)?index", "url"), ("find", "links")]
    pattern = re.compile("|".join([*(r"\.".join(host) for host in hosts), *("-".join(option) for option in options)]))
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tsv"} or not path.is_file():
            continue
        assert not pattern.search(path.read_text(errors="replace")), name
