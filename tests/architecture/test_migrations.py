"""The migrations are one chain: each follows the one before it in time, whatever its number says."""

import ast
from collections import Counter

from tests.architecture.source import ROOT

VERSIONS = ROOT / "packages/scopix-server/src/scopix_server/db/migrations/versions"


def links() -> dict[str, str | None]:
    found = {}
    for path in VERSIONS.glob("*.py"):
        values = {
            statement.targets[0].id: ast.literal_eval(statement.value)
            for statement in ast.parse(path.read_text()).body
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
            if statement.targets[0].id in {"revision", "down_revision"}
        }
        assert path.name.startswith(f"{values['revision']}_"), path.name
        found[values["revision"]] = values.get("down_revision")
    return found


def test_the_migrations_are_one_chain() -> None:
    before = links()
    followed = Counter(before.values())
    assert max(followed.values()) == 1, f"two migrations follow the same one: {followed}"
    assert set(followed) - {None} < set(before)
    assert len(set(before) - set(followed)) == 1, "there must be one last migration"
