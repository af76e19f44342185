"""The parts behind the API. `wiring/` builds them; routes name those they need, by annotations (`dependencies.py`)."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Request

from scopix_server.api.admission import Admission
from scopix_server.api.authenticator import Authenticator
from scopix_server.api.endings import Endings
from scopix_server.api.file_links import LinkFactory
from scopix_server.api.limits import HeldResponses, RateLimits, UploadSlots
from scopix_server.api.links import PartSigner
from scopix_server.api.metrics import Metrics, MetricsAccess
from scopix_server.api.multipart import BodyPace
from scopix_server.api.one_time import OneTimeLinks
from scopix_server.api.recent import RecentChecks
from scopix_server.api.threads import Threads
from scopix_server.api.waiting import Waiting
from scopix_server.categories import Catalogue
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.ports import FileServing
from scopix_server.intake.accept import Intake
from scopix_server.intake.direct import DirectUploads
from scopix_server.intake.stores import Stores
from scopix_server.library.ask import AskLibrary
from scopix_server.library.documents import Documents
from scopix_server.library.edit import Editor
from scopix_server.library.files import Files
from scopix_server.library.keys import ApiKeys
from scopix_server.library.own_bucket import BucketSettings
from scopix_server.library.redescribe import Redescriber
from scopix_server.library.reviews import Reviews
from scopix_server.library.rules import Rules
from scopix_server.library.search import Searches
from scopix_server.library.sessions import Sessions
from scopix_server.library.tag_vocabularies import TagVocabularies
from scopix_server.library.tiles import Tiles
from scopix_server.library.usage import Usages
from scopix_server.library.webhooks import Webhooks
from scopix_server.upkeep.readiness import Readiness

__all__ = ["ApiLimits", "Curation", "Fetch", "Finding", "Parts", "Reception", "parts_of"]

Fetch = Callable[[str], AbstractContextManager[tuple[str, Iterator[bytes]]]]
"""From an address to a name and the content, in chunks, for as long as the context lasts.

Raises AddressRefused, and ValidationFailed when it cannot be had from there.
"""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Limits of the routes: bytes, seconds."""

    max_file_bytes: int
    max_document_bytes: int
    max_batch_files: int
    max_batch_bytes: int
    body_pace: BodyPace
    worker_silence: timedelta


@dataclass(frozen=True, slots=True)
class Reception:
    """What takes a file in, in one piece so that the short way hands it over as FastAPI does."""

    intake: Intake
    files: Files
    categories: Catalogue
    admission: Admission
    threads: Threads
    limits: ApiLimits
    metrics: Metrics
    links: LinkFactory
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Curation:
    """What tenants have to keep their files in order."""

    tag_vocabularies: TagVocabularies
    rules: Rules
    reviews: Reviews


@dataclass(frozen=True, slots=True)
class Finding:
    """What finds files by what somebody types: a search, or a question."""

    searches: Searches
    library: AskLibrary


@dataclass(frozen=True, slots=True)
class Parts:
    """All of them, of one application."""

    authenticator: Authenticator
    reception: Reception
    direct: DirectUploads
    part_links: PartSigner
    editor: Editor
    redescriber: Redescriber
    sessions: Sessions
    tiles: Tiles
    documents: Documents
    keys: ApiKeys
    webhooks: Webhooks
    curation: Curation
    finding: Finding
    usages: Usages
    bucket_settings: BucketSettings
    stores: Stores
    engines: EngineChoice
    readiness: Readiness
    rates: RateLimits
    slots: UploadSlots
    held: HeldResponses
    endings: Endings
    fetch: Fetch | None = None
    """Fetches pictures whose address was given; None: this server does not."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may use the API from a browser; `*` for all."""
    metrics_access: MetricsAccess | None = None
    """Who may read the metrics; None: nobody."""
    serving: FileServing | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is to stop: answers that go on and on end then."""
    one_time: OneTimeLinks = field(default_factory=OneTimeLinks)
    recent_checks: RecentChecks = field(default_factory=RecentChecks)
    vector_searches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """The first search of a tenant reads all its vectors, half a second for 100,000, and keeps a core and a connection
    of the database busy meanwhile: more than these wait for each other, not everybody for them."""


def parts_of(request: Request) -> Parts:
    """Return the parts of the application that serves `request`; for what surrounds the routes."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts
