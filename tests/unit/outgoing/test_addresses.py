"""Which addresses the server calls for others: a table of hostile ones, and what an operator may allow."""

import pytest

from scopix_server.domain.errors import AddressRefused
from scopix_server.outgoing.addresses import AddressGuard, UnknownHost

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111"]
HOSTILE = [
    *("127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "localhost"),
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1", "fec0::1"),
    # Metadata services, and the ranges they are in.
    *("169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%lo", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"),
    "168.63.129.16",
    # The same in other clothes.
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "64:ff9b:1::1"),
    *("127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"),
    *("224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "2001:db8::1"),
]


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_called(host: str) -> None:
    assert AddressGuard().addresses_of(host, 443) == [host]


@pytest.mark.parametrize("host", HOSTILE)
def test_no_other_address_is(host: str) -> None:
    with pytest.raises((AddressRefused, UnknownHost)):
        AddressGuard().addresses_of(host, 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"])
def test_a_number_is_refused_as_soon_as_it_is_named(host: str) -> None:
    with pytest.raises(AddressRefused, match="no public address"):
        AddressGuard().check_url(f"http://{host}:9000")


@pytest.mark.parametrize(
    "url",
    [
        *("", "s3.example.com", "ftp://s3.example.com", "file:///etc/passwd", "http://", "http:///x", "//host"),
        *("http://user@host", "http://user:secret@host", "http://host?x=1", "http://host#x", "http://host:99999"),
        *(
            "http://host:0",
            "http://ho st",
            "http://host\n",
            "http://host\\@evil",
            "http://höst",
            "http://[::1",
            "gopher://h",
        ),
        "https://" + "a" * 600,
    ],
)
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressGuard().check_url(url)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["https://s3.example.com", "http://93.184.215.14:9000/", "https://host.example/storage/s3"]
)
def test_plain_urls_are_taken(url: str) -> None:
    assert AddressGuard().check_url(url).hostname


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    guard = AddressGuard(resolve=resolving("93.184.215.14", "10.0.0.1"))
    with pytest.raises(AddressRefused):
        guard.addresses_of("s3.example.com", 443)


def test_an_operator_may_allow_networks_and_hosts() -> None:
    guard = AddressGuard(["127.0.0.1", "10.1.0.0/16", "Minio.Internal", "fd00::/8"], resolve=resolving("10.1.2.3"))
    assert guard.addresses_of("anything.example", 80) == ["10.1.2.3"]
    assert AddressGuard(["minio.internal"], resolve=resolving("10.9.9.9")).addresses_of("MINIO.internal.", 80)
    assert guard.check_url("http://[::ffff:127.0.0.1]:9000")
    assert guard.check_url("http://[fd00::1]")
    with pytest.raises(AddressRefused):
        AddressGuard(["minio.internal"], resolve=resolving("10.9.9.9")).addresses_of("evil.example", 80)
    with pytest.raises(AddressRefused):
        guard.check_url("http://127.0.0.2")


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "http://host", "a b"])
def test_an_entry_that_is_neither_is_told(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host nor a network"):
        AddressGuard([entry])


def resolving(*addresses: str):
    return lambda host, port, **_: [(None, None, None, "", (address, port)) for address in addresses]
