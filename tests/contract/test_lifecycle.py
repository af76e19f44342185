"""Whatever is done to files, in whatever order, each ends: described, failed or skipped, its thumbnails settled.

The real database, queue and pipeline in this process; what looks at pictures, and what takes jobs off the queue, follow
a script. Deletions, restorations and kills happen between the steps of a job and in the middle of one. A longer run:
LIFECYCLE_EXAMPLES=2000.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scopix.types.vocabulary import DescriptionErrorType, VariantStatus
from scopix_server.analysis.ask import AskEngine
from scopix_server.analysis.describe import DescribeFile
from scopix_server.categories import catalogue_with
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.domain.analysis import Analysis, RenderedVariant, Rendering
from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import EngineSpec
from scopix_server.domain.errors import Conflict, DescribeError
from scopix_server.domain.file import File
from scopix_server.domain.plans import PLANS, PlanTable
from scopix_server.domain.session import OPEN, FileOutcome, Session, SessionFile, SessionStatus, status_of
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.upkeep import CountsReport
from scopix_server.intake.accept import Arrival, Intake, Upload
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.incoming import FileLimits
from scopix_server.intake.options import UploadOptions
from scopix_server.intake.quota import Quotas
from scopix_server.intake.stores import Stores
from scopix_server.jobs.queue import DbosQueue, migrate_jobs
from scopix_server.library.redescribe import Redescriber
from scopix_server.library.restore import restore_file
from scopix_server.storage.memory import MemoryStore
from tests.support.images import encoded, picture

TENANT = "33333333-3333-4333-8333-333333333333"
SESSION = "44444444-4444-4444-8444-4444444444"
VLM = EngineSpec("vlm", "openai", url="http://localhost/v1", model="m")
SETTLED = {VariantStatus.COMPLETED, VariantStatus.FAILED}
PNG = encoded(picture(16, 16))


class Killed(BaseException):
    """The process is gone."""


class Script:
    """Looks at pictures, describes, and answers as an engine; before that, does once what it was told to."""

    spec = VLM
    json_mode = None

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None

    def analyze(self, path: Path) -> Analysis:
        self._interrupt()
        tiny = RenderedVariant("tiny_64", "image/jpeg", "jpg", 8, 8, b"tiny")
        return Analysis(Perception(16, 16), (tiny,), None)

    def render(self, path: Path) -> Rendering:
        return Rendering(self.analyze(path).variants, 16, 16)

    def copy(self, path: Path, kind: Any) -> bytes:
        return b"copy"

    def describe(self, analysis: Analysis, category: str) -> Description:
        self._interrupt()
        return Description("A thing.", ("thing",), None, ImageKind.PHOTO, "builtin", "1")

    def answer(self, question: Any) -> Description:
        self._interrupt()
        return Description("A better thing.", ("thing",), None, ImageKind.PHOTO, "vlm", "m")

    def _interrupt(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()


class Lifecycle(RuleBasedStateMachine):
    """One session of files. `database` and `url` are set by the test."""

    database: SqlDatabase
    url: str

    @initialize(with_engine=st.booleans(), quick=st.booleans())
    def begin(self, with_engine: bool, quick: bool) -> None:
        self.script, self.store = Script(), MemoryStore()
        self.jobs = DbosQueue(self.url)
        stores = Stores(self.store, self.database, None, None)  # type: ignore[arg-type]
        quotas = Quotas(PlanTable(PLANS, "custom"))
        limits = FileLimits(10**6, 10**6, PixelLimits(10**6, 10**6))
        self.intake = Intake(self.store, stores.destination, self.database, self.jobs, limits, quotas)
        self.redescriber = Redescriber(self.database, self.jobs, quotas)
        choice = EngineChoice((VLM,) if with_engine else ())
        parts: tuple[Any, ...] = (self.database, stores, self.script, self.script)
        self.describing = DescribeFile(*parts, self.jobs, choice, quick_answer=quick)
        self.asking = AskEngine(*parts, catalogue_with(None), language="en")
        self.running: dict[str, Iterator[None]] = {}
        number = self.database.read(lambda t: t.connection.execute(sa.text("SELECT count(*) FROM sessions")).scalar())
        self.session = f"{SESSION}{number:02}"[-36:]
        self.files: list[str] = []
        self.write(lambda t: t.sessions.add(Session(self.session, TENANT, self.now(), self.now())))

    # What users do --------------------------------------------------------------------------------------------------

    @rule(describe=st.booleans())
    def upload(self, describe: bool) -> None:
        incoming = self.intake.open("a.png")
        incoming.write(PNG)
        file = self.intake.accept(Upload(TENANT, [Arrival(incoming)], UploadOptions(auto_describe=describe))).file
        entry = SessionFile(self.session, len(self.files), file.filename, FileOutcome.ACCEPTED, file.id)
        self.write(lambda t: t.sessions.append(self.session, [entry], self.now()))
        self.files.append(file.id)

    @precondition(lambda self: self.files)
    @rule(number=st.integers(0, 99))
    def delete(self, number: int) -> None:
        self.write(lambda t: t.files.mark_deleted(TENANT, self.pick(number), self.now()))

    @precondition(lambda self: self.files)
    @rule(number=st.integers(0, 99))
    def restore(self, number: int) -> None:
        self.write(lambda t: restore_file(t, self.jobs, TENANT, self.pick(number), self.now()))

    @precondition(lambda self: self.files)
    @rule(number=st.integers(0, 99), engine=st.sampled_from([None, "builtin"]))
    def describe(self, number: int, engine: str | None) -> None:
        if self.file(self.pick(number)).deleted_at is None:
            try:
                self.redescriber.one(TENANT, self.pick(number), None, engine)
            except Conflict:
                pass  # it is being described, which is checked at the end

    @precondition(lambda self: self.files)
    @rule(number=st.integers(0, 99))
    def make_variants(self, number: int) -> None:
        file = self.file(self.pick(number))
        if file.deleted_at is None and file.variant_status in SETTLED:
            self.write(lambda t: (t.variants.ask_again(file.id, self.now()), self.jobs.enqueue_variants_again(t, file)))

    @rule()
    def cancel(self) -> None:
        """As the route does."""

        def cancel(transaction: SqlTransaction) -> None:
            for file in transaction.sessions.cancel_files(self.session, self.now(), limit=100):
                self.jobs.enqueue_variants(transaction, file)
            transaction.sessions.cancel(self.session, self.now())

        self.write(cancel)

    # What workers do ------------------------------------------------------------------------------------------------

    @rule(
        number=st.integers(0, 99),
        meanwhile=st.sampled_from([None, None, "delete", "delete and restore", "kill", "fail", "leave", "cancel"]),
    )
    def step(self, number: int, meanwhile: str | None) -> None:
        """Let one job, begun before or not, do its next step."""
        if waiting := self.waiting():
            self.advance(waiting[number % len(waiting)], meanwhile)

    @rule()
    def kill(self) -> None:
        """Of the worker with all its jobs: they go back into the queue."""
        for job in list(self.running):
            del self.running[job]

    @invariant()
    def kept_counts_are_those_of_a_recount(self) -> None:
        if not hasattr(self, "session"):
            return
        assert self.database.read(lambda t: t.counts.wrong()) == CountsReport({}, {})
        session = self.database.read(lambda t: t.sessions.get(TENANT, self.session))
        counts = self.database.read(lambda t: t.sessions.counts([session]))[self.session]
        status = status_of(session, counts, now := self.now())
        for each in SessionStatus:
            page, _ = self.database.read(
                lambda t, each=each: t.sessions.list(TENANT, now, status=each, limit=100, offset=0)
            )
            assert (session in page) == (each is status)

    def teardown(self) -> None:
        if not hasattr(self, "session"):
            return
        self.finish()
        for file_id in self.files:
            self.write(lambda t, file_id=file_id: restore_file(t, self.jobs, TENANT, file_id, self.now()))  # type: ignore[misc]
        self.finish()
        for file_id in self.files:
            assert self.file(file_id).deleted_at is None
        self.jobs.close()

    def finish(self) -> None:
        """Do all that is left to do, and check that all has ended."""
        for _ in range(1000):
            if not (waiting := self.waiting()):
                break
            self.advance(waiting[0], None)
        for file in map(self.file, self.files):
            if file.deleted_at is None:
                assert file.description_status in TERMINAL, file
                assert file.variant_status in SETTLED, file
        counts = self.database.read(lambda t: t.sessions.counts([t.sessions.get(TENANT, self.session)]))
        session = self.database.read(lambda t: t.sessions.get(TENANT, self.session))
        assert session is not None
        if self.files:
            assert status_of(session, counts[self.session], self.now()) not in OPEN

    def advance(self, job: str, meanwhile: str | None) -> None:
        kind, file_id, *rest = job.split(":")
        self.script.meanwhile = lambda: self.interrupt(meanwhile, file_id)
        try:
            next(self.running.setdefault(job, self.course(kind, file_id, rest)))
        except StopIteration:
            self.end(job)
        except Killed:
            del self.running[job]
            if meanwhile == "leave" and kind != "render":
                self.describing.release(file_id, int(rest[0]))

    def interrupt(self, meanwhile: str | None, file_id: str) -> None:
        if meanwhile in {"delete", "delete and restore"}:
            self.write(lambda t: t.files.mark_deleted(TENANT, file_id, self.now()))
        if meanwhile == "delete and restore":
            self.write(lambda t: restore_file(t, self.jobs, TENANT, file_id, self.now()))
        if meanwhile == "cancel":
            self.cancel()
        if meanwhile in {"kill", "leave"}:
            raise Killed
        if meanwhile == "fail":
            raise DescribeError("It failed.", DescriptionErrorType.UNKNOWN, retryable=False)

    def course(self, kind: str, file_id: str, rest: list[str]) -> Iterator[None]:
        """As the worker's workflows."""
        if kind == "render":
            try:
                self.describing.make_variants(file_id)
            except DescribeError as error:
                self.describing.fail_variants(file_id, error)
            return
        revision = int(rest[0])
        try:
            if kind == "ask":
                self.asking.park(file_id, revision, VLM.name, "It is away.")
                yield
                self.asking.ask(file_id, revision, self.script, new_attempt=False)  # type: ignore[arg-type]
                return
            found = self.describing.analyze(file_id, revision)
            yield
            if found:
                self.describing.describe(file_id, revision)
        except DescribeError as error:
            self.describing.fail(file_id, revision, error)

    # The queue ------------------------------------------------------------------------------------------------------

    def waiting(self) -> list[str]:
        mine = set(self.files)
        return sorted(job for job in self.all_waiting() if job.split(":")[1] in mine)

    def all_waiting(self) -> list[str]:
        table = self.table
        query = sa.select(table.c.workflow_uuid).where(table.c.status == "ENQUEUED")
        return list(self.database.read(lambda t: t.connection.execute(query).scalars().all()))

    def end(self, job: str) -> None:
        del self.running[job]
        table = self.table
        ended = table.update().where(table.c.workflow_uuid == job).values(status="SUCCESS")
        self.write(lambda t: t.connection.execute(ended))

    @property
    def table(self) -> sa.TableClause:
        schema = "dbos" if self.url.startswith("postgresql") else None
        return sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema)

    def pick(self, number: int) -> str:
        return self.files[number % len(self.files)]

    def file(self, file_id: str) -> File:
        found = self.database.read(lambda t: t.files.get(TENANT, file_id, include_deleted=True))
        assert found is not None
        return found

    def write(self, work: Callable[[SqlTransaction], Any]) -> None:
        self.database.write(work)

    def now(self) -> datetime:
        return datetime.now(UTC)


def test_every_order_of_what_can_happen_ends_every_file(empty_database: SqlDatabase, engine: sa.Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    migrate_jobs(url)
    empty_database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "t", datetime.now(UTC))))
    machine = type("Machine", (Lifecycle,), {"database": empty_database, "url": url})
    usual = 40 if url.startswith("sqlite") else 10
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("LIFECYCLE_EXAMPLES", usual)),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
