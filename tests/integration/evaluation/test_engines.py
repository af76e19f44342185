"""The evaluation of a vision-language engine, beside the built-in one."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.endpoint import Endpoint, say
from tests.support.images import encoded, picture


def test_two_engines_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.png").write_bytes(encoded(picture(seed=number)))
        (folder / f"{number}.json").write_text(json.dumps({"category": "map", "labels": []}))
    answer = {"description": "A map of paths.", "tags": ["map"], "category_data": {"legend": ["Path"]}}
    with Endpoint(say(json.dumps(answer))) as endpoint:
        environment = os.environ | {"SCOPIX_ENGINE_URL": endpoint.url, "SCOPIX_ENGINE_MODEL": "fixed-1"}
        command = [
            sys.executable,
            "-m",
            "scopix_server",
            "eval",
            str(folder),
            "--engine",
            "builtin",
            "--compare",
            "vlm",
        ]
        command += ["--json", "--processes", "1", "--data-dir", str(tmp_path / "data")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    engines = {engine["engine"]: engine for engine in json.loads(done.stdout)["engines"]}
    assert set(engines) == {"builtin", "vlm"}
    assert len(endpoint.asked) == 2
    assert all("legend" in body["messages"][0]["content"] for body in endpoint.asked)
