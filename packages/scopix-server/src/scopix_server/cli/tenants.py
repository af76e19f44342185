"""tenants: create, list, set-plan."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from scopix_server.cli.common import DataDir, fail, find_tenant, lend_database, printable, say, table, when
from scopix_server.domain.plans import PLANS
from scopix_server.domain.tenant import Tenant

__all__ = ["tenants_app"]

tenants_app = typer.Typer(no_args_is_help=True, help="Manage tenants: each sees only what is its own.")

PlanName = Annotated[
    str, typer.Option("--plan", help="free, starter, professional, enterprise, custom, or default (see the settings).")
]


@tenants_app.command("create")
def create_tenant(
    name: Annotated[str, typer.Option(help="A name of its own.")],
    plan: PlanName = "default",
    data_dir: DataDir = None,
) -> None:
    """Make another tenant and print its id; `keys create --tenant` makes its first key."""
    if not 1 <= len(name.strip()) <= 255:
        fail("A tenant's name has 1 to 255 characters.")
    tenant = Tenant(str(uuid.uuid4()), name.strip(), datetime.now(UTC), _plan(plan))
    with lend_database(data_dir) as (database, _):
        if database.read(lambda t: t.tenants.find(tenant.name)) is not None:
            fail(f"There is a tenant '{printable(name)}' already.")
        database.write(lambda t: t.tenants.add_tenant(tenant))
    say(tenant.id)


@tenants_app.command("list")
def list_tenants(data_dir: DataDir = None) -> None:
    """List the tenants."""
    with lend_database(data_dir) as (database, settings):
        tenants = database.read(lambda t: t.tenants.list())
    plans = [tenant.plan or f"default ({settings.default_plan})" for tenant in tenants]
    rows = [(t.id, t.name, plan, when(t.created_at)) for t, plan in zip(tenants, plans, strict=True)]
    table([("ID", "NAME", "PLAN", "CREATED"), *rows])


@tenants_app.command("set-plan")
def set_plan(
    tenant: Annotated[str, typer.Argument(help="Name or id of the tenant.")], plan: PlanName, data_dir: DataDir = None
) -> None:
    """Move a tenant to another plan; it holds from the next request on."""
    chosen = _plan(plan)
    with lend_database(data_dir) as (database, _):
        found = find_tenant(database, tenant)
        database.write(lambda t: t.tenants.set_plan(found.id, chosen))
    say(f"{found.name} has the plan {plan}.")


def _plan(name: str) -> str | None:
    if name != "default" and name not in PLANS:
        fail(f"There is no plan '{printable(name)}'; choose from {', '.join(PLANS)}, default.")
    return None if name == "default" else name
