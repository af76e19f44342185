"""Engines behind TLS: a private authority, and a server that wants to see a certificate of ours."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from scopix_server.domain.description import Perception
from scopix_server.domain.engines import EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.vlm.openai_compatible import OpenAICompatibleEngine
from scopix_server.vlm.registry import read_engines
from tests.support.endpoint import Endpoint
from tests.support.images import encoded, picture

QUESTION = Question(encoded(picture(64, 64), "JPEG"), Perception(64, 64), "general")


class Authority:
    """A private authority: its own certificate, one of a server, and one of a client, as files."""

    def __init__(self, folder: Path) -> None:
        self.own = trustme.CA()
        self.file = folder / "authority.pem"
        self.own.cert_pem.write_to_path(self.file)
        client = self.own.issue_cert("scopix@archive.test")
        self.client, self.client_key = folder / "client.pem", folder / "client.key"
        client.cert_chain_pems[0].write_to_path(self.client)
        client.private_key_pem.write_to_path(self.client_key)
        self.client_whole = folder / "client-whole.pem"
        client.private_key_and_cert_chain_pem.write_to_path(self.client_whole)

    def endpoint(self, *, name: str = "127.0.0.1", wants_certificate: bool = False) -> Endpoint:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.own.issue_cert(name).configure_cert(context)
        if wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            self.own.configure_trust(context)
        return Endpoint(tls=context)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def plain(authority: Authority) -> Iterator[Endpoint]:
    with authority.endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def strict(authority: Authority) -> Iterator[Endpoint]:
    with authority.endpoint(wants_certificate=True) as running:
        yield running


Build = Callable[..., OpenAICompatibleEngine]


@pytest.fixture
def engine() -> Iterator[Build]:
    made: list[OpenAICompatibleEngine] = []

    def build(endpoint: Endpoint, **settings: Any) -> OpenAICompatibleEngine:
        made.append(OpenAICompatibleEngine(EngineSpec("test", "openai", endpoint.url, "fixed-1", **settings)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def test_a_private_authority_is_trusted_when_it_is_named(engine: Build, authority: Authority, plain: Endpoint) -> None:
    stranger = engine(plain)
    for ask in (stranger.probe, lambda: stranger.answer(QUESTION)):
        with pytest.raises(EngineUnavailable, match="certificate verify failed") as caught:
            ask()
        assert caught.value.failure is None
    known = engine(plain, ca_file=str(authority.file))
    known.probe()
    assert known.answer(QUESTION).text == "A red square on white."


def test_a_certificate_of_another_name_is_refused(engine: Build, authority: Authority) -> None:
    with authority.endpoint(name="elsewhere.test") as other:
        asked = engine(other, ca_file=str(authority.file))
        with pytest.raises(EngineUnavailable, match="certificate verify failed"):
            asked.probe()


def test_a_client_certificate_is_shown(engine: Build, authority: Authority, strict: Endpoint) -> None:
    trusted = {"ca_file": str(authority.file)}
    # The server says so after the handshake, hence as a failure of the first question; the probe tells whose it is.
    with pytest.raises((EngineUnavailable, DescribeError), match="certificate"):
        engine(strict, **trusted).answer(QUESTION)
    with pytest.raises(EngineUnavailable, match=r"cannot be reached: .*certificate"):
        engine(strict, **trusted).probe()
    for shown in (
        {"client_certificate": str(authority.client), "client_key": str(authority.client_key)},
        {"client_certificate": str(authority.client_whole)},
    ):
        asked = engine(strict, **trusted, **shown)
        asked.probe()
        assert asked.answer(QUESTION).text


Make = Callable[[Authority, Path], dict[str, str]]
WRONG: dict[str, tuple[Make, str]] = {
    "no such authorities": (lambda _, folder: {"ca_file": str(folder / "none.pem")}, "No such file"),
    "no authorities in it": (lambda _, folder: {"ca_file": _written(folder / "ca.pem", "nothing")}, "no PEM file"),
    "no such certificate": (lambda _, folder: {"client_certificate": str(folder / "none.pem")}, "No such file"),
    "no key": (lambda known, _: {"client_certificate": str(known.client)}, "no PEM file"),
    "somebody else's key": (
        lambda known, folder: {
            "client_certificate": str(known.client),
            "client_key": _written(
                folder / "other.key", trustme.CA().issue_cert("x@y.test").private_key_pem.bytes().decode()
            ),
        },
        "no PEM file that fits",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_files_that_cannot_be_used_are_named_and_may_be_mended(
    engine: Build, authority: Authority, plain: Endpoint, tmp_path: Path, case: str
) -> None:
    make, reason = WRONG[case]
    settings = {"ca_file": str(authority.file)} | make(authority, tmp_path)
    asked = engine(plain, **settings)
    with pytest.raises(EngineUnavailable, match=f"engine 'test': its .*{reason}") as caught:
        asked.answer(QUESTION)
    assert str(tmp_path) in caught.value.message or str(authority.client) in caught.value.message
    if case == "no such authorities":
        (tmp_path / "none.pem").write_bytes(authority.file.read_bytes())
        assert asked.answer(QUESTION).text


def test_the_usual_variables_count_unless_an_engine_names_its_own() -> None:
    usual = {"SSL_CERT_FILE": "/all.pem", "SSL_CERT_DIR": "/all"}
    entry = {"name": "a", "url": "https://gpu:8000/v1"}
    (spec,) = read_engines(entry, None, usual.get, lambda name: ("", "")).specs
    assert (spec.ca_file, spec.ca_folder) == ("/all.pem", "/all")
    (spec,) = read_engines(entry | {"ca_file": "/own.pem"}, None, usual.get, lambda name: ("", "")).specs
    assert (spec.ca_file, spec.ca_folder) == ("/own.pem", None)


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)
