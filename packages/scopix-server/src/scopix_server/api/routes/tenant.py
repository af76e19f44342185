"""GET /tenant/limits: what a tenant's plan allows, and what is used of it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.tenant import PlanLimits, PlanUsage, TenantLimits
from scopix_server.api.auth import UsageReader
from scopix_server.api.problems import responses
from scopix_server.api.services import services_of
from scopix_server.domain.plans import Allowance, month_after, month_of
from scopix_server.domain.ports import Transaction

__all__ = ["router"]

router = APIRouter(prefix="/tenant", tags=["tenant"])


@router.get("/limits", response_model=TenantLimits, responses=responses(401, 403))
async def get_tenant_limits(request: Request, caller: UsageReader) -> TenantLimits:
    """Return the tenant's plan, all its limits, and how much of them is used."""
    services, plan, since = services_of(request), caller.plan, month_of(datetime.now(UTC))
    limits = services.limits

    def read(transaction: Transaction) -> TenantLimits:
        usage = transaction.tenants.usage(caller.tenant_id, since)
        stored = transaction.tenants.stored(caller.tenant_id)
        allowance = Allowance(plan, usage)
        return TenantLimits(
            tenant_id=caller.tenant_id,
            tier=plan.name,
            limits=PlanLimits(
                requests_per_minute=plan.requests_per_minute,
                max_batch_size=min(limits.max_batch_files, plan.files_per_batch),
                max_concurrent_uploads=plan.concurrent_uploads,
                descriptions_per_month=plan.descriptions_per_month,
                uploads_per_month=plan.uploads_per_month,
                max_image_bytes=limits.max_file_bytes,
                max_document_bytes=limits.max_document_bytes,
                max_batch_bytes=limits.max_batch_bytes,
            ),
            usage=PlanUsage(
                descriptions=usage.descriptions,
                uploads=usage.uploads,
                descriptions_left=allowance.descriptions_left,
                uploads_left=allowance.uploads_left,
                stored_files=stored.files,
                stored_bytes=stored.size_bytes,
            ),
            period_start=since,
            period_end=month_after(since),
        )

    return await run_in_threadpool(services.database.read, read)
