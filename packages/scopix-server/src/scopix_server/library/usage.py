"""What a tenant has used of its plan."""

from dataclasses import dataclass
from datetime import UTC, datetime

from scopix_server.domain.plans import MonthlyUsage, StoredFiles, month_of
from scopix_server.domain.ports import Database

__all__ = ["UsageReport", "Usages"]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What is used since the month began (UTC), and what is stored in all."""

    since: datetime
    usage: MonthlyUsage
    stored: StoredFiles


class Usages:
    """What tenants have used. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str) -> MonthlyUsage:
        """Return what a tenant has used this month."""
        since = month_of(datetime.now(UTC))
        return self._database.read(lambda t: t.tenants.usage(tenant_id, since))

    def report(self, tenant_id: str) -> UsageReport:
        """Return what a tenant has used this month, and what it has stored."""
        since = month_of(datetime.now(UTC))
        return self._database.read(
            lambda t: UsageReport(since, t.tenants.usage(tenant_id, since), t.tenants.stored(tenant_id))
        )
