"""A little HTTP proxy, in a thread of the test process: it forwards what is sent to it, and remembers what it saw."""

import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """Forwards plain http requests, one a connection."""

    seen: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    def start(self) -> "Proxy":
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                proxy.forward(self)

            do_GET = do_POST = do_DELETE = forward  # noqa: N815 -- the library looks for these names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stopping twice does no harm."""
        self._server.shutdown()
        self._server.server_close()

    def forward(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append(f"{request.command} {request.path}")
        self.credentials.append(request.headers.get("Proxy-Authorization"))
        address = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        kept = {name: value for name, value in request.headers.items() if not name.lower().startswith("proxy-")}
        upstream = HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            upstream.request(request.command, address._replace(scheme="", netloc="").geturl(), body, kept)
            answer = upstream.getresponse()
            data = answer.read()
        finally:
            upstream.close()
        request.send_response(answer.status)
        for name, value in [*answer.getheaders(), ("Connection", "close")]:
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)
