"""A batch whose uploading program is killed; what else batches do is tested in one process."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.support.images import encoded, picture
from tests.support.server import ServerProcess


def test_an_upload_killed_twice_stores_each_file_once(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(200):
        (album / f"{number:04}.png").write_bytes(encoded(picture(16, 16, seed=number)))
    server = ServerProcess(tmp_path / "data", worker=False, max_batch_files="4").start()
    try:
        with server.client() as http:
            for goal in (20, 90):
                program = start_upload(server, album, tmp_path)
                while http.get("/files?limit=1").json()["total_count"] < goal:
                    assert program.poll() is None, "it ended before it could be killed"
                    time.sleep(0.01)
                program.kill()
                program.communicate()
            last = start_upload(server, album, tmp_path)
            _, messages = last.communicate(timeout=120)
            assert last.returncode == 0, messages
            assert messages.strip().endswith("200 files: 200 uploaded")
            pages = [http.get(f"/files?limit=100&offset={offset}").json() for offset in (0, 100)]
    finally:
        server.stop()
    assert pages[0]["total_count"] == 200
    stored = Counter(item["filename"] for page in pages for item in page["items"])
    assert stored == {f"{number:04}.png": 1 for number in range(200)}


def start_upload(server: ServerProcess, album: Path, directory: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", "from scopix.cli import main; main()", "--data-dir", str(server.data_dir)]
    command += ["upload", str(album), "--no-describe"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCOPIX_")}
    return subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
