"""Rules: made, tried out, changed, removed; and what they did."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from scopix.types import rules as wire
from scopix_server.api.auth import Admin, Reader
from scopix_server.api.bodies import JsonRoute
from scopix_server.api.dependencies import CatalogueDep, EnginesDep, RulesDep, ThreadsDep
from scopix_server.api.problems import responses
from scopix_server.api.rule_shapes import rule_of, rule_shape, run_shape
from scopix_server.library.rule_runner import sentence_of

__all__ = ["router"]

router = APIRouter(prefix="/rules", tags=["rules"], route_class=JsonRoute)

_SHOWN = 20

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000)]


@router.post("", status_code=201, response_model=wire.Rule, responses=responses(400, 401, 403, 409, 422))
async def create_rule(
    caller: Admin, rules: RulesDep, known: CatalogueDep, engines: EnginesDep, body: wire.RuleRequest
) -> wire.Rule:
    """Make a rule. It is run on what happens from now on."""
    rule = rule_of(body, known, engines)
    return rule_shape(await run_in_threadpool(rules.create, caller.tenant_id, rule))


@router.post("/dry-run", response_model=wire.RuleDryRun, responses=responses(400, 401, 403, 422))
async def try_rule(
    caller: Admin,
    rules: RulesDep,
    known: CatalogueDep,
    engines: EnginesDep,
    threads: ThreadsDep,
    body: wire.RuleRequest,
) -> wire.RuleDryRun:
    """Tell which of the latest 1,000 files that are there a rule would be run on. Nothing is kept or done."""
    rule = rule_of(body, known, engines)
    found = await threads.in_bulk(caller.tenant_id, lambda: rules.try_out(caller.tenant_id, rule))
    files = [wire.RuleFile(id=one.id, filename=one.filename, title=one.title) for one in found.files[:_SHOWN]]
    would = [sentence_of(action) for action in rule.actions]
    return wire.RuleDryRun(examined=found.examined, matched=len(found.files), files=files, would=would)


@router.get("", response_model=wire.RuleList, responses=responses(401, 403))
async def list_rules(caller: Reader, rules: RulesDep) -> wire.RuleList:
    """List the tenant's rules, oldest first."""
    items = [rule_shape(rule) for rule in await run_in_threadpool(rules.list, caller.tenant_id)]
    return wire.RuleList(items=items, total_count=len(items))


@router.get("/runs", response_model=wire.RuleRunList, responses=responses(401, 403, 404, 422))
async def list_runs(
    caller: Reader, rules: RulesDep, rule_id: str | None = None, limit: Limit = 20, offset: Offset = 0
) -> wire.RuleRunList:
    """List what rules did, newest first; what one did if `rule_id` names it."""
    page, total = await run_in_threadpool(lambda: rules.runs(caller.tenant_id, rule_id, limit=limit, offset=offset))
    items = [run_shape(run) for run in page]
    has_more = offset + len(items) < total
    return wire.RuleRunList(items=items, total_count=total, limit=limit, offset=offset, has_more=has_more)


@router.get("/{rule_id}", response_model=wire.Rule, responses=responses(401, 403, 404))
async def get_rule(caller: Reader, rules: RulesDep, rule_id: str) -> wire.Rule:
    """Return a rule."""
    return rule_shape(await run_in_threadpool(rules.find, caller.tenant_id, rule_id))


@router.put("/{rule_id}", response_model=wire.Rule, responses=responses(400, 401, 403, 404, 422))
async def change_rule(
    caller: Admin, rules: RulesDep, known: CatalogueDep, engines: EnginesDep, rule_id: str, body: wire.RuleRequest
) -> wire.Rule:
    """Replace a rule, or switch it off and on. What it did stays on record."""
    rule = rule_of(body, known, engines)
    return rule_shape(await run_in_threadpool(rules.change, caller.tenant_id, rule_id, rule))


@router.delete("/{rule_id}", status_code=204, responses=responses(401, 403, 404))
async def delete_rule(caller: Admin, rules: RulesDep, rule_id: str) -> None:
    """Remove a rule. What it did stays on record."""
    await run_in_threadpool(rules.delete, caller.tenant_id, rule_id)
