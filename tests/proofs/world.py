"""A running server with a tenant for each story that is played on it, and what can be done to its processes."""

import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.domain.tenant import Tenant, issue_key
from tests.proofs.model import Model
from tests.support.server import ServerProcess

__all__ = ["World", "wait_for"]

PATIENCE = float(os.environ.get("PROOF_PATIENCE", "240"))  # seconds until what has not ended counts as stuck


def wait_for(is_so: Callable[[], bool], what: str, world: "World") -> None:
    """Return once it is so.

    Raises:
        AssertionError: it was not so within PATIENCE seconds, however busy the machine is.
    """
    deadline, nap = time.monotonic() + PATIENCE, 0.02
    while not is_so():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}\n{world.server.log[-6000:]}"
        time.sleep(nap)
        nap = min(0.2, nap * 1.5)


class World:
    """One server. `models` are those of all stories on it; `ended` counts those that ended well, `failure` is how one
    did not."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.models: list[Model] = []
        self.ended = 0
        self.failure: Exception | None = None
        self.server = ServerProcess(folder / "data", **{"worker_processes": "1", "analyzer": "scripted", **settings})
        self.server.start().wait_until_ready()
        self._port = self.server.port
        url = settings.get("database_url") or self.server.setup.settings.get("database_url")
        self._database = SqlDatabase(create_engine(url or f"sqlite:///{self.server.data_dir / 'scopix.db'}"))

    def close(self) -> None:
        """Stop the server."""
        self._database.close()
        self._stop()

    def new_tenant(self) -> httpx2.Client:
        """Make a tenant; return a client with its admin key."""
        tenant = Tenant(str(uuid.uuid4()), "proofs", datetime.now(UTC))
        key, made = issue_key(tenant.id, "proofs", ("admin",), tenant.created_at)

        def create(transaction: Any) -> None:
            transaction.tenants.add_tenant(tenant)
            transaction.keys.add(key)

        self._database.write(create)
        headers = {"Authorization": f"Bearer {made.secret}"}
        return httpx2.Client(base_url=self.server.base_url, headers=headers, timeout=60)

    def kill_server(self) -> None:
        """kill -9 of the web process, and its start on the same port, as a service manager would."""
        self.server.kill()
        self.server.start(self._port)

    def stop_server(self) -> None:
        """A stop in good order, and a start."""
        self._stop()
        self.server.start(self._port)

    def kill_worker(self) -> None:
        """kill -9 of a worker; whoever watches it starts it again."""
        for process in self.server.processes():
            if "worker" in process.cmdline():
                process.kill()
                break
        self.server.start_workers()

    def unended_jobs(self) -> int:
        """How many jobs are queued or under way."""
        table = "dbos.workflow_status" if self._database_is_shared() else "workflow_status"
        ((count,),) = self.server.setup.rows(
            f"SELECT count(*) FROM {table} WHERE status IN ('ENQUEUED', 'PENDING') AND name <> 'sweep'"
        )
        return int(count)

    def owners_of_objects(self) -> dict[str, list[str]]:
        """The names of all stored objects, by the id of the file that each is of."""
        owners: dict[str, list[str]] = {}
        for path in self.server.stored_objects():
            owners.setdefault(path.parent.name, []).append(path.name)
        return owners

    def _stop(self) -> None:
        code = self.server.stop()
        assert code == 0, f"it ended with {code}\n{self.server.log[-6000:]}"

    def _database_is_shared(self) -> bool:
        return "database_url" in self.server.setup.settings
