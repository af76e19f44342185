"""Any order of uploads, retries, cancellations, deletions, restorings, descriptions and kills, on both databases.

CI plays a few short stories; PROOF_EXAMPLES=200 PROOF_STEPS=50 make it a long run, PROOF_SEED replays one. What was
done is printed step by step.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from tests.proofs.checks import check_objects
from tests.proofs.machine import Story, outcomes
from tests.proofs.world import World
from tests.support.postgres import fresh_database

EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "2"))
STEPS = int(os.environ.get("PROOF_STEPS", "15"))
SEED = int(os.environ.get("PROOF_SEED", str(random.SystemRandom().randrange(10**6))))

pytestmark = pytest.mark.timeout(300 + 120 * EXAMPLES)


@pytest.fixture(params=["default", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A server in the set-up of the test run (SQLite and a folder, as a rule), and one on PostgreSQL."""
    if request.param == "default":
        running = World(tmp_path)
        yield running
        running.close()
        return
    with fresh_database() as url:
        running = World(tmp_path, database_url=url, database_connections="4")
        yield running
        running.close()


def test_nothing_acknowledged_is_lost_whatever_happens_in_whatever_order(world: World) -> None:
    print(f"PROOF_SEED={SEED} PROOF_EXAMPLES={EXAMPLES} PROOF_STEPS={STEPS}")
    # A failing story is told as it was, not shrunk: each try would cost starts of servers.
    chosen = settings(
        max_examples=EXAMPLES + 1,  # the first is always the dullest
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    story = seed(SEED)(type("Story", (Story,), {"world": world}))
    try:
        run_state_machine_as_test(story, settings=chosen, _min_steps=STEPS)
    except HypothesisException:
        if world.failure is not None:
            raise world.failure from None
        raise
    assert world.ended >= EXAMPLES
    print([dict(outcomes(model)) for model in world.models])
    print(f"swept {check_objects(world)} objects of no file")
