"""What routes ask for, as annotations: `files: FilesDep` is given the application's `Files`.

Each is a coroutine function, which costs a dozen microseconds; a plain function would be run in a thread.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from scopix_server.api.admission import Admission
from scopix_server.api.endings import Endings
from scopix_server.api.file_links import LinkFactory, Links
from scopix_server.api.limits import HeldResponses, RateLimits
from scopix_server.api.links import PartSigner
from scopix_server.api.metrics import Metrics, MetricsAccess
from scopix_server.api.one_time import OneTimeLinks
from scopix_server.api.parts import ApiLimits, Fetch, Parts, Reception, parts_of
from scopix_server.api.recent import RecentChecks
from scopix_server.api.requests import StoreLinks
from scopix_server.api.threads import Threads
from scopix_server.categories import Catalogue
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.ports import FileServing
from scopix_server.intake.direct import DirectUploads
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

__all__ = [
    "AdmissionDep",
    "ApiKeysDep",
    "AskLibraryDep",
    "BucketSettingsDep",
    "CatalogueDep",
    "DirectUploadsDep",
    "DocumentsDep",
    "EditorDep",
    "EndingsDep",
    "EnginesDep",
    "FetchDep",
    "FilesDep",
    "HeldDep",
    "LimitsDep",
    "LinkFactoryDep",
    "LinksDep",
    "MetricsAccessDep",
    "MetricsDep",
    "OneTimeDep",
    "PartSignerDep",
    "RatesDep",
    "ReadinessDep",
    "RecentChecksDep",
    "ReceptionDep",
    "RedescriberDep",
    "ReviewsDep",
    "RulesDep",
    "SearchesDep",
    "ServingDep",
    "SessionsDep",
    "StoppingDep",
    "StoreLinksDep",
    "TagVocabulariesDep",
    "ThreadsDep",
    "TilesDep",
    "UsagesDep",
    "VectorSearchesDep",
    "WebhooksDep",
]

T = TypeVar("T")


def _of(choose: Callable[[Parts], T]) -> Callable[[Request], Awaitable[T]]:
    async def provide(request: Request) -> T:
        return choose(parts_of(request))

    return provide


async def _links(request: Request) -> Links:
    return parts_of(request).reception.links.seen_from(request)


async def _store_links(request: Request, links: Annotated[Links, Depends(_links)]) -> StoreLinks:
    parts = parts_of(request)
    return StoreLinks(links, parts.stores, parts.reception.threads)


# Use cases
FilesDep = Annotated[Files, Depends(_of(lambda parts: parts.reception.files))]
EditorDep = Annotated[Editor, Depends(_of(lambda parts: parts.editor))]
RedescriberDep = Annotated[Redescriber, Depends(_of(lambda parts: parts.redescriber))]
DocumentsDep = Annotated[Documents, Depends(_of(lambda parts: parts.documents))]
TilesDep = Annotated[Tiles, Depends(_of(lambda parts: parts.tiles))]
AskLibraryDep = Annotated[AskLibrary, Depends(_of(lambda parts: parts.finding.library))]
SearchesDep = Annotated[Searches, Depends(_of(lambda parts: parts.finding.searches))]
SessionsDep = Annotated[Sessions, Depends(_of(lambda parts: parts.sessions))]
ApiKeysDep = Annotated[ApiKeys, Depends(_of(lambda parts: parts.keys))]
RulesDep = Annotated[Rules, Depends(_of(lambda parts: parts.curation.rules))]
ReviewsDep = Annotated[Reviews, Depends(_of(lambda parts: parts.curation.reviews))]
TagVocabulariesDep = Annotated[TagVocabularies, Depends(_of(lambda parts: parts.curation.tag_vocabularies))]
WebhooksDep = Annotated[Webhooks, Depends(_of(lambda parts: parts.webhooks))]
UsagesDep = Annotated[Usages, Depends(_of(lambda parts: parts.usages))]
BucketSettingsDep = Annotated[BucketSettings, Depends(_of(lambda parts: parts.bucket_settings))]
DirectUploadsDep = Annotated[DirectUploads, Depends(_of(lambda parts: parts.direct))]
ReceptionDep = Annotated[Reception, Depends(_of(lambda parts: parts.reception))]
ReadinessDep = Annotated[Readiness, Depends(_of(lambda parts: parts.readiness))]

# What the server knows
CatalogueDep = Annotated[Catalogue, Depends(_of(lambda parts: parts.reception.categories))]
EnginesDep = Annotated[EngineChoice, Depends(_of(lambda parts: parts.engines))]
LimitsDep = Annotated[ApiLimits, Depends(_of(lambda parts: parts.reception.limits))]
MetricsDep = Annotated[Metrics, Depends(_of(lambda parts: parts.reception.metrics))]
MetricsAccessDep = Annotated[MetricsAccess | None, Depends(_of(lambda parts: parts.metrics_access))]
OneTimeDep = Annotated[OneTimeLinks, Depends(_of(lambda parts: parts.one_time))]
RecentChecksDep = Annotated[RecentChecks, Depends(_of(lambda parts: parts.recent_checks))]

# What is shared out
AdmissionDep = Annotated[Admission, Depends(_of(lambda parts: parts.reception.admission))]
RatesDep = Annotated[RateLimits, Depends(_of(lambda parts: parts.rates))]
HeldDep = Annotated[HeldResponses, Depends(_of(lambda parts: parts.held))]
ThreadsDep = Annotated[Threads, Depends(_of(lambda parts: parts.reception.threads))]
VectorSearchesDep = Annotated[asyncio.Semaphore, Depends(_of(lambda parts: parts.vector_searches))]

# What is waited for
EndingsDep = Annotated[Endings, Depends(_of(lambda parts: parts.endings))]
FetchDep = Annotated[Fetch | None, Depends(_of(lambda parts: parts.fetch))]
StoppingDep = Annotated[threading.Event, Depends(_of(lambda parts: parts.stopping))]

# The way to the bytes
LinksDep = Annotated[Links, Depends(_links)]
"""Links on the public URL from the settings, or on the address that the client used; or in the store itself."""
LinkFactoryDep = Annotated[LinkFactory, Depends(_of(lambda parts: parts.reception.links))]
StoreLinksDep = Annotated[StoreLinks, Depends(_store_links)]
PartSignerDep = Annotated[PartSigner, Depends(_of(lambda parts: parts.part_links))]
ServingDep = Annotated[FileServing | None, Depends(_of(lambda parts: parts.serving))]
