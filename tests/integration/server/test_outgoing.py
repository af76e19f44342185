"""Calls to addresses that somebody else named, against real servers on this machine."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scopix_server.domain.errors import AddressRefused
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import CallFailed, OutgoingHttp


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[tuple[int, list[str]]]:
    """A server that says where it is, redirects from /away, and drips for ever at /drip."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(302 if self.path == "/away" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            for _ in itertools.count() if self.path == "/drip" else range(1):
                try:
                    self.wfile.write(address.encode())
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def calling(guard: AddressGuard | None, **options: float) -> Iterator[OutgoingHttp]:
    http = OutgoingHttp(guard, **options)  # type: ignore[arg-type]
    try:
        yield http
    finally:
        http.close()


def test_this_machine_is_not_called() -> None:
    with listening("127.0.0.1") as (port, seen), calling(AddressGuard()) as http:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(AddressRefused), http.send("GET", f"http://{host}:{port}/", {}):
                pass
        assert seen == []


def test_what_was_checked_is_what_is_connected_to() -> None:
    """A name whose address changes between the check and the connection gains nothing by it."""
    answers = iter(["127.0.0.2", "127.0.0.1"])

    def resolve(host: str, port: int, **_: object) -> list[object]:
        return [(None, None, None, "", (next(answers), port))]

    guard = AddressGuard(["127.0.0.2"], resolve=resolve)
    with listening("127.0.0.2") as (port, _), listening("127.0.0.1", port) as (_, seen), calling(guard) as http:
        with http.send("GET", f"http://rebinding.test:{port}/", {"Connection": "close"}) as reply:
            assert reply.read(100) == b"127.0.0.2"
        with pytest.raises(AddressRefused), http.send("GET", f"http://rebinding.test:{port}/", {}):
            pass
        assert seen == []


def test_redirects_are_handed_back() -> None:
    with listening("127.0.0.1") as (port, seen), calling(AddressGuard(["127.0.0.1"])) as http:
        with http.send("GET", f"http://127.0.0.1:{port}/away", {}) as reply:
            assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")
        assert seen == ["/away"]


def test_a_body_may_be_read_in_part_and_not_for_ever() -> None:
    with listening("127.0.0.1") as (port, _), calling(None, total_seconds=0.2) as http:
        with http.send("GET", f"http://127.0.0.1:{port}/drip", {}) as reply:
            assert reply.read(20) == b"127.0.0.1127.0.0.112"
        with pytest.raises(CallFailed, match="in time"), http.send("GET", f"http://127.0.0.1:{port}/drip", {}) as reply:
            for _ in reply.chunks:
                pass


def test_who_does_not_answer_is_told_by_name() -> None:
    with calling(None) as http:
        with (
            pytest.raises(CallFailed, match="cannot be reached: "),
            http.send("GET", "http://127.0.0.1:9/", {}),
        ):
            pass
        with (
            pytest.raises(CallFailed, match=r"cannot be reached|no host"),
            http.send("GET", "http://nowhere.invalid/", {}),
        ):
            pass
