"""What the routes work with; `wiring.py` fills it in."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Request

from scopix.types.vocabulary import StorageTarget
from scopix_server.api.admission import Admission
from scopix_server.api.limits import RateLimits, UploadSlots
from scopix_server.api.links import LinkSigner, PartSigner
from scopix_server.api.metrics import Metrics, MetricsAccess
from scopix_server.api.usage import UseCounter
from scopix_server.categories import Catalogue
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.plans import PlanTable
from scopix_server.domain.ports import Database, FileServing, JobQueue
from scopix_server.domain.storage_ports import LinkedStore, Vault
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.pipeline.batch import BatchReceiver
from scopix_server.pipeline.direct import DirectReceiver
from scopix_server.pipeline.own_bucket import BucketSettings
from scopix_server.pipeline.receive import Receiver
from scopix_server.pipeline.redescribe import Redescriber
from scopix_server.pipeline.stores import Stores

__all__ = ["ApiLimits", "Services", "services_of"]


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Limits of the routes: bytes, seconds."""

    max_file_bytes: int
    max_document_bytes: int
    max_batch_files: int
    max_batch_bytes: int
    body_idle_seconds: float
    worker_silence: timedelta


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the API."""

    database: Database
    jobs: JobQueue
    stores: Stores
    bucket_settings: BucketSettings
    receiver: Receiver
    batches: BatchReceiver
    redescriber: Redescriber
    direct: DirectReceiver
    engines: EngineChoice
    links: LinkSigner
    part_links: PartSigner
    plans: PlanTable
    categories: Catalogue
    uses: UseCounter
    rates: RateLimits
    vault: Vault
    addresses: AddressGuard
    slots: UploadSlots
    admission: Admission
    limits: ApiLimits
    uploads: ThreadPoolExecutor
    bucket_threads: ThreadPoolExecutor
    metrics: Metrics
    metrics_access: MetricsAccess | None = None
    """Who may read the metrics; None: nobody."""
    public_url: str | None = None
    serving: FileServing | None = None
    linking: LinkedStore | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is to stop: answers that go on and on end then."""

    def threads_for(self, target: StorageTarget) -> ThreadPoolExecutor:
        """Return the threads that store what is uploaded: tenants' buckets, which may be slow, have some apart."""
        return self.bucket_threads if target is StorageTarget.CUSTOM else self.uploads


def services_of(request: Request) -> Services:
    """Return the parts of the application that serves `request`."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
