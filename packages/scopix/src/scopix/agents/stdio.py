"""The tools over standard input and output, for an agent on this computer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from scopix._async.client import Scopix
from scopix.agents.server import build_server

__all__ = ["serve"]


async def serve(client: Scopix, folders: Sequence[Path] = ()) -> None:
    """Serve until standard input ends; closes the client. Raises the client's errors when the key is not let in."""
    async with client:
        # Asked once: a key's scopes never change.
        scopes = frozenset((await client.api_keys.current()).scopes)
        # Whoever may write may read, and who may administer may both.
        order = ("read", "write", "admin")
        held = {scope for place, scope in enumerate(order) if scopes & set(order[place:])}

        @asynccontextmanager
        async def connect() -> AsyncIterator[Scopix]:
            yield client

        await build_server(connect, lambda: held, folders=folders).run_stdio_async()
