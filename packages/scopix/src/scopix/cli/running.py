"""Running one exchange with the server for a command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from scopix import Scopix
from scopix.cli.connection import Connection, open_client

__all__ = ["run"]

T = TypeVar("T")


def run(context: typer.Context, action: Callable[[Scopix], Awaitable[T]]) -> T:
    """Do something with a client of the program's connection, and give back what came of it."""
    connection = context.find_object(Connection)
    assert connection is not None

    async def act() -> T:
        async with open_client(connection) as client:
            return await action(client)

    return asyncio.run(act())
