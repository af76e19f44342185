"""Asking engines until there is an answer: a real database, real engines over HTTP, no job queue."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType
from scopix_server.categories import BUILT_IN
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.description import Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import EngineCopy, EngineSpec
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.file import File, object_key
from scopix_server.domain.tenant import Tenant
from scopix_server.engines.grounded.composer import GroundedComposer
from scopix_server.engines.registry import build_engine
from scopix_server.jobs.asking import MAX_CUT_SHORT, Asking
from scopix_server.jobs.engine_gate import EngineGate, WorkerStops
from scopix_server.pipeline.ask import AskEngine
from scopix_server.pipeline.perceive import BuiltInWorkshop, PixelLimits
from scopix_server.storage.memory import MemoryStore
from tests.support.endpoint import Endpoint, hang_up, hold, say, status
from tests.support.images import encoded, picture
from tests.support.stores import stores_over

NOW = datetime.now(UTC)
TENANT = str(uuid.uuid4())
FAST = {"connect_seconds": 10.0, "total_seconds": 30.0, "model": "fixed-1"}


class Desk:
    """Everything that asking needs, with short pauses."""

    def __init__(self, folder: Path, database: SqlDatabase, *specs: EngineSpec) -> None:
        self.database = database
        self.store = MemoryStore()
        self.stopping = threading.Event()
        choice = EngineChoice(specs)
        self.gates = {
            spec.name: EngineGate(build_engine(spec), self._note, self.stopping, first_pause=0.02)
            for spec in choice.remote
        }
        workshop = BuiltInWorkshop(_Blind(), GroundedComposer(), PixelLimits(10**8, 10**8))
        ask = AskEngine(
            database, stores_over(self.store, database, folder), workshop, workshop, BUILT_IN, language="en"
        )
        self.asking = Asking(ask, choice, self.gates, self.stopping, first_pause=0.01)

    def _note(self, state: Any) -> None:
        self.database.write(lambda t: t.engines.note(state))

    def file(self, **changes: Any) -> str:
        """Store a picture that was looked at and waits for its engine."""
        file_id = str(uuid.uuid4())
        file = File(
            id=file_id,
            tenant_id=TENANT,
            filename="a.png",
            content_type="image/png",
            media_type=MediaType.IMAGE,
            size_bytes=5,
            sha256="0" * 64,
            object_key=object_key(TENANT, file_id, "original.png"),
            created_at=NOW,
            updated_at=NOW,
            description_status=DescriptionStatus.QUEUED,
            description_revision=1,
            description_attempts=1,
        )
        self.store.put(file.object_key, encoded(picture(1600, 900)))
        self.database.write(lambda t: t.files.add(replace(file, **changes)))
        self.database.write(lambda t: t.descriptions.save_perception(file_id, Perception(1600, 900), None))
        return file_id

    def state(self, file_id: str) -> File:
        return self.database.read(lambda t: t.files.get(TENANT, file_id))  # type: ignore[return-value]

    def current(self, file_id: str) -> Any:
        return self.database.read(lambda t: t.versions.current([file_id])).get(file_id)

    def close(self) -> None:
        self.stopping.set()
        for gate in self.gates.values():
            gate.engine.close()


class _Blind:
    def perceive(self, image: Any) -> Perception:
        return Perception(*reversed(image.shape[:2]))


Open = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Open]:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(engine)
    database = SqlDatabase(engine)
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "t", NOW)))
    opened: list[Desk] = []

    def build(*specs: EngineSpec) -> Desk:
        opened.append(Desk(tmp_path, database, *specs))
        return opened[-1]

    yield build
    for each in opened:
        each.close()
    database.close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Endpoint]:
    with Endpoint(say(json.dumps({"description": "The other one says so.", "tags": []}))) as running:
        yield running


def spec(endpoint: Endpoint, name: str = "vlm", **changes: Any) -> EngineSpec:
    return EngineSpec(name, "openai", **({"url": endpoint.url} | FAST | changes))


def test_an_answer_is_saved_with_where_it_came_from(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, price_in=1.0, price_out=1.0))
    file_id = here.file()
    assert here.asking.run("vlm", file_id, 1)
    record = here.current(file_id)
    assert (record.description.engine, record.description.provenance.input_tokens) == ("vlm", 1000)
    assert record.description.provenance.cost == pytest.approx(0.00105)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED
    # Asked again, as after a crash, it finds its answer there.
    assert not here.asking.run("vlm", file_id, 1)
    assert len(endpoint.asked) == 1


def test_a_copy_is_made_when_there_is_none_and_kept(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, image_side=512, jpeg_quality=70))
    file_id = here.file()
    here.asking.run("vlm", file_id, 1)
    folder = here.state(file_id).object_key.rpartition("/")[0]
    copy = here.store.read(f"{folder}/{EngineCopy(512, 70).name}.jpg")
    assert copy.startswith(b"\xff\xd8")
    assert b"Exif" not in copy


def test_a_transient_failure_is_tried_again_and_counted(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.then(hang_up, status(500))
    assert here.asking.run("vlm", file_id, 1)
    assert here.state(file_id).description_attempts == 3


def test_a_permanent_failure_is_told_once(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.always = status(413, "too large")
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", file_id, 1)
    assert caught.value.error_type is DescriptionErrorType.VALIDATION_ERROR
    assert len(endpoint.asked) == 1


def test_an_engine_that_goes_in_the_middle_burns_no_attempt(desk: Open, endpoint: Endpoint) -> None:
    here, let_go = desk(spec(endpoint, total_seconds=60.0)), threading.Event()
    file_id = here.file()
    endpoint.always = hold(let_go)
    running = threading.Thread(target=here.asking.run, args=["vlm", file_id, 1])
    running.start()
    _until(lambda: endpoint.asked)
    endpoint.stop()
    let_go.set()
    _until(lambda: here.gates["vlm"].reason)
    _until(lambda: here.state(file_id).description_error)
    assert "Waiting for the engine 'vlm'" in (here.state(file_id).description_error or "")
    known = here.database.read(lambda t: t.engines.states())["vlm"]
    assert not known.available
    endpoint.always = say()
    endpoint.start()
    running.join(60)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED
    assert here.state(file_id).description_attempts == 1
    assert here.database.read(lambda t: t.engines.states())["vlm"].available


def test_an_image_that_the_engine_never_survives_fails_in_the_end(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    endpoint.always = status(502, "upstream died")
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", file_id, 1)
    assert caught.value.error_type is DescriptionErrorType.VLM_ERROR
    assert len(endpoint.asked) == MAX_CUT_SHORT


def test_a_wrong_key_parks_until_it_is_right(desk: Open, endpoint: Endpoint) -> None:
    endpoint.key = "right"
    here = desk(spec(endpoint, key="wrong"))
    file_id = here.file()
    running = threading.Thread(target=here.asking.run, args=["vlm", file_id, 1])
    running.start()
    _until(lambda: here.gates["vlm"].reason)
    assert "refuses our key" in (here.gates["vlm"].reason or "")
    endpoint.key = "wrong"
    running.join(60)
    assert here.state(file_id).description_status is DescriptionStatus.COMPLETED


def test_later_is_waited_for_but_not_for_ever(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint, later_seconds=0.5))
    file_id, patient = here.file(), here.file()
    endpoint.then(status(429, headers={"Retry-After": "0.1"}), status(429, headers={"Retry-After": "0.1"}))
    assert here.asking.run("vlm", patient, 1)
    assert here.state(patient).description_attempts == 1
    endpoint.always = status(429, headers={"Retry-After": "0.2"})
    with pytest.raises(DescribeError) as caught:
        here.asking.run("vlm", file_id, 1)
    assert caught.value.error_type is DescriptionErrorType.RATE_LIMIT
    assert caught.value.retryable


def test_a_fallback_answers_when_the_engine_is_away_and_when_it_failed(
    desk: Open, endpoint: Endpoint, other: Endpoint
) -> None:
    here = desk(spec(endpoint, fallbacks=("other",)), spec(other, "other", weight=0.0))
    first, second = here.file(), here.file()
    endpoint.always = status(400, "no")
    here.asking.run("vlm", first, 1)
    assert here.current(first).description.engine == "other"
    endpoint.stop()
    here.asking.run("vlm", second, 1)
    assert here.current(second).description.text == "The other one says so."
    endpoint.always = say()
    endpoint.start()
    _until(lambda: here.gates["vlm"].reason is None)
    third = here.file()
    here.asking.run("vlm", third, 1)
    assert here.current(third).description.engine == "vlm"


def test_an_engine_that_was_taken_out_of_the_settings(desk: Open, endpoint: Endpoint) -> None:
    here = desk(spec(endpoint))
    file_id = here.file()
    assert here.asking.run("of-yesterday", file_id, 1)
    assert here.current(file_id).description.engine == "vlm"


def test_who_waits_leaves_with_the_worker_and_without_an_outcome(desk: Open, endpoint: Endpoint) -> None:
    endpoint.stop()
    here = desk(spec(endpoint))
    file_id = here.file()
    left: list[BaseException] = []

    def run() -> None:
        try:
            here.asking.run("vlm", file_id, 1)
        except BaseException as error:
            left.append(error)

    running = threading.Thread(target=run)
    running.start()
    _until(lambda: here.state(file_id).description_error)
    here.stopping.set()
    running.join(60)
    assert isinstance(left[0], WorkerStops)
    assert here.state(file_id).description_status is DescriptionStatus.QUEUED


def test_no_more_questions_at_once_than_the_engine_takes(desk: Open, endpoint: Endpoint) -> None:
    here, let_go = desk(spec(endpoint, concurrency=2)), threading.Event()
    endpoint.always = hold(let_go)
    files = [here.file() for _ in range(8)]
    threads = [threading.Thread(target=here.asking.run, args=["vlm", file_id, 1]) for file_id in files]
    for thread in threads:
        thread.start()
    _until(lambda: endpoint.at_once == 2)
    let_go.set()
    for thread in threads:
        thread.join(60)
    assert endpoint.most_at_once == 2
    assert len(endpoint.asked) == 8


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
