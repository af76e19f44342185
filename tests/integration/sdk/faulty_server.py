"""A small HTTP server that misbehaves as told, in a thread of the test process, and remembers every attempt it saw.

It speaks on raw sockets, since the faults worth testing (cut connections, answers before the body was read) are the
ones that a well-behaved server library does not let one commit.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATIENCE = 10.0
PART_BYTES = 1024 * 1024
PATIENT_BYTES = 8 * PART_BYTES


@dataclass(frozen=True)
class Seen:
    """One attempt as it arrived. `headers` has lower-case names; `body` is None when it was not read."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


@dataclass(frozen=True)
class Reply:
    """Answer properly. `when` tells how much of the request to read first: `body` (all), `head`, or `part`.

    After a part, and its answer, the server reads on for a while, as a polite one does, and then closes.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    when: str = "body"


@dataclass(frozen=True)
class Drop:
    """Cut the connection. `when`: after the `head`, after the `body`, in the middle of the `answer`, or after the
    request was `done`, so that only the answer is lost."""

    when: str = "head"


@dataclass(frozen=True)
class Hang:
    """Read everything and never answer."""


@dataclass(frozen=True)
class Slow:
    """Read the body in small bites with pauses between them, then do what was asked."""


Fault = Reply | Drop | Hang | Slow


def json_reply(content: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def problem(status: int, code: str, message: str = "no", *, details: Any = None, when: str = "body", **headers: str):
    body = {"error": {"code": code, "message": message, "details": details or {}}, "request_id": "req-1"}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}, when)


class FaultyServer:
    """Answers with `faults`, one an attempt, while there are any; then with `routes`, keyed by "METHOD /path".

    `faults_at` holds faults for one such key only. Without `keep_bodies` a body is forgotten once it is dealt with.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.faults: deque[Fault] = deque()
        self.faults_at: dict[str, deque[Fault]] = {}
        self.keep_bodies = True
        self.routes: dict[str, Reply | Callable[[Seen], Fault]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop: asyncio.Event | None = None
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/api/v2"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def stop(self) -> None:
        """Stopping twice does no harm."""
        if self._loop.is_closed():
            return
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def attempts(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, f"/api/v2{path}")]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._handle(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; True when the connection lives on."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        fault = self._next_fault(f"{method} {urlsplit(target).path}")
        if isinstance(fault, Reply | Drop) and fault.when in ("head", "part"):
            self.seen.append(Seen(method, target, headers, None))
            if fault.when == "part":
                await reader.readexactly(PART_BYTES)
            goes_on = await self._misbehave(fault, writer)
            if fault.when == "part":
                await _read_at_most(reader, PATIENT_BYTES)
            return goes_on
        size = int(headers.get("content-length", 0))
        body = await (_read_slowly if isinstance(fault, Slow) else _read)(reader, size)
        seen = Seen(method, target, headers, body)
        self.seen.append(seen if self.keep_bodies else Seen(method, target, headers, None))
        if isinstance(fault, Drop) and fault.when == "done":
            self._route(seen)
        return await self._misbehave(self._route(seen) if fault is None or isinstance(fault, Slow) else fault, writer)

    def _next_fault(self, key: str) -> Fault | None:
        for faults in (self.faults_at.get(key), self.faults):
            if faults:
                return faults.popleft()
        return None

    def _route(self, seen: Seen) -> Fault:
        route = self.routes.get(f"{seen.method} {seen.path}")
        if route is None:
            return problem(404, "NOT_FOUND", f"no route for {seen.method} {seen.path}")
        return route(seen) if callable(route) else route

    async def _misbehave(self, fault: Fault, writer: asyncio.StreamWriter) -> bool:
        if isinstance(fault, Hang):
            await asyncio.Event().wait()
        if isinstance(fault, Drop) and fault.when == "answer":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            await writer.drain()
        if isinstance(fault, Reply):
            await _answer(fault, writer)
            return fault.when == "body"
        return False


async def _answer(reply: Reply, writer: asyncio.StreamWriter) -> None:
    headers = {"Content-Length": str(len(reply.body)), **reply.headers}
    if reply.when != "body":
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {reply.status} Told", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body)
    await writer.drain()


async def _read(reader: asyncio.StreamReader, size: int) -> bytes:
    return await reader.readexactly(size)


async def _read_slowly(reader: asyncio.StreamReader, size: int) -> bytes:
    bite = max(1, size // 8)
    bites = []
    for start in range(0, size, bite):
        bites.append(await reader.readexactly(min(bite, size - start)))
        await asyncio.sleep(0.01)
    return b"".join(bites)


async def _read_at_most(reader: asyncio.StreamReader, size: int) -> None:
    while size > 0:
        chunk = await reader.read(65536)
        if not chunk:
            return
        size -= len(chunk)
