"""What the package tells agents: its Python runs as written, and both files are where a wheel is made from."""

import re
import tomllib
from pathlib import Path

import pytest

import scopix
from scopix.cli.commands import HELP
from tests.integration.cli.files import put
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

FOLDER = Path(scopix.__file__).parent


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
def test_the_skills_python_runs(
    scopix_server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = put(scopix_server, "skill", name="invoice.png")
    (tmp_path / "photo.jpg").write_bytes(encoded(picture(300, 200, 533), "JPEG"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCOPIX_API_KEY", scopix_server.api_key)
    monkeypatch.setenv("SCOPIX_BASE_URL", scopix_server.base_url)
    (block,) = re.findall(r"```python\n(.*?)```", (FOLDER / "SKILL.md").read_text(), re.S)
    exec(compile(block, "SKILL.md", "exec"), {})
    first, *rest = capsys.readouterr().out.splitlines()
    assert not first.startswith("None") and any(found in line for line in rest)


def test_both_files_are_in_the_wheel_and_name_every_command() -> None:
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())
    assert {"SKILL.md", "llms.txt"} <= set(project["tool"]["setuptools"]["package-data"]["scopix"])
    summary = (FOLDER / "llms.txt").read_text()
    assert all(f"\n- scopix {name}: " in summary for name in HELP)
    assert "client.files.analyze: (" in summary
    head = (FOLDER / "SKILL.md").read_text().split("---")[1]
    assert (
        re.search(r"^name: scopix$", head, re.M) and 50 < len(re.search(r"^description: (.*)$", head, re.M)[1]) < 1024
    )
