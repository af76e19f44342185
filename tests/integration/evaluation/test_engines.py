"""The evaluation of a vision-language engine, beside the built-in one."""

import json
from pathlib import Path

from tests.support.commands import command
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
        words = ["eval", str(folder), "--engine", "builtin", "--compare", "vlm", "--json", "--processes", "1"]
        settings = {"engine_url": endpoint.url, "engine_model": "fixed-1", "analyzer": "scripted"}
        done = command(tmp_path / "data", *words, **settings)
    assert done.returncode == 0, done.stderr
    engines = {engine["engine"]: engine for engine in json.loads(done.stdout)["engines"]}
    assert set(engines) == {"builtin", "vlm"}
    assert len(endpoint.asked) == 2
    assert all("legend" in body["messages"][0]["content"] for body in endpoint.asked)
