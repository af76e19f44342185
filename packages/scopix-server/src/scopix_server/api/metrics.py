"""Metrics for Prometheus: what this process sees, counted here; what the workers do, read from the database.

No label tells of a tenant, a file or a key, and none takes a value that a client chooses.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Literal

from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scopix_server.api.admission import Admission
from scopix_server.api.route_names import route_of
from scopix_server.domain.errors import Forbidden, InvalidApiKey, MissingApiKey, ServiceUnavailable
from scopix_server.domain.inspection import InspectionReport
from scopix_server.domain.metrics import STAGE_BUCKETS, StageBucket, StageTimes
from scopix_server.domain.ports import BlobStore, Database

__all__ = ["Metrics", "MetricsAccess", "RequestMetrics"]

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """Who may read the metrics: `local` this machine alone, `token` those who show it, `open` everybody."""

    mode: Literal["local", "token", "open"]
    token: str = field(default="", repr=False)

    def check(self, request: Request) -> None:
        """Raise Forbidden, MissingApiKey or InvalidApiKey when the caller may not."""
        if self.mode == "local":
            _check_local(request)
        elif self.mode == "token":
            self._check_token(request)

    def _check_token(self, request: Request) -> None:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            raise MissingApiKey("No token was sent. Send that of SCOPIX_METRICS_TOKEN as 'Authorization: Bearer ...'.")
        if kind.lower() != "bearer" or not secrets.compare_digest(shown.strip().encode(), self.token.encode()):
            raise InvalidApiKey("This is not the token of SCOPIX_METRICS_TOKEN.")


class Metrics:
    """The metrics of one web process. Its methods may be called from any thread.

    Args:
        silence: a worker that did not report for so long does not count as alive.
    """

    def __init__(
        self, database: Database, store: BlobStore, admission: Admission, *, version: str, silence: timedelta
    ) -> None:
        registry = self._registry = CollectorRegistry()
        Info("scopix_server", "The server that answers.", registry=registry).info({"version": version})
        self._requests = Counter(
            "scopix_http_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "scopix_http_request_seconds",
            "Seconds until an answer began, uploads included.",
            ("method", "route"),
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self.received = Counter("scopix_received_bytes", "Bytes of request bodies.", registry=registry)
        self._uploads = Counter(
            "scopix_uploads",
            "Files that came in, by the way they came and what became of them.",
            ("way", "outcome"),
            registry=registry,
        )
        self._refusals = Counter(
            "scopix_refusals", "Requests, and files of batches, that were refused.", ("code",), registry=registry
        )
        self._streams = Gauge("scopix_open_streams", "Event streams that are being followed.", registry=registry)
        self._receive = Histogram(
            "scopix_receive_seconds",
            "Seconds from the first byte of an upload until it was stored.",
            ("way",),
            buckets=STAGE_BUCKETS,
            registry=registry,
        )
        under_way = Gauge("scopix_uploads_under_way", "Uploads that are being taken in.", registry=registry)
        under_way.set_function(lambda: admission.uploads)
        missing = Gauge(
            "scopix_upload_bytes_to_come", "Bytes that these have announced and not sent yet.", registry=registry
        )
        missing.set_function(lambda: admission.missing_bytes)
        ProcessCollector(registry=registry)
        registry.register(_Kept(database, store, silence))

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus. Blocks: it asks the database."""
        return generate_latest(self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def refused(self, code: str) -> None:
        """Count a refusal by the code that the client was told."""
        self._refusals.labels(code).inc()

    def uploaded(self, way: str, outcome: str) -> None:
        """Count a file that came in."""
        self._uploads.labels(way, outcome).inc()

    def took(self, way: str, milliseconds: int) -> None:
        """Note how long an upload took."""
        self._receive.labels(way).observe(milliseconds / 1000)

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Count an event stream for as long as it is open."""
        self._streams.inc()
        try:
            yield
        finally:
            self._streams.dec()


class RequestMetrics:
    """Counts the requests, and the bytes of their bodies."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, spent = time.perf_counter(), 500, None

        async def counted_receive() -> Message:
            message = await receive()
            self._metrics.received.inc(len(message.get("body", b"")))
            return message

        async def timed_send(message: Message) -> None:
            nonlocal status, spent
            if message["type"] == "http.response.start":
                status, spent = message["status"], time.perf_counter() - started
            await send(message)

        try:
            await self._app(scope, counted_receive, timed_send)
        finally:
            self._metrics.answered(scope["method"], route_of(scope), status, spent or time.perf_counter() - started)


class _Kept(Collector):
    """What is not counted here, but known to the database or to the disk, asked for when it is wanted."""

    def __init__(self, database: Database, store: BlobStore, silence: timedelta) -> None:
        self._database = database
        self._store = store
        self._silence = silence

    def describe(self) -> Iterator[Metric]:
        # Nothing is asked of the database before anybody wants to know.
        return iter(())

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        queues, beats, stages, engines, last = self._database.read(
            lambda t: (
                t.metrics.queues(),
                t.metrics.heartbeats(),
                t.metrics.all(),
                t.engines.states(),
                t.inspections.last(),
            )
        )
        jobs = GaugeMetricFamily(
            "scopix_jobs", "Files that something is still to be done for.", labels=("kind", "state")
        )
        oldest = GaugeMetricFamily("scopix_oldest_job_seconds", "Age of the oldest of them.", labels=("kind",))
        for queue in queues:
            jobs.add_metric((queue.kind, "waiting"), queue.waiting)
            jobs.add_metric((queue.kind, "running"), queue.running)
            oldest.add_metric((queue.kind,), (now - queue.oldest).total_seconds() if queue.oldest else 0.0)
        yield jobs
        yield oldest
        beating = GaugeMetricFamily(
            "scopix_worker_heartbeat_age_seconds", "Seconds since a worker last reported.", labels=("worker",)
        )
        for worker, beat in beats.items():
            beating.add_metric((worker,), (now - beat).total_seconds())
        yield beating
        alive = sum(now - beat <= self._silence for beat in beats.values())
        yield GaugeMetricFamily("scopix_workers_alive", "Workers whose engines are loaded and that report.", alive)
        available = GaugeMetricFamily(
            "scopix_engine_available",
            "Whether a vision-language engine could be asked when last tried.",
            labels=("engine",),
        )
        for name, state in engines.items():
            available.add_metric((name,), float(state.available))
        yield available
        yield _histogram(stages)
        yield from _inspected(last, now)
        try:
            free = self._store.free_bytes()
        except ServiceUnavailable:
            free = None  # the other metrics are all the more worth having
        if free is not None:
            yield GaugeMetricFamily("scopix_disk_free_bytes", "Room left on the disk that uploads go to.", free)


def _inspected(last: InspectionReport | None, now: datetime) -> Iterator[Metric]:
    """What the last look at all that is stored found; nothing before there was one."""
    if last is None or last.ended_at is None:
        return
    objects = GaugeMetricFamily(
        "scopix_stored_objects_wrong", "Objects that were not as they should be at the last look.", labels=("problem",)
    )
    objects.add_metric(("missing",), last.missing)
    objects.add_metric(("damaged",), last.damaged)
    objects.add_metric(("foreign",), last.foreign or 0)
    yield objects
    yield GaugeMetricFamily("scopix_inspected_files", "Files that the last look compared.", last.files)
    age = (now - last.ended_at).total_seconds()
    yield GaugeMetricFamily("scopix_inspection_age_seconds", "Seconds since the last look at all files ended.", age)


def _histogram(stages: Mapping[StageBucket, StageTimes]) -> Metric:
    family = HistogramMetricFamily(
        "scopix_stage_seconds",
        "Seconds that the stages of the work took, of all workers together.",
        labels=("stage", "outcome"),
    )
    series: dict[tuple[str, str], dict[float | None, StageTimes]] = defaultdict(dict)
    for bucket, times in stages.items():
        series[bucket.stage.value, bucket.outcome.value][bucket.max_seconds] = times
    for labels, classes in sorted(series.items()):
        number, buckets = 0, []
        for bound in (*STAGE_BUCKETS, None):
            number += classes.get(bound, StageTimes()).number
            buckets.append(("+Inf" if bound is None else str(bound), number))
        family.add_metric(labels, buckets, sum(times.seconds for times in classes.values()))
    return family


def _check_local(request: Request) -> None:
    host = request.client.host if request.client else ""
    # A proxy on this machine makes everybody's requests look local; what it adds to them gives it away.
    if any(name in request.headers for name in _FORWARDED) or not _is_loopback(host):
        raise Forbidden(
            "The figures are for this machine alone. SCOPIX_METRICS=token lets in those who show a token, "
            "SCOPIX_METRICS=open everybody."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
