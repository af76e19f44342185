"""The program as it is installed, in a process of its own."""

import subprocess
import sys

import platformdirs

from scopix.cli.connection import default_data_dir

SCOPIX = [sys.executable, "-c", "from scopix.cli import main; main()"]


def run(*arguments, **options):
    return subprocess.run([*SCOPIX, *arguments], capture_output=True, text=True, **options)


def test_the_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, "scopix 2.0.0\n")


def test_the_help_names_the_variables():
    text = run("--help").stdout
    for name in ("SCOPIX_API_KEY", "SCOPIX_BASE_URL", "SCOPIX_DATA_DIR"):
        assert name in text
    assert "--category" in run("upload", "--help").stdout


def test_help_never_shows_a_key():
    assert "hush" not in run("--help", env={"SCOPIX_API_KEY": "hush", "PATH": ""}).stdout


def test_a_missing_extra_is_told():
    code = "import sys; sys.modules['typer'] = None; from scopix.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "scopix[cli]" in done.stderr


def test_the_data_directory_is_the_servers():
    assert default_data_dir() == platformdirs.user_data_path("scopix")
