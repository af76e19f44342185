"""Jobs are kept as JSON. Those that a version before had queued as pickles still run, and can do nothing else."""

import base64
import json
import os
import pickle
from pathlib import Path

import pytest

from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_described


class Malice:
    """Runs a command in whoever unpickles it."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self._command,)


def pickled(*arguments: object) -> str:
    """Arguments as the version before kept them."""
    return base64.b64encode(pickle.dumps({"args": arguments, "kwargs": {}})).decode()


def test_pickled_jobs_run_as_data_and_new_ones_are_json(tmp_path: Path) -> None:
    settings = {"analyzer": "scripted", "worker_processes": "1"}
    server = ServerProcess(tmp_path / "data", worker=False, **settings).start()
    schema = "" if server.setup.bucket is None else "dbos."
    with server.client() as http:
        names = ("earlier", "malicious", "new")
        ids = [
            http.post("/files/upload", files={"file": (f"{name}.png", encoded(picture(seed=seed)))}).json()["image_id"]
            for seed, name in enumerate(names)
        ]
    query = (
        f"SELECT s.workflow_uuid, i.inputs, s.serialization FROM {schema}workflow_status s "
        f"JOIN {schema}workflow_input i ON i.workflow_uuid = s.workflow_uuid"
    )
    rows = server.setup.rows(query)
    jobs = {job.split(":")[1]: job for job, _, _ in rows}
    for _, inputs, serialization in rows:
        assert serialization == "portable_json"
        assert json.loads(inputs)["positionalArgs"][1] == 1
    earlier, malicious, new = ids
    mark = tmp_path / "mark"
    for file_id, last in {earlier: {"request_id": "long-ago"}, malicious: Malice(f"touch {mark}")}.items():
        written = f"UPDATE {schema}workflow_input SET inputs = ? WHERE workflow_uuid = ?"
        server.setup.rows(written, pickled(file_id, 1, last), jobs[file_id])
        marked = f"UPDATE {schema}workflow_status SET serialization = 'py_pickle' WHERE workflow_uuid = ?"
        server.setup.rows(marked, jobs[file_id])
    assert server.stop() == 0

    server = ServerProcess(tmp_path / "data", **settings).start()
    with server.client() as http:
        assert wait_until_described(http, earlier)["unified_status"] == "completed"
        assert wait_until_described(http, new)["unified_status"] == "completed"
    assert server.stop() == 0
    assert not mark.exists()
    assert "a job may not hold a posix.system" in server.log
    # What cannot be read is given up, as the next worker finds.
    server = ServerProcess(tmp_path / "data", **settings).start()
    with server.client() as http:
        assert wait_until_described(http, malicious)["unified_status"] == "failed"
    assert server.stop() == 0


@pytest.mark.parametrize("retryable", [True, False])
def test_a_failure_that_was_kept_comes_back_as_it_was(retryable: bool) -> None:
    from dbos._serialization import DBOSDefaultSerializer, deserialize_exception, serialize_exception

    from scopix.types.vocabulary import DescriptionErrorType
    from scopix_server.domain.errors import DescribeError
    from scopix_server.jobs.serialization import SERIALIZER, kept_failure

    failure = DescribeError("The image is broken.", DescriptionErrorType.VLM_ERROR, retryable=retryable)
    text, name = serialize_exception(failure, None, SERIALIZER)
    back = kept_failure(deserialize_exception(text, name, SERIALIZER))
    assert back is not None
    assert (back.message, back.data) == (failure.message, failure.data)
    assert kept_failure(RuntimeError("x")) is None
    earlier = DBOSDefaultSerializer.deserialize(base64.b64encode(pickle.dumps(failure)).decode())
    assert (earlier.message, earlier.data) == (failure.message, failure.data)
