"""GET /tenant/limits: what a tenant's plan allows, and what is used of it."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from scopix.types.sniff import DOCUMENT_TYPES, IMAGE_TYPES
from scopix.types.tenant import PlanLimits, PlanUsage, TakenTypes, TenantLimits
from scopix_server.api.auth import UsageReader
from scopix_server.api.dependencies import LimitsDep, UsagesDep
from scopix_server.api.problems import responses
from scopix_server.domain.plans import Allowance, month_after

__all__ = ["router"]

router = APIRouter(prefix="/tenant", tags=["tenant"])


@router.get("/limits", response_model=TenantLimits, responses=responses(401, 403))
async def get_tenant_limits(caller: UsageReader, usages: UsagesDep, limits: LimitsDep) -> TenantLimits:
    """Return the tenant's plan, all its limits, and how much of them is used."""
    report, plan = await run_in_threadpool(usages.report, caller.tenant_id), caller.plan
    allowance = Allowance(plan, report.usage)
    return TenantLimits(
        tenant_id=caller.tenant_id,
        tier=plan.name,
        limits=PlanLimits(
            requests_per_minute=plan.requests_per_minute,
            max_batch_size=min(limits.max_batch_files, plan.files_per_batch),
            max_concurrent_uploads=plan.concurrent_uploads,
            tenant_requests_per_minute=plan.tenant_requests_per_minute,
            tenant_concurrent_uploads=plan.tenant_concurrent_uploads,
            descriptions_per_month=plan.descriptions_per_month,
            uploads_per_month=plan.uploads_per_month,
            max_image_bytes=limits.max_file_bytes,
            max_document_bytes=limits.max_document_bytes,
            max_batch_bytes=limits.max_batch_bytes,
        ),
        usage=PlanUsage(
            descriptions=report.usage.descriptions,
            uploads=report.usage.uploads,
            descriptions_left=allowance.descriptions_left,
            uploads_left=allowance.uploads_left,
            stored_files=report.stored.files,
            stored_bytes=report.stored.size_bytes,
        ),
        taken=TakenTypes(images=list(IMAGE_TYPES), documents=list(DOCUMENT_TYPES)),
        period_start=report.since,
        period_end=month_after(report.since),
    )
