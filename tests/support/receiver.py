"""Who takes webhook messages: an HTTP server that remembers them, and refuses them when told to."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["MAX_SECONDS", "Message", "Receiver"]

MAX_SECONDS = 60


@dataclass
class Message:
    """A message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict:
        return json.loads(self.body)


class Receiver:
    """Takes messages; answers with the statuses it is told, then with 204."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.messages.append(Message(self.path, headers, body))
                status = outer.answers.pop(0) if outer.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/hook"
        self._thread = threading.Thread(target=self._http.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message.content["type"] == kind]

    def wait_for(self, kind: str, number: int = 1) -> list[Message]:
        deadline = time.monotonic() + MAX_SECONDS
        while time.monotonic() < deadline:
            if len(found := self.of(kind)) >= number:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(self.of(kind))} messages {kind}, not {number}")

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
