"""A relay in front of a server: another address for it, which counts what passes, watches for what must not, and fails
where a test says so.

`Relay` passes bytes of any protocol on, a fault a connection. `HttpRelay` knows requests, a fault a request. Faults
come from `then(...)`, one after the other, and after them from `choose`, which may draw them from a seed
(`random_faults`). What happened is kept in `suffered`. `HttpRelay.hold` keeps a request back until a test has done
something meanwhile.
"""

import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

__all__ = ["Fault", "Held", "HttpRelay", "Relay", "random_faults"]

_CHUNK = 64 * 1024
_MAX_WORD_LENGTH = 400
_MAX_HELD_SECONDS = 180.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: closing sends a reset


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one connection, or one request.

    delay: seconds before anything is passed on.
    refuse: the client is cut off before the server hears of it.
    cut_request: after so many bytes towards the server, both ends are cut off.
    cut_response: after so many bytes of the response the client is cut off; the server's work is done.
    twice: the server gets the request a second time, and the client the second response (HttpRelay only).
    """

    delay: float = 0.0
    refuse: bool = False
    cut_request: int | None = None
    cut_response: int | None = None
    twice: bool = False


_NONE = Fault()
Choice = Callable[[], Fault | None]


def random_faults(seed: int, share: float, *kinds: Callable[[random.Random], Fault]) -> Choice:
    """Draw a fault of one of the kinds for that share of the connections or requests. Safe to call from any thread."""
    chance, lock = random.Random(seed), threading.Lock()

    def choose() -> Fault | None:
        with lock:
            return chance.choice(kinds)(chance) if chance.random() < share else None

    return choose


class Relay:
    """Passes every connection on, byte for byte. `puts` counts PUT requests; `seen` has watched words that passed.

    Args:
        target: `http://HOST:PORT`, or the path of a Unix socket.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.puts = 0
        self.seen: set[str] = set()
        self.choose: Choice = lambda: None
        self.suffered: list[Fault] = []
        self._next: deque[Fault] = deque()
        self._words: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    def watch(self, *words: str) -> None:
        """Note from now on when one of these passes towards the server, in any case."""
        self._words = {word: word.lower().encode() for word in words}
        self.seen = set()

    def then(self, *faults: Fault) -> None:
        """Let the next connections, or requests, suffer these."""
        self._next.extend(faults)

    def heal(self) -> None:
        """Let nothing go wrong from now on."""
        self._next.clear()
        self.choose = lambda: None

    def cut(self) -> None:
        """Cut all connections that are open."""
        with self._lock:
            still = list(self._open)
        for one in still:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Closing alone would leave `accept` waiting.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _begin(self, act: object, *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._begin(self._keep, client)

    def _keep(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            with client, suppress(OSError):
                self._serve(client)
        finally:
            with self._lock:
                self._open.discard(client)

    def _serve(self, client: socket.socket) -> None:
        fault = self._fault()
        time.sleep(fault.delay)
        if fault.refuse:
            _reset(client)
            return
        with self._connect() as server:
            with self._lock:
                self._open.add(server)
            back = threading.Thread(target=_pass_on, args=(server, client, fault.cut_response), daemon=True)
            back.start()
            try:
                _pass_on(client, server, fault.cut_request, self._look)
                if fault.cut_request is not None:
                    _reset(client)
                back.join()
            finally:
                with self._lock:
                    self._open.discard(server)

    def _fault(self) -> Fault:
        with self._lock:
            fault = self._next.popleft() if self._next else self.choose()
            if fault is not None:
                self.suffered.append(fault)
        return fault or _NONE

    def _connect(self) -> socket.socket:
        if not self._target.startswith("http"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            return server
        address = urlsplit(self._target)
        return socket.create_connection((address.hostname or "", address.port or 80))

    def _look(self, tail: bytes, chunk: bytes) -> bytes:
        text = tail + chunk.lower()
        with self._lock:
            self.puts += chunk.count(b"PUT /")
            self.seen |= {word for word, wanted in self._words.items() if wanted in text}
        return text[-_MAX_WORD_LENGTH:]


class Held:
    """A request that waits at the relay: whoever sent it cannot go on."""

    def __init__(self, method: str) -> None:
        self.method = method.encode()
        self._arrived, self._over = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Return once it is there."""
        assert self._arrived.wait(_MAX_HELD_SECONDS), (
            f"no {self.method.decode()} came within {_MAX_HELD_SECONDS} seconds"
        )

    def refuse(self) -> None:
        """Cut it off; the server never hears of it."""
        self._over.set()

    def keep(self) -> None:
        """Of the relay: stay until it is refused."""
        self._arrived.set()
        self._over.wait(_MAX_HELD_SECONDS)


class HttpRelay(Relay):
    """Passes requests on, each on a connection of its own and read to its end first: for small ones with a length."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self._held: list[Held] = []

    def hold(self, method: str) -> Held:
        """Keep the next request of a method back, and cut it off in the end."""
        held = Held(method)
        self._held.append(held)
        return held

    def _serve(self, client: socket.socket) -> None:
        request = _read_request(client)
        if not request:
            return
        if held := self._taken(request):
            held.keep()
            _reset(client)
            return
        self._look(b"", request)
        fault = self._fault()
        time.sleep(fault.delay)
        if fault.refuse:
            _reset(client)
            return
        if fault.cut_request is not None:
            with self._connect() as server, suppress(OSError):
                server.sendall(request[: fault.cut_request])
                _reset(server)
            _reset(client)
            return
        response = self._ask(request)
        if fault.twice:
            response = self._ask(request)
        client.sendall(response[: fault.cut_response])
        if fault.cut_response is not None:
            _reset(client)

    def _taken(self, request: bytes) -> Held | None:
        with self._lock:
            held = next((one for one in self._held if request.startswith(one.method + b" ")), None)
            if held is not None:
                self._held.remove(held)
        return held

    def _ask(self, request: bytes) -> bytes:
        response = b""
        with self._connect() as server:
            server.sendall(request)
            while chunk := server.recv(_CHUNK):
                response += chunk
        return response


def _read_request(client: socket.socket) -> bytes:
    """One request, changed so that the server closes the connection after its answer; nothing if the client left."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(_CHUNK)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    named = [line for line in lines if not line.lower().startswith(b"connection:")]
    lengths = [int(line.split(b":")[1]) for line in named if line.lower().startswith(b"content-length:")]
    length = lengths[0] if lengths else 0
    while len(body) < length:
        chunk = client.recv(_CHUNK)
        if not chunk:
            return b""
        body += chunk
    return b"\r\n".join([first, *named, b"Connection: close"]) + b"\r\n\r\n" + body


def _pass_on(
    source: socket.socket,
    sink: socket.socket,
    most: int | None = None,
    look: Callable[[bytes, bytes], bytes] = lambda tail, chunk: tail,
) -> None:
    """Pass on what comes until it ends, or until `most` bytes have passed: then the sink is cut off."""
    passed, tail = 0, b""
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            tail = look(tail, chunk)
            sink.sendall(chunk if most is None else chunk[: most - passed])
            passed += len(chunk)
            if most is not None and passed >= most:
                _reset(sink)
                with suppress(OSError):
                    source.shutdown(socket.SHUT_RDWR)
                return
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RD)
        connection.close()
