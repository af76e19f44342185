"""An OpenAI-compatible endpoint for tests: a real llama.cpp server, or fixed answers, behind a proxy that misbehaves.

`Endpoint.then(...)` says what becomes of the next requests, one after the other; after them, and from the start,
`Endpoint.always` holds. Every request is kept in `Endpoint.asked`; but what the server asks about its own picture, to
find out who is to blame, is kept in `Endpoint.trials` and answered by `Endpoint.known`: well, or as all else if that is
None.
"""

import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

__all__ = ["Behaviour", "Endpoint", "garbage", "hang_up", "hold", "pass_on", "say", "sleep", "status"]

Behaviour = Callable[["_Handler", dict[str, Any]], None]
GOOD = '{"description": "A red square on white.", "tags": ["square", "red"]}'


def say(content: str = GOOD, finish_reason: str = "stop", **message: Any) -> Behaviour:
    """Answer with this text."""

    def behave(handler: "_Handler", _: dict[str, Any]) -> None:
        choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": content}}
        choice["message"] |= message
        usage = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
        handler.answer(200, {"model": "fixed-1", "choices": [choice], "usage": usage})

    return behave


def status(code: int, message: str = "no", headers: dict[str, str] | None = None, kind: str = "") -> Behaviour:
    """Answer with an HTTP error."""
    return lambda handler, _: handler.answer(code, {"error": {"message": message, "code": kind}}, headers or {})


def sleep(seconds: float) -> Behaviour:
    """Say nothing for so long, then answer well."""

    def behave(handler: "_Handler", body: dict[str, Any]) -> None:
        time.sleep(seconds)
        say()(handler, body)

    return behave


def hold(let_go: threading.Event) -> Behaviour:
    """Say nothing until `let_go` is set, then answer well."""

    def behave(handler: "_Handler", body: dict[str, Any]) -> None:
        let_go.wait(120)
        say()(handler, body)

    return behave


def garbage(handler: "_Handler", _: dict[str, Any]) -> None:
    """Answer with what is no JSON at all."""
    handler.answer(200, b"\x00<html>gateway</html>")


def hang_up(handler: "_Handler", _: dict[str, Any]) -> None:
    """Promise an answer, send its beginning, and reset the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"mess')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def pass_on(upstream: str, key: str | None = None) -> Behaviour:
    """Hand the question to a real endpoint, and its answer back."""

    def behave(handler: "_Handler", body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = httpx2.post(f"{upstream}/chat/completions", json=body, headers=headers, timeout=120)
        handler.answer(response.status_code, response.content)

    return behave


class Endpoint:
    """Listens on a loopback port while the context lasts. `stop` and `start` switch it off and on again."""

    def __init__(
        self,
        always: Behaviour | None = None,
        *,
        models: tuple[str, ...] | None = ("fixed-1",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.always = always or say()
        self.models = models
        self.key: str | None = None
        self.known: Behaviour | None = say()
        self.asked: list[dict[str, Any]] = []
        self.trials: list[dict[str, Any]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.probes = 0
        self._next: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def __enter__(self) -> "Endpoint":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port of before."""
        server = _Server(("127.0.0.1", self._port), _Handler)
        server.daemon_threads = True
        server.endpoint = self
        self._port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and cut those that are open."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            assert isinstance(server, _Server)
            server.cut()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._port}/v1"

    def then(self, *behaviours: Behaviour) -> "Endpoint":
        """Behave so for the next questions."""
        self._next.extend(behaviours)
        return self

    def behaviour(self, body: dict[str, Any]) -> Behaviour:
        with self._lock:
            if "Name its colour" in json.dumps(body):
                self.trials.append(body)
                return self.known or self.always
            self.asked.append(body)
            return self._next.popleft() if self._next else self.always

    def count(self, change: int) -> None:
        with self._lock:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)


class _Server(ThreadingHTTPServer):
    endpoint: Endpoint
    request_queue_size = 128  # of 5 that come at once, as it is by default, the next would wait a second

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # Here and not when listening, so that who never shakes hands holds up a thread of his own.
        if self.endpoint.tls is None:
            super().finish_request(request, client_address)
            return
        with self.endpoint.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that gave up, and connections that were cut


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        endpoint = self.server.endpoint
        endpoint.probes += 1
        if not self._known():
            self.answer(401, {"error": {"message": "bad key"}})
        elif endpoint.models is None:
            self.answer(404, {"error": "no such route"})
        else:
            self.answer(200, {"data": [{"id": name} for name in endpoint.models]})

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._known():
            self.answer(401, {"error": {"message": f"bad key {self.headers['Authorization']}"}})
            return
        endpoint.count(1)
        try:
            endpoint.behaviour(body)(self, body)
        finally:
            endpoint.count(-1)

    def answer(self, code: int, body: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _known(self) -> bool:
        key = self.server.endpoint.key
        return key is None or self.headers["Authorization"] == f"Bearer {key}"

    def log_message(self, *_: Any) -> None:
        pass
