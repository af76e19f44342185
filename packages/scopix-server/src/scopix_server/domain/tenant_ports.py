"""The interfaces to tenants and their keys; `ports.py` has all others."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scopix_server.domain.plans import MonthlyUsage, StoredFiles
from scopix_server.domain.tenant import ApiKey, Tenant

__all__ = ["KeyRepository", "TenantRepository"]


class TenantRepository(Protocol):
    """Tenants."""

    def add_tenant(self, tenant: Tenant) -> None:
        """Record a new tenant."""

    def first_tenant(self) -> Tenant | None:
        """Return the oldest tenant."""

    def find(self, name_or_id: str) -> Tenant | None:
        """Find one by its id or its name."""

    def plan_of(self, tenant_id: str) -> str | None:
        """Return the name of a tenant's plan; None where it follows the settings, or there is no such tenant."""

    def list(self) -> Sequence[Tenant]:
        """Return all, the oldest first."""

    def usage(self, tenant_id: str, since: datetime) -> MonthlyUsage:
        """Return what the tenant took since the month that begins then, by the time of its files' uploads."""

    def stored(self, tenant_id: str) -> StoredFiles:
        """Return how much the tenant has stored."""

    def set_plan(self, tenant_id: str, plan: str | None) -> None:
        """Change the tenant's plan; None follows the settings."""


class KeyRepository(Protocol):
    """API keys. Questions that come over the API name their tenant."""

    def add(self, key: ApiKey) -> None:
        """Record a new key."""

    def holder(self, prefix: str) -> tuple[ApiKey, Tenant] | None:
        """Find a key, whosever it is, by the part that names it; with its tenant."""

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        """Find one of the tenant's keys."""

    def list(self, tenant_id: str, *, include_inactive: bool, limit: int, offset: int) -> tuple[Sequence[ApiKey], int]:
        """Return a page of the tenant's keys, newest first, and the number of all."""

    def find(self, prefix_or_id: str) -> ApiKey | None:
        """Find a key, whosever it is: for the operator of the server."""

    def made_by(self, key_id: str) -> Sequence[ApiKey]:
        """Return the keys that this one made, active or not, but those that may outlive it."""

    def update(self, key: ApiKey) -> None:
        """Save a changed name, description, metadata, whether the key is active and whether it outlives its maker."""

    def note_use(self, uses: Mapping[str, tuple[int, datetime]]) -> None:
        """Add to each key's count of uses, and note its last."""
