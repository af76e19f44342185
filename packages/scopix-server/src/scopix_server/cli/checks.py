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

from scopix_server.cli.common import sentence_of
from scopix_server.config import Settings
from scopix_server.domain.errors import DatabaseUnusable, DomainError, RecordsMissing
from scopix_server.domain.redaction import redact
from scopix_server.environment import child_environment

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.storage.local import LocalStore
    from scopix_server.storage.s3 import ServerBucket

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
    message: str
    seconds: float


Outcome = tuple[Verdict, str]


def examine(settings: Settings) -> Iterator[Finding]:
    """Try everything out, one part after the other. Nothing is left behind, and nothing is migrated."""
    yield _tried("settings", lambda: _settings(settings))
    database = _tried("database", lambda: _database(settings))
    yield database
    yield _tried("storage", lambda: _storage(settings))
    if database.verdict is Verdict.OK:
        yield _tried("records", lambda: _records(settings))
        yield _tried("counts", lambda: _counts(settings))
        yield _tried("stored files", lambda: _stored_files(settings))
        yield _tried("queue", lambda: _queue(settings))
        yield _tried("workers", lambda: _workers(settings))
    yield _tried("models", _models)
    yield _tried("engine", lambda: _engine(settings))
    yield _tried("scripts", lambda: _scripts(settings))
    with_database = database.verdict is Verdict.OK
    yield _tried("other engines", lambda: _other_engines(settings, with_database=with_database))
    yield _tried("disk", lambda: _disk(settings))
    yield _tried("clock", lambda: _clock(settings, with_database=database.verdict is Verdict.OK))


def _tried(part: str, check: Callable[[], Outcome]) -> Finding:
    started = time.monotonic()
    try:
        verdict, message = check()
    except DomainError as error:
        verdict, message = Verdict.FAILED, error.message
    except DatabaseUnusable as error:
        verdict, message = Verdict.FAILED, str(error)
    except OSError as error:
        verdict, message = Verdict.FAILED, sentence_of(error)
    except Exception as error:  # whatever is wrong with a part, the others are tried all the same
        verdict, message = Verdict.FAILED, f"{type(error).__name__}: {error}"
    return Finding(part, verdict, " ".join(redact(message).split()), round(time.monotonic() - started, 3))


def _models() -> Outcome:
    """Whether the networks that the built-in engine sees with are there and whole."""
    from scopix_models import damaged_models

    damaged = damaged_models()
    if not damaged:
        return Verdict.OK, "the networks of the built-in engine are there and match their checksums"
    names = ", ".join(str(path) for path in damaged)
    return Verdict.FAILED, f"missing or damaged: {names}; install the package scopix-models again"


def _settings(settings: Settings) -> Outcome:
    from scopix_server.wiring.engines import engine_choice
    from scopix_server.wiring.shared import plan_table
    from scopix_server.wiring.web import metrics_access

    plan_table(settings)
    metrics_access(settings)
    engine_choice(settings)
    return Verdict.OK, f"data folder {settings.data_dir}"


def _database(settings: Settings) -> Outcome:
    from scopix_server.db.examine import examined
    from scopix_server.db.migrate import too_old

    file = settings.data_dir / "scopix.db"
    if settings.database_url is None and not file.exists():
        return Verdict.WARNING, f"there is none yet; the first start makes {file}"
    with examined(settings.database_address) as seen:
        place, state = seen.place, seen.schema()
        if state.current is not None and state.is_too_old:
            return Verdict.FAILED, too_old(place, state.current)
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
    database.write(lambda t: t.maintenance.take(holder, holder, now, now + timedelta(minutes=1), done_before=None))
    try:
        if database.read(lambda t: t.maintenance.holder(holder, now)) != holder:
            raise DatabaseUnusable("What was written is not what was read.")
    finally:
        database.write(lambda t: t.maintenance.remove(holder))


def _storage(settings: Settings) -> Outcome:
    from scopix_server.wiring.storage import Storage

    with closing(Storage(settings, "command")) as storage:
        where = settings.data_dir / "storage" if settings.storage == "local" else f"the bucket {settings.s3_bucket}"
        return _store(storage.own, where)


def _store(store: "LocalStore | ServerBucket", where: Path | str) -> Outcome:
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
        return Verdict.OK, f"written, read, listed and deleted in {where}"
    return Verdict.FAILED, "what was deleted is still there"


def _records(settings: Settings) -> Outcome:
    from scopix_server.upkeep.integrity import Records
    from scopix_server.wiring.storage import Storage

    with _database_of(settings) as database:
        lost, mark = database.lost_commits(), database.read(lambda t: t.marks.current())
        if lost:
            return Verdict.FAILED, f"{lost} commits are missing; the next start says what that means"
        kept = Records(database, Storage(settings, "command").own).kept()
    if mark.doubt is not None:
        return Verdict.FAILED, RecordsMissing.because(mark.doubt).message
    if kept > mark.number:
        return Verdict.FAILED, f"the database is {kept - mark.number} steps behind what the store was told"
    if mark.restored is not None:
        since = f"{mark.restored.since:%Y-%m-%d %H:%M} UTC"
        return Verdict.WARNING, (
            f"restored from a backup of {since}; what came after it stays in storage until `scopix-server records "
            "accept`"
        )
    return Verdict.OK, "the database has all that was acknowledged"


def _counts(settings: Settings) -> Outcome:
    from scopix_server.upkeep.integrity import Counts

    with _database_of(settings) as database:
        found = Counts(database).check()
    if message := str(found):
        return Verdict.FAILED, f"{message} `scopix-server records recount` puts them right."
    return Verdict.OK, "the numbers of files that are kept are those that counting gives"


def _stored_files(settings: Settings) -> Outcome:
    """What the last look at all that is stored found, and how far the present one has come."""
    with _database_of(settings) as database:
        last, current = database.read(lambda t: (t.inspections.last(), t.inspections.current()))
    worst = [report for report in (current, last) if report is not None and (report.missing or report.damaged)]
    if worst:
        wrong = f"{worst[0].missing} objects are missing, {worst[0].damaged} are damaged"
        return Verdict.FAILED, f"{wrong}; `scopix-server records inspect` names them"
    under_way = f"; {current.files} files of the next look" if current is not None and current.files else ""
    if last is None or last.ended_at is None:
        return Verdict.OK, f"not all were looked at yet{under_way}"
    seen = f"{last.files} files were as they came at {last.ended_at:%Y-%m-%d %H:%M} UTC"
    if last.vectors is not None and last.vectors.without:
        return (
            Verdict.WARNING,
            f"{seen}; {last.vectors.without} have no vectors: words alone find them{under_way}",
        )
    foreign = f"; {last.foreign} objects belong to none" if last.foreign else ""
    return Verdict.OK, f"{seen}{foreign}{under_way}"


def _queue(settings: Settings) -> Outcome:
    from scopix_server.jobs.queue import DbosQueue

    with closing(DbosQueue(settings.database_address)) as jobs:
        jobs.check()
    with _database_of(settings) as database:
        queues = database.read(lambda t: t.metrics.queues())
    waiting = ", ".join(f"{queue.waiting} to {queue.kind}" for queue in queues if queue.waiting) or "nothing waits"
    ages = [datetime.now(UTC) - queue.oldest for queue in queues if queue.oldest is not None]
    if ages and max(ages) > _OLD_JOB:
        return Verdict.WARNING, f"{waiting}; the oldest for {max(ages).total_seconds() / 60:.0f} minutes"
    return Verdict.OK, waiting


def _workers(settings: Settings) -> Outcome:
    from scopix_server.wiring.limits import WORKER_SILENCE

    with _database_of(settings) as database:
        beats = database.read(lambda t: t.metrics.heartbeats())
        waiting = sum(queue.waiting + queue.running for queue in database.read(lambda t: t.metrics.queues()))
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
    from scopix_server.perception.reading_networks import choose
    from scopix_server.perception.text_models import TextModels
    from scopix_server.vlm.trial import written_picture
    from scopix_server.wiring.analysis import build_in_child

    if settings.analyzer == "scripted":
        return Verdict.WARNING, "SCOPIX_ANALYZER is scripted: descriptions are made up, for tests and load trials only"
    word = "DOCTOR 2468"
    analyzer, describer = build_in_child(settings, catalogue_with(settings.own_categories))
    with tempfile.TemporaryDirectory(prefix="scopix-doctor-") as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(written_picture(word))
        started = time.monotonic()
        analysis = analyzer.analyze(path)
    description = describer.describe(analysis, "general")
    spent = time.monotonic() - started
    if "2468" not in (description.visible_text or "") or not description.text:
        return Verdict.FAILED, f"a picture that says '{word}' was read as '{description.visible_text}'"
    models = TextModels(settings.ocr_detector_file, settings.ocr_recogniser_file, settings.ocr_symbols_file)
    choice = choose(models, settings.ocr_runtime)
    runtime = f"{choice.runtime} reads text: {choice.reason}"
    return Verdict.OK, f"read and described a drawn picture in {spent:.1f} s; {runtime}"


def _scripts(settings: Settings) -> Outcome:
    """Which scripts can be read; that a language that the settings name is not there is worth a word."""
    from scopix_server.wiring.analysis import other_scripts

    own = "a recogniser of your own reads" if settings.ocr_recogniser_file else "Latin, Chinese and Japanese are read"
    guide = "docs/how-to/other-scripts.md"
    if settings.ocr_other_scripts == "off":
        return Verdict.OK, f"{own}; others are not (SCOPIX_OCR_OTHER_SCRIPTS is off)"
    found = other_scripts(settings)
    there = found.languages if found else ()
    if settings.ocr_other_scripts != "auto":
        missing = [name for name in settings.ocr_other_scripts.split("+") if name not in there]
        if missing:
            reason = f"tesseract does not read other scripts by {', '.join(missing)}"
            return Verdict.WARNING, f"{own}; {reason}: see {guide}"
    if found is None:
        return Verdict.OK, f"{own}; others are not: no tesseract with their languages was found, see {guide}"
    others = ", ".join(f"{script} ({'+'.join(names)})" for script, names in found.scripts.items())
    return Verdict.OK, f"{own}; {others} by tesseract {found.version}"


def _other_engines(settings: Settings, *, with_database: bool) -> Outcome:
    from scopix_server.domain.engines import EngineUnavailable
    from scopix_server.vlm.registry import build_engine
    from scopix_server.wiring.engines import engine_choice

    states = {}
    if with_database:
        with _database_of(settings) as database:
            states = database.read(lambda t: t.engines.states())
    good, bad = [], []
    for spec in engine_choice(settings).remote:
        engine = build_engine(spec, threads=settings.engine_threads, environment=child_environment())
        state = states.get(spec.name)
        try:
            engine.probe()
        except EngineUnavailable as error:
            bad.append(f"{spec.name}: {error.message}")
        else:
            if state is not None and not state.available:
                # It answers a probe; what it says to a question, the workers know.
                since = f"{state.since:%Y-%m-%d %H:%M} UTC"
                bad.append(f"{spec.name}: images wait for it since {since}. {state.reason or ''}".rstrip())
            else:
                good.append(spec.name)
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
    message = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB free at {folder}"
    if usage.free < settings.reserved_disk_bytes:
        return Verdict.FAILED, f"{message}: uploads are refused (SCOPIX_RESERVED_DISK_BYTES)"
    if usage.free < settings.reserved_disk_bytes + 2 * settings.max_batch_bytes:
        return Verdict.WARNING, f"{message}: little for uploads"
    return Verdict.OK, message


def _clock(settings: Settings, *, with_database: bool) -> Outcome:
    from scopix_server.db.examine import examined

    now = datetime.now(UTC)
    if not with_database:
        return Verdict.OK, f"{now:%Y-%m-%d %H:%M:%S} UTC; compared with no other"
    with examined(settings.database_address) as seen, seen.opened() as database:
        difference = abs(seen.clock() - datetime.now(UTC))
        beats = database.read(lambda t: t.metrics.heartbeats())
    # A heartbeat that is yet to come was written by a machine whose clock is ahead.
    ahead = max((beat - datetime.now(UTC) for beat in beats.values()), default=timedelta())
    worst = max(difference, ahead)
    message = f"{now:%Y-%m-%d %H:%M:%S} UTC; {worst.total_seconds():.1f} s from the database's and the workers'"
    if worst > _TOO_MUCH_SKEW:
        return Verdict.FAILED, f"{message}: links and signatures will not be taken"
    return (Verdict.WARNING if worst > _SKEW else Verdict.OK), message
