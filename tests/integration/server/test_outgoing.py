"""Calls to addresses that somebody else named, against real servers on this machine."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scopix_server.domain.errors import AddressRefused
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp, RequestFailed


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[tuple[int, list[str]]]:
    """A server that says where it is, redirects from /away, drips for ever at /drip, at /headers for seconds."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(302 if self.path == "/away" else 200)
            self.send_header("Location", "/elsewhere")
            try:
                for number in range(100 if self.path == "/headers" else 0):
                    self.send_header(f"X-{number}", "drip")
                    self.flush_headers()
                    time.sleep(0.05)
            except OSError:
                return
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
        with (
            pytest.raises(RequestFailed, match="in time"),
            http.send("GET", f"http://127.0.0.1:{port}/drip", {}) as reply,
        ):
            for _ in reply.chunks:
                pass


def test_who_does_not_answer_is_told_by_name() -> None:
    with calling(None) as http:
        with (
            pytest.raises(RequestFailed, match="cannot be reached: "),
            http.send("GET", "http://127.0.0.1:9/", {}),
        ):
            pass
        with (
            pytest.raises(RequestFailed, match=r"cannot be reached|no host"),
            http.send("GET", "http://nowhere.invalid/", {}),
        ):
            pass


@contextmanager
def silent() -> Iterator[int]:
    """A port at which no address of this machine answers: who is to be let in there is never let in."""
    with socket.create_server(("0.0.0.0", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for one in waiting:
                one.close()


def test_a_name_with_many_addresses_is_tried_within_the_time_of_the_call() -> None:
    tried: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[object]:
        tried.append(host)
        return [(None, None, None, "", (f"127.0.1.{number}", port)) for number in range(1, 200)]

    guard = AddressGuard(["127.0.0.0/8"], resolve=resolve)
    with (
        silent() as port,
        calling(guard, total_seconds=0.3) as http,
        pytest.raises(RequestFailed, match="in time"),
        http.send("GET", f"http://many.test:{port}/", {}),
    ):
        pass
    assert tried == ["many.test"]


def test_an_answer_whose_headers_drip_is_given_up() -> None:
    with (
        listening("127.0.0.1") as (port, _),
        calling(None, total_seconds=0.3) as http,
        pytest.raises(RequestFailed, match="in time"),
        http.send("GET", f"http://127.0.0.1:{port}/headers", {}),
    ):
        pass
