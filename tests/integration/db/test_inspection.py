"""What is stored is looked at, a part at a time: missing, damaged and foreign objects are found, and told of once."""

import json
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scopix_server.domain.upkeep import BrokenOff
from scopix_server.jobs.queue import DbosQueue
from scopix_server.upkeep.inspection import Inspector
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.upkeep import build_sweeper
from tests.support.images import encoded, picture
from tests.support.inprocess import DATABASES, InProcessServer, serving
from tests.support.waiting import wait_until_described


@pytest.fixture(params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessServer]:
    # The server that webhooks name is never asked: nobody sends messages here.
    with serving(tmp_path / "data", database=request.param, allowed_addresses="127.0.0.1") as running:
        yield running


def upload(server: InProcessServer, number: int) -> str:
    with server.client() as http:
        files = {"file": (f"{number}.png", encoded(picture(40, 30, number)))}
        file_id = str(http.post("/files/upload", files=files).json()["image_id"])
        wait_until_described(http, file_id)
    return file_id


def upload_many(server: InProcessServer, number: int) -> None:
    pictures = [("files", (f"{seed}.png", encoded(picture(8, 8, seed)))) for seed in range(number)]
    with server.client() as http:
        sent = http.post("/files/upload/batch", files=pictures, data={"auto_describe": "false"})
        assert sent.status_code == 201, sent.text


def stored(server: InProcessServer, file_id: str) -> dict[str, Path]:
    """The objects of a file, by the beginnings of their names."""
    found = (server.data_dir / "storage/objects").glob(f"*/*/{file_id}/*")
    return {path.name.partition(".")[0]: path for path in found}


def inspected(server: InProcessServer, *options: str, code: int = 0) -> dict[str, Any]:
    done = server.run("records", "inspect", "--json", *options)
    assert done.returncode == code, done.stderr + done.stdout
    return dict(json.loads(done.stdout))


def doctor(server: InProcessServer) -> dict[str, str]:
    done = server.run("doctor", "--json")
    return {one["part"]: one for one in json.loads(done.stdout)["findings"]}["stored files"]  # type: ignore[no-any-return]


def metrics(server: InProcessServer) -> str:
    with server.client() as http:
        return str(http.get(f"{server.root}/metrics").text)


def inspector(server: InProcessServer, **options: Any) -> Inspector:
    storage, jobs = Storage(server.settings, "command"), DbosQueue(server.settings.database_address)
    sweeper = build_sweeper(server.settings, server.database, storage, jobs)
    return Inspector(server.database, storage.own, sweeper, **options)


def test_inspection_of_a_whole_library_finds_nothing(server: InProcessServer) -> None:
    assert doctor(server)["message"] == "not all were looked at yet"
    upload(server, 1)
    upload(server, 2)
    report = inspected(server)
    assert (report["files"], report["missing"], report["damaged"], report["foreign"]) == (2, 0, 0, 0)
    assert report["bytes"] > 0 and report["numbers"] == ""
    found = doctor(server)
    assert found["verdict"] == "ok" and found["message"].startswith("2 files were as they came")
    assert 'scopix_stored_objects_wrong{problem="missing"} 0.0' in metrics(server)


def test_inspection_finds_what_is_missing_damaged_or_foreign_and_tells_of_it_once(server: InProcessServer) -> None:
    gone, changed, fine = (upload(server, number) for number in range(3))
    with server.client() as http:
        hook = {"url": "http://127.0.0.1:9/hook", "events": ["file.damaged"]}
        hook_id = http.post("/webhooks", json=hook).json()["id"]
    names = sorted(stored(server, fine))
    original = next(name for name in names if name.startswith("original"))
    variant = next(name for name in names if name != original)
    stored(server, gone)[original].unlink()
    stored(server, fine)[variant].unlink()
    stored(server, changed)[original].write_bytes(b"not what came")
    owner = str(uuid.uuid4())
    foreign = stored(server, fine)[original].parents[2] / owner[:2] / owner / "original.png"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"nobody's")
    os.utime(foreign, (1, 1))

    report = inspected(server, code=1)
    assert (report["files"], report["missing"], report["damaged"], report["foreign"]) == (3, 2, 1, 1)
    problems = {(one["file_id"], one["problem"], one["is_original"]) for one in report["problems"]}
    assert problems == {(gone, "missing", True), (fine, "missing", False), (changed, "damaged", True)}
    found = doctor(server)
    assert found["verdict"] == "failed" and "2 objects are missing, 1 are damaged" in found["message"]
    assert 'scopix_stored_objects_wrong{problem="damaged"} 1.0' in metrics(server)

    inspected(server, code=1)
    sent = server.setup.rows("SELECT payload FROM webhook_deliveries WHERE webhook_id = ?", hook_id)
    bodies = [json.loads(payload) for (payload,) in sent]
    assert {(one["data"]["image_id"], one["data"]["problem"]) for one in bodies} == {
        (gone, "missing"), (fine, "missing"), (changed, "damaged"),
    }  # fmt: skip
    assert len(bodies) == 3 and {one["type"] for one in bodies} == {"file.damaged"}


def test_inspection_takes_its_time_and_goes_on_where_it_was(server: InProcessServer) -> None:
    upload_many(server, 120)
    # A clock that is a minute further whenever somebody looks.
    minutes = iter(range(0, 10_000, 60))
    slow = inspector(server, clock=lambda: float(next(minutes)))
    seen = [slow.run(timedelta(minutes=2)) for _ in range(2)]
    assert [report.files for report in seen] == [50, 100] and seen[-1].ended_at is None
    assert "50 files of the next look" not in doctor(server)["message"]
    assert "100 files of the next look" in doctor(server)["message"]

    answers = iter([True, False])
    with pytest.raises(BrokenOff):
        inspector(server).run(go_on=lambda: next(answers))
    whole = inspector(server).run()
    assert (whole.files, whole.ended_at is not None) == (120, True)
    # The next begins anew.
    assert inspector(server).run().files == 120
