"""tenants: create, list, set-plan, export, erase."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import (
    DataDir,
    fail,
    find_tenant,
    lend_database,
    lend_storage,
    printable,
    say,
    table,
    when,
)
from scopix_server.domain.errors import DomainError
from scopix_server.domain.plans import PLANS
from scopix_server.domain.tenant import Tenant

if TYPE_CHECKING:
    from scopix_server.upkeep.erase import Erased

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


@tenants_app.command("export")
def export_tenant(
    tenant: Annotated[str, typer.Argument(help="Name or id of the tenant.")],
    folder: Annotated[Path, typer.Argument(help="A new or empty folder, or one with half an export of the tenant.")],
    data_dir: DataDir = None,
) -> None:
    """Write all files of a tenant and all its records into a folder. The server may run meanwhile.

    A folder with a file named INCOMPLETE has half an export: run the command again, and it does the rest.
    """
    from scopix_server.upkeep.export import NoPlaceForExport
    from scopix_server.wiring.shared import VERSION
    from scopix_server.wiring.upkeep import build_exporter

    with lend_database(data_dir) as (database, settings), lend_storage(settings) as storage:
        found = find_tenant(database, tenant)
        exporter = build_exporter(database, storage, version=VERSION)
        try:
            done = exporter.export(found, folder.expanduser())
        except NoPlaceForExport as error:
            fail(f"{error}; choose another folder.")
        except OSError as error:
            fail(f"The export cannot go on: {error.strerror}. Run the command again when that is mended.")
        except DomainError as error:
            fail(f"The export cannot go on: {error.message} Run the command again when that is mended.")
    say(f"{done.files} files ({done.bytes} bytes) and {sum(done.records.values())} records are in {folder}.")
    for what, ids in (("missing", done.missing), ("damaged", done.damaged)):
        if ids:
            say(f"{what} in storage: {', '.join(ids)}")
    if done.missing or done.damaged:
        fail("Not every original could be exported; manifest.json names the others.")


@tenants_app.command("erase")
def erase_tenant(
    tenant: Annotated[str, typer.Argument(help="Name or id of the tenant.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[int, typer.Option(help="Seconds to wait for workers that are at its files.", min=0)] = 300,
    leave_buckets: Annotated[
        bool, typer.Option("--leave-buckets", help="Leave originals that are in buckets of the tenant's own.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove a tenant for good: keys, files, descriptions, sessions, jobs, everything. The server may run meanwhile.

    Nothing can be restored. If it is broken off, run it again.
    """
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.upkeep.erase import JobsUnderWay
    from scopix_server.wiring.keys import remove_credentials
    from scopix_server.wiring.upkeep import build_eraser

    with lend_database(data_dir) as (database, settings), lend_storage(settings) as storage:
        found = find_tenant(database, tenant)
        stored = database.read(lambda t: t.tenants.stored(found.id))
        if not yes:
            summary = f"'{printable(found.name)}' has {stored.files} files ({stored.size_bytes} bytes)"
            typer.confirm(f"{summary}. Remove all there is of it, for good?", abort=True)
        remove_credentials(settings, database, found)
        jobs = DbosQueue(settings.database_address)
        eraser = build_eraser(database, storage, jobs, wait_seconds=wait, leave_buckets=leave_buckets)
        try:
            done = eraser.erase(found.id)
        except JobsUnderWay as under_way:
            fail(f"Workers are still at {under_way.number} jobs of the tenant. It is shut out; run the command again.")
        except DomainError as error:
            fail(f"Not all could be removed: {error.message} Run the command again (see --leave-buckets).")
        finally:
            jobs.close()
        database.compact()
    _tell_erased(found, done)


def _tell_erased(tenant: Tenant, done: "Erased") -> None:
    rows = [
        (str(done.files), "files"),
        (str(done.objects), "objects in the server's store"),
        (str(done.bucket_objects), "objects in its own buckets"),
        (str(done.left_in_buckets), "objects left in its own buckets"),
        (str(done.jobs), "jobs"),
        *((str(number), name.replace("_", " ")) for name, number in sorted(done.records.items())),
    ]
    table([("NUMBER", "REMOVED"), *(row for row in rows if row[0] != "0")])
    for bucket in done.unlisted:
        say(f"The bucket {bucket} may not be listed: what uploads that failed left there is still below scopix/.")
    say(f"{tenant.name} ({tenant.id}) is erased.")


def _plan(name: str) -> str | None:
    if name != "default" and name not in PLANS:
        fail(f"There is no plan '{printable(name)}'; choose from {', '.join(PLANS)}, default.")
    return None if name == "default" else name
