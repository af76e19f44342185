"""Bodies of the routes about the tenant itself."""

from datetime import datetime

from scopix.types._wire import WireModel

__all__ = ["PlanLimits", "PlanUsage", "TakenTypes", "TenantLimits"]


class TakenTypes(WireModel):
    """The content types of the files that the server takes; what a file is, is told from its content alone."""

    images: list[str]
    documents: list[str]


class PlanLimits(WireModel):
    """What the plan allows; None is unlimited. Sizes are in bytes, months are calendar months (UTC).

    Requests a minute and uploads at once are a key's; those that begin with `tenant_` are all its keys' together.
    """

    requests_per_minute: int | None = None
    max_batch_size: int
    max_concurrent_uploads: int | None = None
    tenant_requests_per_minute: int | None = None
    tenant_concurrent_uploads: int | None = None
    descriptions_per_month: int | None = None
    uploads_per_month: int | None = None
    max_image_bytes: int
    max_document_bytes: int
    max_batch_bytes: int


class PlanUsage(WireModel):
    """What was used of it this month, what is left (None: any number), and what is stored in all."""

    descriptions: int
    uploads: int
    descriptions_left: int | None = None
    uploads_left: int | None = None
    stored_files: int
    stored_bytes: int


class TenantLimits(WireModel):
    """200 body of `GET /tenant/limits`. The counts begin anew at `period_end`."""

    tenant_id: str
    tier: str
    limits: PlanLimits
    usage: PlanUsage
    taken: TakenTypes | None = None
    period_start: datetime
    period_end: datetime
