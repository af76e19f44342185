"""Jobs wait where they are while the server's own storage takes nothing, and burn no attempt by it."""

import contextlib
import errno
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scopix.types.vocabulary import DescriptionStatus, MediaType, VariantStatus
from scopix_server.analysis.describe import DescribeFile
from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.analysis import Analysis, RenderedVariant
from scopix_server.domain.description import Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.errors import BucketRefused, NotFound, OutOfSpace, ServiceUnavailable
from scopix_server.domain.file import File, object_key
from scopix_server.intake.stores import Stores
from scopix_server.jobs.engine_gate import WorkerStops
from scopix_server.jobs.storage_gate import GatedDatabase, GatedStore, StorageGate
from scopix_server.storage.local import LocalStore
from scopix_server.wiring.keys import first_start
from scopix_server.wiring.shared import open_database

REFUSALS = [
    OutOfSpace(),
    ServiceUnavailable(),
    BucketRefused(),
    OSError(errno.ENOSPC, "full"),
    OSError(errno.EROFS, ""),
]


class Looker:
    """Sees the same in every picture; counts how often it looks."""

    looks = 0

    def analyze(self, path: Path) -> Analysis:
        self.looks += 1
        return Analysis(Perception(8, 8), (RenderedVariant("tiny_64", "image/jpeg", "jpg", 8, 8, b"tiny"),), None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    opened = open_database(Settings(data_dir=tmp_path))
    first_start(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda error: type(error).__name__)
def test_whatever_is_the_machines_fault_is_waited_for(refusal: Exception) -> None:
    left: list[Exception] = [refusal, refusal]

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    assert StorageGate(threading.Event()).run(work) == "done"


@pytest.mark.parametrize(
    "error", [FileNotFoundError(errno.ENOENT, "gone"), OSError("no errno"), NotFound(), ValueError()]
)
def test_whatever_else_is_wrong_is_told_at_once(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        StorageGate(threading.Event()).run(work)


def test_a_worker_that_stops_waits_no_longer() -> None:
    stopping = threading.Event()
    stopping.set()

    def work() -> None:
        raise OutOfSpace

    with pytest.raises(WorkerStops):
        StorageGate(stopping).run(work)


def test_a_description_goes_on_from_where_the_disk_was_full(database: SqlDatabase, tmp_path: Path) -> None:
    """The picture is looked at once, its thumbnails are stored when there is room, and it counts as one attempt."""
    store, gate, looker = LocalStore(tmp_path / "storage", durability="none"), StorageGate(threading.Event()), Looker()
    file = new_file(database, store)
    gated: Any = GatedDatabase(database, gate)
    stores = Stores(GatedStore(store, gate), gated, None, None)  # type: ignore[arg-type]
    describing = DescribeFile(gated, stores, looker, looker, None, EngineChoice())  # type: ignore[arg-type]
    with nothing_at(tmp_path / "storage" / "tmp"):
        job = threading.Thread(target=describing.analyze, args=[file.id, 1])
        job.start()
        job.join(1.0)
        assert job.is_alive()
    job.join()
    found = database.read(lambda t: t.files.get(file.tenant_id, file.id))
    assert found is not None
    assert (found.variant_status, found.description_attempts) == (VariantStatus.COMPLETED, 1)
    assert (found.description_error, looker.looks) == (None, 1)


def new_file(database: SqlDatabase, store: LocalStore) -> File:
    tenant = database.read(lambda t: t.tenants.first_tenant())
    assert tenant is not None
    file_id, now = str(uuid.uuid4()), datetime.now(UTC)
    file = File(
        id=file_id,
        tenant_id=tenant.id,
        filename="a.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=7,
        sha256="0" * 64,
        object_key=object_key(tenant.id, file_id, "original.png"),
        created_at=now,
        updated_at=now,
        description_status=DescriptionStatus.QUEUED,
        description_revision=1,
    )
    store.put(file.object_key, b"picture")
    database.write(lambda t: t.files.add(file))
    return file


@contextlib.contextmanager
def nothing_at(folder: Path) -> Iterator[None]:
    """Have a file where the folder was: rights would not keep root out."""
    aside = folder.rename(folder.with_name(f"{folder.name}-aside"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)
