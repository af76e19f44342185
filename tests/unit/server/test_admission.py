"""How much is on its way in at once."""

from contextlib import ExitStack

import pytest

from scopix_server.api.admission import Admission, AdmissionLimits
from scopix_server.domain.errors import ConcurrentUploads, OutOfSpace, TooManyBytes

GIB = 2**30


class Disk:
    def __init__(self, free: int | None = 100 * GIB) -> None:
        self.free = free


def admission(disk: Disk | None = None, **limits: int) -> Admission:
    chosen = {"uploads": 4, "tenant_uploads": 2, "bytes": 1000, "tenant_bytes": 600, "reserved_disk_bytes": 50} | limits
    found = disk or Disk()
    return Admission(AdmissionLimits(**chosen), lambda: found.free)


def test_a_tenant_has_so_many_uploads_and_all_tenants_so_many() -> None:
    gate = admission()
    with gate.upload("a", 1), gate.upload("a", 1):
        with pytest.raises(ConcurrentUploads, match="A tenant may have 2 uploads"), gate.upload("a", 1):
            pass
        with gate.upload("b", 1), gate.upload("c", 1):
            with pytest.raises(ConcurrentUploads, match="The server takes 4 uploads") as refused, gate.upload("d", 1):
                pass
            assert refused.value.details["retry_after"] > 0
        with gate.upload("b", 1):
            assert gate.uploads == 3
    with gate.upload("a", 1):
        assert gate.uploads == 1


def test_bytes_are_bounded_for_a_tenant_and_for_all() -> None:
    gate = admission()
    with gate.upload("a", 500):
        assert gate.missing_bytes == 500
        with pytest.raises(TooManyBytes, match="A tenant may upload 600 bytes"), gate.upload("a", 101):
            pass
    with gate.upload("a", 600), gate.upload("b", 400):
        with pytest.raises(TooManyBytes, match="The server takes 1000 bytes"), gate.upload("c", 1):
            pass
        assert gate.missing_bytes == 1000
    with gate.upload("a", 600):
        assert gate.missing_bytes == 600


def test_one_upload_alone_is_admitted_however_large() -> None:
    gate = admission()
    with gate.upload("a", 5000), pytest.raises(TooManyBytes), gate.upload("b", 1):
        pass
    with gate.upload("b", 1):
        assert gate.missing_bytes == 1


def test_bytes_that_were_not_announced_count_as_they_come() -> None:
    gate = admission()
    with gate.upload("a", 0) as room:
        room.arrived(5000)  # alone, it may
        with pytest.raises(TooManyBytes), gate.upload("a", 10):
            pass
    with gate.upload("a", 300), gate.upload("a", 100) as room:
        room.arrived(100)
        room.arrived(200)
        with pytest.raises(TooManyBytes):
            room.arrived(1)
    assert (gate.uploads, gate.missing_bytes) == (0, 0)
    with gate.upload("a", 600):
        assert gate.uploads == 1


def test_what_fails_gives_back_what_it_held() -> None:
    gate = admission(uploads=1)
    for _ in range(3):
        with pytest.raises(RuntimeError), gate.upload("a", 10):
            raise RuntimeError
    with gate.upload("a", 600):
        assert gate.uploads == 1


def test_room_on_the_disk_is_promised_once() -> None:
    disk = Disk(free=1050)
    gate = admission(disk, bytes=10_000, tenant_bytes=10_000)
    with gate.upload("a", 600) as first, gate.upload("a", 500) as second:
        with pytest.raises(OutOfSpace) as refused:
            second.check_promise()
        assert refused.value.details["needed_bytes"] == 1100
        first.arrived(600)
        disk.free -= 600
        with pytest.raises(OutOfSpace):
            second.check_promise()  # what has come has taken the room that it was promised
        disk.free += 200
        second.check_promise()
        first.check_disk()
        disk.free = 49
        with pytest.raises(OutOfSpace):
            first.check_disk()


def test_a_store_without_a_notion_of_room_is_never_full() -> None:
    gate = admission(Disk(free=None))
    with gate.upload("a", 600) as room:
        room.check_promise()
        room.check_disk()
    gate.require(10**18)


def hold(gate: Admission, stack: ExitStack, tenant: str, announced: int = 1) -> int:
    """Begin as many uploads of a tenant's as are let in, and return how many."""
    for number in range(1000):
        try:
            stack.enter_context(gate.upload(tenant, announced))
        except (ConcurrentUploads, TooManyBytes):
            return number
    raise AssertionError("there is no limit")


def test_a_tenant_may_have_as_much_as_is_still_free() -> None:
    gate = admission(uploads=256, tenant_uploads=128, bytes=10**9, tenant_bytes=10**9)
    with ExitStack() as first, ExitStack() as others:
        held = [hold(gate, first, "a"), *(hold(gate, others, tenant) for tenant in "bcdefg")]
        assert held == [128, 64, 32, 16, 8, 4, 2]
        with pytest.raises(ConcurrentUploads, match="for other tenants"), gate.upload("b", 1):
            pass
        first.close()
        # Whoever had less comes first to what was given back.
        assert hold(gate, others, "c") == 49
        with gate.upload("new", 1):
            assert gate.uploads == 256 - 128 - 2 + 49 + 1
    assert gate.uploads == 0


def test_bytes_are_shared_in_the_same_way() -> None:
    gate = admission(uploads=1000, tenant_uploads=1000, bytes=1200, tenant_bytes=1200)
    with ExitStack() as stack:
        assert [hold(gate, stack, tenant, 100) for tenant in "abc"] == [6, 3, 2]
        with pytest.raises(TooManyBytes, match="for other tenants"), gate.upload("a", 100):
            pass
        with gate.upload("d", 100):
            assert gate.missing_bytes == 1200
