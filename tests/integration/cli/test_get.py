"""`scopix get`: the particulars, and the file itself, under harmless names, over nothing."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.api.conftest import EXAMPLES
from tests.integration.cli.files import put
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.faulty_server import Reply, json_reply
from tests.integration.sdk.happy import DETAILS, IMAGE_ID
from tests.support.images import encoded, picture

DATA = encoded(picture(40, 30, 77))


@pytest.fixture(scope="module")
def stored(scopix_server):
    return put(scopix_server, "got", DATA, "Küche 1.png")


@pytest.fixture
def serve(server):
    """A server that hands out one file under the name given."""

    def set_up(name, data=PNG, **details):
        known = {"original_filename": name, "content_type": "image/png", "hash": hashlib.sha256(PNG).hexdigest()}
        server.routes |= {
            f"GET /api/v2/files/{IMAGE_ID}": json_reply({**DETAILS, **known, **details}),
            f"GET /api/v2/files/{IMAGE_ID}/download": Reply(302, b"", {"Location": f"{server.origin}/bytes"}),
            "GET /bytes": Reply(200, data),
        }

    return set_up


def test_the_particulars(real, stored):
    result = real("get", stored[:8])
    assert result.exit_code == 0
    assert stored in result.stdout
    assert "Küche 1.png" in result.stdout
    assert json.loads(real("get", stored, "--json").stdout)["hash"] == hashlib.sha256(DATA).hexdigest()


def test_the_file_is_saved_under_its_name(real, stored, tmp_path):
    result = real("get", stored, "--download")
    assert (result.exit_code, result.stdout) == (0, "Küche 1.png\n")
    assert (tmp_path / "Küche 1.png").read_bytes() == DATA
    again = real("get", stored, "--download")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    (tmp_path / "Küche 1.png").write_bytes(b"old")
    assert real("get", stored, "--download", "--force").exit_code == 0
    assert (tmp_path / "Küche 1.png").read_bytes() == DATA
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Küche 1.png"]


def test_a_place_of_ones_own(real, stored, tmp_path):
    (tmp_path / "here").mkdir()
    assert real("get", stored, "--download", "--to", tmp_path / "here").exit_code == 0
    assert (tmp_path / "here" / "Küche 1.png").read_bytes() == DATA
    saved = json.loads(real("get", stored, "--download", "--to", tmp_path / "x.bin", "--json").stdout)["saved"]
    assert saved == [str(tmp_path / "x.bin")]
    assert (tmp_path / "x.bin").read_bytes() == DATA
    assert (tmp_path / "x.bin").stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert real("get", stored, "--download", "--to", "-").stdout_bytes == DATA


def test_a_thumbnail(real, scopix_server, tmp_path):
    plan = put(scopix_server, "got", (EXAMPLES / "floor-plan.png").read_bytes(), "plan.png", describe=True)
    result = real("get", plan, "--thumbnail", "--download")
    assert result.stdout.split() == ["plan.png", "plan-thumbnail.jpg"]
    with Image.open(tmp_path / "plan-thumbnail.jpg") as image:
        assert max(image.size) == 256
    assert (tmp_path / "plan.png").read_bytes() == (EXAMPLES / "floor-plan.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("/etc/cron.d/x.png", "x.png"),
        ("..\\..\\evil.png", "evil.png"),
        ("..", f"{IMAGE_ID}.png"),
        ("", f"{IMAGE_ID}.png"),
        (".bashrc", "bashrc.png"),
        ("con.png", "_con.png"),
        ("a\x1b[2Jb\0\n.png", "a[2Jb.png"),
        ("C:\\x:y?.png", "x_y_.png"),
        ("run.exe", "run.exe.png"),
        ("photo.PNG", "photo.PNG"),
        ("-rf.png", "-rf.png"),
        ("\u202egnp.png", "gnp.png"),
    ],
)
def test_a_name_of_somebody_elses_is_no_path(run, serve, tmp_path, name, saved):
    (tmp_path / "in").mkdir()
    serve(name)
    result = run("get", IMAGE_ID, "--download", "--to", tmp_path / "in")
    assert result.exit_code == 0, result.stderr
    assert [path.name for path in (tmp_path / "in").iterdir()] == [saved]
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    assert "\x1b" not in result.stdout


def test_a_long_name_is_cut(run, serve, tmp_path):
    serve("ü" * 400 + ".png")
    run("get", IMAGE_ID, "--download")
    (saved,) = tmp_path.iterdir()
    assert len(os.fsencode(saved.name)) <= 255
    assert saved.suffix == ".png"


def test_links_are_not_followed(run, serve, tmp_path):
    serve("x.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").symlink_to(tmp_path / "victim")
    assert run("get", IMAGE_ID, "--download", "--to", tmp_path / "in").exit_code == 2
    assert run("get", IMAGE_ID, "--download", "--to", tmp_path / "in", "--force").exit_code == 0
    assert not (tmp_path / "victim").exists()
    assert not (tmp_path / "in" / "x.png").is_symlink()


def test_other_bytes_than_were_uploaded_are_not_saved(run, serve, tmp_path):
    serve("x.png", data=PNG + b"more")
    result = run("get", IMAGE_ID, "--download")
    assert result.exit_code == 1
    assert "not what was uploaded" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--to", "x"],
        ["--force"],
        ["--download", "--to", "nowhere/x.png"],
        ["--download", "--thumbnail", "--to", "x.png"],
        ["--download", "--thumbnail", "--to", "-"],
        ["--download", "--json", "--to", "-"],
    ],
)
def test_wrong_usage_is_told_before_anything_is_fetched(run, server, arguments):
    result = run("get", IMAGE_ID, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert server.seen == []


def test_unknown_ids(real):
    for file_id in ("00000000-0000-4000-8000-000000000000", "00000000", "..", "a/b"):
        result = real("get", file_id)
        assert result.exit_code == 1, file_id
        assert result.stderr.startswith("Error: ")
    assert real("get", "").exit_code == 2


def test_a_directory_that_cannot_be_written(real, stored, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    (tmp_path / "locked").mkdir(mode=0o500)
    result = real("get", stored, "--download", "--to", tmp_path / "locked")
    assert result.exit_code == 1
    assert "Permission denied" in result.stderr


def test_a_full_disk_is_told(scopix_server, stored):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    environment = {**os.environ, "SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url}
    command = [sys.executable, "-c", "from scopix.cli import main; main()", "get", stored, "--download", "--to", "-"]
    with full.open("wb") as target:
        done = subprocess.run(command, env=environment, stdout=target, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_folder_that_ends_in_a_slash_is_made(real, stored, tmp_path):
    result = real("get", stored, "--download", "--thumbnail", "--to", f"{tmp_path}/new/folder/")
    # Without a description there is no thumbnail; the file itself is there.
    assert (tmp_path / "new" / "folder" / "Küche 1.png").read_bytes() == DATA, result.stderr
    nothing = real("get", "00000000-0000-4000-8000-000000000000", "--download", "--to", f"{tmp_path}/other/")
    assert nothing.exit_code == 1
    assert not (tmp_path / "other").exists()
    assert real("get", stored, "--download", "--to", f"{tmp_path}/none/x.png").exit_code == 2


def test_several_files_go_into_a_folder(real, stored, scopix_server, tmp_path):
    other = put(scopix_server, "got too", encoded(picture(30, 40, 5)), "other.png")
    result = real("get", stored, other[:8], "--download", "--to", "out")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split("\n")[:2] == ["out/Küche 1.png", "out/other.png"]
    # One file as well: a name without an extension is that of a folder.
    assert real("get", stored, "--download", "--to", "single").exit_code == 0
    assert (tmp_path / "single" / "Küche 1.png").read_bytes() == DATA
    assert real("get", stored, "--download", "--to", "one.png").exit_code == 0
    assert (tmp_path / "one.png").read_bytes() == DATA
    both = real("get", stored, other, "--json")
    assert [json.loads(line)["id"] for line in both.stdout.splitlines()] == [stored, other]
    assert real("get", stored, other, "--download", "--to", "-").exit_code == 2
    assert real("get", stored, other, "--download", "--to", "one.png").exit_code == 2


def test_what_breaks_off_leaves_nothing(run, serve, server, tmp_path):
    serve("a.png")
    server.routes["GET /bytes"] = Reply(200, PNG[:20])
    result = run("get", IMAGE_ID, "--download", "--to", f"{tmp_path}/in/")
    assert result.exit_code == 1 and "not what was uploaded" in result.stderr
    assert list((tmp_path / "in").iterdir()) == []
