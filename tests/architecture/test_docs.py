"""Documentation is tested like code: every setting, route and picture is described, and every link leads somewhere."""

import re

import typer
from PIL import Image

from scopix.cli.app import app
from scopix_server.config import Settings
from tests.architecture.source import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_every_setting_is_documented_with_its_meaning() -> None:
    page = (REFERENCE / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`SCOPIX_{name.upper()}`" in page, name
        assert field.description, name
        assert field.description in page, name


def test_every_route_is_documented() -> None:
    page = (REFERENCE / "rest-api.md").read_text()
    for path in (ROOT / "packages/scopix-server/src/scopix_server/api/routes").glob("*.py"):
        source = path.read_text()
        prefix = re.search(r'^router = APIRouter\(prefix="([^"]+)"', source, re.MULTILINE)
        for method, route in re.findall(r'@router\.(get|post|put|patch|delete)\(\s*"([^"]*)"', source):
            described = f"`{method.upper()} {prefix[1] if prefix else ''}{route}`"
            assert described in page, described


def test_every_command_is_documented_with_its_options() -> None:
    page = (ROOT / "docs" / "how-to" / "command-line.md").read_text()
    summary = (ROOT / "packages" / "scopix" / "api.md").read_text()
    for name, command in typer.main.get_command(app).commands.items():
        assert f"`scopix {name} " in page or f"`scopix {name}`" in page, name
        assert f"    scopix {name}" in summary, name
        for parameter in command.params:
            words = [word for word in [*parameter.opts, *parameter.secondary_opts] if word.startswith("--")]
            assert not words or any(word in summary for word in words), f"{name} {words}"


def test_every_example_picture_has_a_source_and_a_licence() -> None:
    folder = ROOT / "examples" / "images"
    pictures = [path for path in folder.iterdir() if path.suffix != ".md"]
    page = (folder / "README.md").read_text()
    assert len(pictures) >= 10
    for path in pictures:
        (row,) = [line for line in page.splitlines() if line.startswith("|") and f"`{path.name}`" in line]
        assert re.search(r"CC0|public domain|Apache-2\.0", row, re.IGNORECASE), path.name
        with Image.open(path) as image:
            image.load()


def test_relative_links_lead_somewhere() -> None:
    pages = [path for path in ROOT.rglob("*.md") if not {".venv", ".demo", "node_modules", ".node"} & set(path.parts)]
    assert len(pages) > 5
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_scripts_are_listed() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    for path in (ROOT / "scripts").iterdir():
        assert f"`scripts/{path.name}`" in page, path.name


def test_every_demand_of_the_contract_names_tests_that_exist() -> None:
    page = (REFERENCE / "conformance.md").read_text()
    for number in range(1, 71):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| R{number} |")]
        for file, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row):
            assert f"def {test}(" in (ROOT / file).read_text(), f"R{number}: {file}::{test}"
