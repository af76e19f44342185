"""Somebody who receives traces by OTLP over HTTP, and keeps the spans."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Received:
    """A span: which process sent it, and its name, attributes and place in its trace (ids in hex)."""

    def __init__(self, service: str, span) -> None:  # type: ignore[no-untyped-def]
        self.service = service
        self.name = span.name
        self.trace_id = span.trace_id.hex()
        self.span_id = span.span_id.hex()
        self.parent_id = span.parent_span_id.hex()
        self.failed = span.status.code == 2
        self.attributes = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


class TraceCollector:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.spans: list[Received] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in sent.resource_spans:
                    names = {a.key: a.value.string_value for a in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        collector.spans += [Received(names["service.name"], span) for span in scope.spans]
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["TraceCollector"]:
        """Listen for as long as the context lasts."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def wait_for(self, *names: str) -> list[Received]:
        """Return all spans once there is one of each of these names."""
        deadline = time.monotonic() + 60
        while not set(names) <= {span.name for span in self.spans}:
            assert time.monotonic() < deadline, {span.name for span in self.spans}
            time.sleep(0.1)
        return list(self.spans)
