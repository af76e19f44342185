"""A relay in front of a server: another address for it, which counts what passes and watches for what must not."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK = 64 * 1024
_LONGEST_WORD = 400


class Relay:
    """Passes every connection on, byte for byte. `puts` counts PUT requests; `seen` has watched words that passed."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.puts = 0
        self.seen: set[str] = set()
        self._words: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    def watch(self, *words: str) -> None:
        """Note from now on when one of these passes towards the server, in any case."""
        self._words = {word: word.lower().encode() for word in words}
        self.seen = set()

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Closing alone would leave `accept` waiting.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            still = list(self._open)
        for one in still:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
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
            self._begin(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            with self._lock:
                self._open |= {client, server}
            back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            tail = b""
            with suppress(OSError):
                while chunk := client.recv(_CHUNK):
                    tail = self._look(tail, chunk)
                    server.sendall(chunk)
            with suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()
            with self._lock:
                self._open -= {client, server}

    def _look(self, tail: bytes, chunk: bytes) -> bytes:
        text = tail + chunk.lower()
        with self._lock:
            self.puts += chunk.count(b"PUT /")
            self.seen |= {word for word, wanted in self._words.items() if wanted in text}
        return text[-_LONGEST_WORD:]


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
