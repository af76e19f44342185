"""What `doctor` tries out: each part of a server, with the settings it would run under, on its real things."""

import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.domain.errors import DatabaseUnusable, DomainError

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase

__all__ = ["Finding", "Verdict", "examine"]

_OLD_JOB = timedelta(minutes=15)
_SKEW, _TOO_MUCH_SKEW = timedelta(seconds=5), timedelta(minutes=5)


class Verdict(str, Enum):
    """How a part is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of trying one part out."""

    part: str
    verdict: Verdict
    said: str
    seconds: float


Outcome = tuple[Verdict, str]


def examine(settings: Settings) -> Iterator[Finding]:
    """Try everything out, one part after the other. Nothing is left behind, and nothing is migrated."""
    yield _tried("settings", lambda: _settings(settings))
    database = _tried("database", lambda: _database(settings))
    yield database
    yield _tried("storage", lambda: _storage(settings))
    if database.verdict is Verdict.OK:
        yield _tried("queue", lambda: _queue(settings))
        yield _tried("workers", lambda: _workers(settings))
    yield _tried("engine", lambda: _engine(settings))
    yield _tried("other engines", lambda: _other_engines(settings))
    yield _tried("disk", lambda: _disk(settings))
    yield _tried("clock", lambda: _clock(settings, with_database=database.verdict is Verdict.OK))


def _tried(part: str, check: Callable[[], Outcome]) -> Finding:
    started = time.monotonic()
    try:
        verdict, said = check()
    except DomainError as error:
        verdict, said = Verdict.FAILED, error.message
    except Exception as error:  # whatever is wrong with a part, the others are tried all the same
        verdict, said = Verdict.FAILED, f"{type(error).__name__}: {error}"
    return Finding(part, verdict, " ".join(said.split()), round(time.monotonic() - started, 3))


def _settings(settings: Settings) -> Outcome:
    from scopix_server import wiring
    from scopix_server.wiring_engines import engine_choice

    wiring.plan_table(settings)
    wiring.metrics_access(settings)
    engine_choice(settings)
    return Verdict.OK, f"data folder {settings.data_dir}"


def _database(settings: Settings) -> Outcome:
    from scopix_server.db.examine import examined

    file = settings.data_dir / "scopix.db"
    if settings.database_url is None and not file.exists():
        return Verdict.WARNING, f"there is none yet; the first start makes {file}"
    with examined(settings.database_address) as seen:
        place, state = seen.place, seen.schema()
        if not state.is_known:
            return (
                Verdict.FAILED,
                f"{place} is at {state.current}, which a newer release made; this one knows {state.newest}",
            )
        if not state.is_current:
            return (
                Verdict.WARNING,
                f"{place} is at {state.current or 'nothing'}; the next start takes it to {state.newest}",
            )
    with _database_of(settings) as database:
        _write_and_read(database)
    return Verdict.OK, f"{place} is at {state.current}; written and read"


@contextmanager
def _database_of(settings: Settings) -> "Iterator[SqlDatabase]":
    """Lend the database as it is: unlike the commands that work with it, this one migrates nothing."""
    from scopix_server.db.examine import examined

    with examined(settings.database_address) as seen, seen.opened() as database:
        yield database


def _write_and_read(database: "SqlDatabase") -> None:
    holder, now = f"doctor {secrets.token_hex(4)}", datetime.now(UTC)
    database.write(lambda t: t.chores.take(holder, holder, now, now + timedelta(minutes=1), done_before=None))
    try:
        if database.read(lambda t: t.chores.holder(holder, now)) != holder:
            raise DatabaseUnusable("What was written is not what was read.")
    finally:
        database.write(lambda t: t.chores.forget(holder))


def _storage(settings: Settings) -> Outcome:
    from scopix_server.wiring_storage import Storage

    store = Storage(settings, "command").own
    key, content = f"doctor/{uuid.uuid4()}", secrets.token_bytes(64)
    writer = store.open_writer()
    try:
        writer.write(content)
        writer.commit(key)
    finally:
        writer.abort()
    try:
        if store.read(key) != content or key not in {item.key for item in store.list("doctor")}:
            return Verdict.FAILED, "what was written is not what was read"
    finally:
        store.delete(key)
    try:
        store.read(key)
    except FileNotFoundError:
        where = settings.data_dir / "storage" if settings.storage == "local" else f"the bucket {settings.s3_bucket}"
        return Verdict.OK, f"written, read, listed and deleted in {where}"
    return Verdict.FAILED, "what was deleted is still there"


def _queue(settings: Settings) -> Outcome:
    from scopix_server.jobs.queue import DbosQueue

    with closing(DbosQueue(settings.database_address)) as jobs:
        jobs.check()
    with _database_of(settings) as database:
        queues = database.read(lambda t: t.figures.queues())
    waiting = ", ".join(f"{queue.waiting} to {queue.kind}" for queue in queues if queue.waiting) or "nothing waits"
    ages = [datetime.now(UTC) - queue.oldest for queue in queues if queue.oldest is not None]
    if ages and max(ages) > _OLD_JOB:
        return Verdict.WARNING, f"{waiting}; the oldest for {max(ages).total_seconds() / 60:.0f} minutes"
    return Verdict.OK, waiting


def _workers(settings: Settings) -> Outcome:
    from scopix_server.wiring import WORKER_SILENCE

    with _database_of(settings) as database:
        beats = database.read(lambda t: t.figures.heartbeats())
        waiting = sum(queue.waiting + queue.running for queue in database.read(lambda t: t.figures.queues()))
    now = datetime.now(UTC)
    alive = [worker for worker, beat in beats.items() if now - beat <= WORKER_SILENCE]
    if alive:
        return Verdict.OK, f"{len(alive)} at work: {', '.join(sorted(alive)[:5])}"
    last = f"the last reported {max(beats.values()):%Y-%m-%d %H:%M:%S} UTC" if beats else "none ever reported"
    if waiting:
        return Verdict.FAILED, f"{waiting} files wait and no worker is at work; {last}"
    return Verdict.WARNING, f"no worker is at work; {last}. Is the server running?"


def _engine(settings: Settings) -> Outcome:
    from scopix_server.categories import catalogue_with
    from scopix_server.engines.trial import written_picture
    from scopix_server.wiring import build_workshop

    word = "DOCTOR 2468"
    workshop = build_workshop(settings, catalogue_with(settings.own_categories))
    with tempfile.TemporaryDirectory(prefix="scopix-doctor-") as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(written_picture(word))
        started = time.monotonic()
        perceived = workshop.perceive(path)
    said = workshop.describe(perceived.perception, "general")
    spent = time.monotonic() - started
    if "2468" not in (said.visible_text or "") or not said.text:
        return Verdict.FAILED, f"a picture that says '{word}' was read as '{said.visible_text}'"
    return Verdict.OK, f"read and described a drawn picture in {spent:.1f} s"


def _other_engines(settings: Settings) -> Outcome:
    from scopix_server.domain.engines import EngineUnavailable
    from scopix_server.engines.registry import build_engine
    from scopix_server.wiring_engines import engine_choice

    good, bad = [], []
    for spec in engine_choice(settings).remote:
        engine = build_engine(spec, threads=settings.engine_threads)
        try:
            engine.probe()
            good.append(spec.name)
        except EngineUnavailable as error:
            bad.append(f"{spec.name}: {error.message}")
        finally:
            engine.close()
    if bad:
        return Verdict.FAILED, "; ".join(bad)
    more = f"{', '.join(good)} can be reached; `doctor engine` asks them" if good else "none is configured"
    return Verdict.OK, more


def _disk(settings: Settings) -> Outcome:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    told = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB free at {folder}"
    if usage.free < settings.reserved_disk_bytes:
        return Verdict.FAILED, f"{told}: uploads are refused (SCOPIX_RESERVED_DISK_BYTES)"
    if usage.free < settings.reserved_disk_bytes + 2 * settings.max_batch_bytes:
        return Verdict.WARNING, f"{told}: little for uploads"
    return Verdict.OK, told


def _clock(settings: Settings, *, with_database: bool) -> Outcome:
    from scopix_server.db.examine import examined

    now = datetime.now(UTC)
    if not with_database:
        return Verdict.OK, f"{now:%Y-%m-%d %H:%M:%S} UTC; compared with no other"
    with examined(settings.database_address) as seen, seen.opened() as database:
        difference = abs(seen.clock() - datetime.now(UTC))
        beats = database.read(lambda t: t.figures.heartbeats())
    # A heartbeat that is yet to come was written by a machine whose clock is ahead.
    ahead = max((beat - datetime.now(UTC) for beat in beats.values()), default=timedelta())
    worst = max(difference, ahead)
    told = f"{now:%Y-%m-%d %H:%M:%S} UTC; {worst.total_seconds():.1f} s from the database's and the workers'"
    if worst > _TOO_MUCH_SKEW:
        return Verdict.FAILED, f"{told}: links and signatures will not be taken"
    return (Verdict.WARNING if worst > _SKEW else Verdict.OK), told
