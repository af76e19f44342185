"""What `scripts/build` makes holds all that is needed, and installs where nothing else is."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PACKAGES = {"scopix": "scopix", "scopix-models": "scopix_models", "scopix-server": "scopix_server"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, ROOT / "scripts/build", folder], check=True, capture_output=True)
    return folder


def test_every_file_of_a_package_is_in_its_wheel(dist: Path) -> None:
    for package, module in PACKAGES.items():
        (wheel,) = dist.glob(f"{module}-*.whl")
        (archive,) = dist.glob(f"{module}-*.tar.gz")
        assert archive.stat().st_size > 0
        with zipfile.ZipFile(wheel) as opened:
            names = set(opened.namelist())
            (about,) = [opened.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
        source = f"packages/{package}/src/"
        tracked = subprocess.run(["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True, check=True)
        missing = {name.removeprefix(source) for name in tracked.stdout.split()} - names
        assert not missing, package
        assert any(name.endswith("licenses/LICENSE") for name in names), package
        assert "License-Expression: Apache-2.0" in about
    with zipfile.ZipFile(wheel) as opened:
        assert {"scopix_server/static/index.html"} <= set(opened.namelist())


def test_the_wheels_install_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    """Without what they need, which other tests have: that they load nothing before it is used is enough to run."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True)
    python = tmp_path / "empty" / "bin" / "python"
    wheels = sorted(dist.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", *wheels]
    subprocess.run(pip, check=True)
    script = "import scopix, scopix_models, scopix_server; print(scopix.__version__, scopix_server.__file__)"
    done = subprocess.run([python, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2.") and str(tmp_path / "empty") in done.stdout
    told = subprocess.run([python.with_name("scopix"), "--help"], capture_output=True, text=True)
    assert told.returncode == 1 and "pip install" in told.stderr and "Traceback" not in told.stderr
