"""A desk at which engines are asked: a real database, real engines over HTTP, short pauses, no job queue."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.analysis.analyze import ImageAnalyzer
from scopix_server.analysis.ask import AskEngine
from scopix_server.analysis.builtin_describer import BuiltInDescriber
from scopix_server.categories import BUILT_IN
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.description import Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import EngineSpec
from scopix_server.domain.file import File, object_key
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.jobs.asking import Asking
from scopix_server.jobs.engine_gate import EngineGate, WorkerStops
from scopix_server.storage.memory import MemoryStore
from scopix_server.vlm.registry import build_engine
from scopix_server.vlm.trial import known_question
from tests.support.endpoint import Endpoint
from tests.support.images import encoded, picture
from tests.support.stores import stores_over

__all__ = ["TENANT", "Desk", "Job", "spec_of", "until"]

NOW = datetime.now(UTC)
_PICTURE = encoded(picture(160, 90))
TENANT = str(uuid.uuid4())
_FAST = {"connect_seconds": 10.0, "total_seconds": 30.0, "model": "fixed-1"}


class Desk:
    """Everything that asking needs, with short pauses."""

    def __init__(self, folder: Path, database: SqlDatabase, *specs: EngineSpec) -> None:
        self.database = database
        self.store = MemoryStore()
        self.stopping = threading.Event()
        choice = EngineChoice(specs)
        self.gates = {
            spec.name: EngineGate(build_engine(spec), self._note, self.stopping, known_question(), first_pause=0.02)
            for spec in choice.remote
        }
        analyzer = ImageAnalyzer(_blind, PixelLimits(10**8, 10**8), (), lambda _: (), lambda lines, _: tuple(lines))
        describer = BuiltInDescriber(GroundedComposer().describe, BUILT_IN)
        ask = AskEngine(
            database, stores_over(self.store, database, folder), analyzer, describer, BUILT_IN, language="en"
        )
        self.asking = Asking(ask, choice, self.gates, self.stopping, first_pause=0.002)

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
        self.store.put(file.object_key, _PICTURE)
        self.database.write(lambda t: t.files.add(replace(file, **changes)))
        self.database.write(lambda t: t.descriptions.save_perception(file_id, Perception(160, 90), None))
        return file_id

    def state(self, file_id: str) -> File:
        return self.database.read(lambda t: t.files.get(TENANT, file_id))  # type: ignore[return-value]

    def current(self, file_id: str) -> Any:
        return self.database.read(lambda t: t.versions.current([file_id])).get(file_id)

    def close(self) -> None:
        self.stopping.set()
        for gate in self.gates.values():
            gate.engine.close()


def _blind(image: Any) -> Perception:
    return Perception(*reversed(image.shape[:2]))


class Job:
    """Asks about a file in a thread, as a worker does; `failure` is how it ended, if it did not end well."""

    def __init__(self, desk: Desk, file_id: str, engine: str = "vlm") -> None:
        self.failure: BaseException | None = None
        self._desk = desk
        self._thread = threading.Thread(target=self._run, args=[engine, file_id], daemon=True)
        self._thread.start()

    def _run(self, engine: str, file_id: str) -> None:
        try:
            self._desk.asking.run(engine, file_id, 1)
        except BaseException as error:
            self.failure = error

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> "Job":
        self._thread.join(60)
        assert self.has_ended
        return self

    def leave(self) -> None:
        """Let the worker stop; whoever waits leaves without an outcome."""
        self._desk.stopping.set()
        assert isinstance(self.join().failure, WorkerStops)


def spec_of(endpoint: Endpoint, name: str = "vlm", **changes: Any) -> EngineSpec:
    """Return an engine that has time, whatever the machine is doing."""
    return EngineSpec(name, "openai", **({"url": endpoint.url} | _FAST | changes))


def until(condition: Callable[[], object]) -> None:
    """Wait for something that will be so in a moment."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
