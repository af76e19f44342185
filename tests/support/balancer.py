"""A load balancer before several servers: each connection goes to the next of them that answers."""

import contextlib
import itertools
import socket
import socketserver
import threading
from collections.abc import Sequence

__all__ = ["Balancer"]

_PIECE = 64 * 1024


class Balancer:
    """Listens on a loopback port while the context lasts. A server that is gone is passed over."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.taken = [0] * len(ports)
        """How many connections each server was given."""
        self._ports = ports
        self._turn = itertools.count()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.balancer = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])

    def __enter__(self) -> "Balancer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.cut()
        self._server.server_close()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/api/v2"

    def connect(self) -> socket.socket | None:
        """Return a connection to the next server that takes one."""
        first = next(self._turn)
        for number in range(first, first + len(self._ports)):
            place = number % len(self._ports)
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", self._ports[place]), timeout=5)
                connection.settimeout(None)
                self.taken[place] += 1
                return connection
        return None


class _Server(socketserver.ThreadingTCPServer):
    balancer: Balancer
    request_queue_size = 128

    def __init__(self, *arguments: object) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*arguments)  # type: ignore[arg-type]

    def cut(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        behind = self.server.balancer.connect()
        if behind is None:
            return
        ends = (self.request, behind)
        self.server.open.update(ends)
        answers = threading.Thread(target=_carry, args=[behind, self.request])
        answers.start()
        try:
            _carry(self.request, behind)
            answers.join()
        finally:
            self.server.open.difference_update(ends)
            behind.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes; when one end is gone, let go of the other, too."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
