"""Plans: what a tenant may do in a minute, at once, and in a month (contract 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

from scopix_server.domain.errors import UsageLimitExceeded

__all__ = [
    "PLANS",
    "Allowance",
    "MonthlyUsage",
    "Plan",
    "PlanTable",
    "StoredFiles",
    "month_after",
    "month_of",
    "plans_with",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """One tier. None means unlimited; only a batch is never without a limit.

    Requests a minute and uploads at once are a key's. All keys of a tenant together have `tenant_multiple` times as
    much: three, so that a shop, a job beside it and somebody at a desk can each use a key of their own in full, and
    making more keys does not make a larger plan.
    """

    name: str
    requests_per_minute: int | None
    files_per_batch: int
    concurrent_uploads: int | None
    descriptions_per_month: int | None
    uploads_per_month: int | None
    tenant_multiple: int | None = 3

    @property
    def tenant_requests_per_minute(self) -> int | None:
        """Requests a minute of all keys of a tenant."""
        return self._of_all_keys(self.requests_per_minute)

    @property
    def tenant_concurrent_uploads(self) -> int | None:
        """Uploads at once of all keys of a tenant."""
        return self._of_all_keys(self.concurrent_uploads)

    def _of_all_keys(self, of_one: int | None) -> int | None:
        return None if of_one is None or self.tenant_multiple is None else of_one * self.tenant_multiple


PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("free", 10, 10, 10, 10, 1_000),
        Plan("starter", 30, 50, 20, 500, 10_000),
        Plan("professional", 100, 100, 30, 2_500, 50_000),
        Plan("enterprise", 500, 200, 50, 10_000, None),
        Plan("custom", None, 200, None, None, None),
    )
}
"""The tiers as they come. Whoever runs Scopix for others may change them (see `plans_with`)."""

_LIMITS = tuple(field.name for field in fields(Plan) if field.name != "name")


def plans_with(changes: object) -> dict[str, Plan]:
    """Return the tiers with some limits changed: `{"free": {"requests_per_minute": 20}}`.

    Raises:
        ValueError: there is no such plan or limit, or a limit is no whole number from 1 on (nor None for unlimited).
    """
    if not isinstance(changes, Mapping):
        raise ValueError("the plans must be an object: a name for each plan, and under it its limits")
    plans = dict(PLANS)
    for name, limits in changes.items():
        if name not in plans:
            raise ValueError(f"there is no plan '{name}'; choose from {', '.join(PLANS)}")
        if not isinstance(limits, Mapping):
            raise ValueError(f"the plan '{name}' must be an object of limits")
        for limit, value in limits.items():
            _check_limit(name, limit, value)
        plans[name] = replace(plans[name], **limits)
    return plans


def _check_limit(plan: str, limit: object, value: object) -> None:
    if limit not in _LIMITS:
        raise ValueError(f"the plan '{plan}' has no limit '{limit}'; choose from {', '.join(_LIMITS)}")
    if value is None and limit != "files_per_batch":
        return
    # A bool is an int to Python, and to nobody else.
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{plan}.{limit} must be a whole number from 1 on, not {value!r}")


@dataclass(frozen=True, slots=True)
class PlanTable:
    """The tiers of this server, and which one a tenant has that was given none."""

    plans: Mapping[str, Plan]
    default: str

    def of(self, name: str | None) -> Plan:
        """Return the plan of a tenant."""
        return self.plans.get(name or self.default, self.plans[self.default])


def month_of(now: datetime) -> datetime:
    """Return the beginning of the calendar month (UTC) that `now` is in."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(month: datetime) -> datetime:
    """Return the beginning of the calendar month after the one that begins at `month`."""
    return month_of(month + timedelta(days=31))


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """What a tenant has stored, deleted files left out."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """What a tenant used this month.

    A description counts from the moment it is asked for; one that failed, was cancelled or skipped gives itself back,
    and so does one whose file was deleted before it was done.
    """

    uploads: int
    descriptions: int


class Allowance:
    """What a tenant may still take this month. Every file takes from it, in the transaction that records the file."""

    def __init__(self, plan: Plan, usage: MonthlyUsage) -> None:
        self._plan = plan
        self._uploads = _left(plan.uploads_per_month, usage.uploads)
        self._descriptions = _left(plan.descriptions_per_month, usage.descriptions)
        self.refusal: UsageLimitExceeded | None = None
        """Why the last file was refused that was; None while all were given."""

    @property
    def uploads_left(self) -> int | None:
        """How many files may still be uploaded; None for any number."""
        return self._uploads

    @property
    def descriptions_left(self) -> int | None:
        """How many descriptions may still be asked for; None for any number."""
        return self._descriptions

    @property
    def available(self) -> int | None:
        """How many files may still be uploaded and described; None for any number."""
        return min((left for left in (self._uploads, self._descriptions) if left is not None), default=None)

    def take(self, *, described: bool) -> None:
        """Take one file, with its description if that is wanted.

        Raises:
            UsageLimitExceeded: the month's uploads or descriptions are used up. Nothing was taken.
        """
        if self._uploads == 0:
            self.refusal = _exceeded("uploads", self._plan.uploads_per_month, self._plan)
            raise self.refusal
        if described:
            self.take_description()
        if self._uploads is not None:
            self._uploads -= 1

    def take_description(self) -> None:
        """Take the description of a file that was uploaded before. Raises as `take`."""
        if self._descriptions == 0:
            self.refusal = _exceeded("descriptions", self._plan.descriptions_per_month, self._plan)
            raise self.refusal
        if self._descriptions is not None:
            self._descriptions -= 1


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


def _exceeded(what: str, limit: int | None, plan: Plan) -> UsageLimitExceeded:
    return UsageLimitExceeded(
        f"The plan '{plan.name}' has {limit} {what} a month, and all are used up. They begin anew with the next month "
        "(UTC).",
        available=0,
        limit=limit,
        resource=what,
        plan=plan.name,
    )
