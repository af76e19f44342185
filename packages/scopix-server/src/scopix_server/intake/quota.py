"""What a tenant may still take this month, asked within the transaction that takes it."""

from datetime import datetime

from scopix_server.domain.plans import Allowance, MonthlyUsage, PlanTable, month_of
from scopix_server.domain.ports import Transaction

__all__ = ["Quotas"]


class Quotas:
    """The allowances of all tenants."""

    def __init__(self, plans: PlanTable) -> None:
        self._plans = plans

    def allowance(self, transaction: Transaction, tenant_id: str, now: datetime) -> Allowance:
        """Return what the tenant may still take in the month of `now`."""
        plan = self._plans.of(transaction.tenants.plan_of(tenant_id))
        # Counting takes longer the more there is, so it is done only for those whom it concerns.
        limited = plan.descriptions_per_month is not None or plan.uploads_per_month is not None
        usage = transaction.tenants.usage(tenant_id, month_of(now)) if limited else MonthlyUsage(0, 0)
        return Allowance(plan, usage)
