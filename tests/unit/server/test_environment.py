"""What the processes find in their environment."""

import os

import pytest

from scopix_server import environment


def test_a_worker_started_by_itself_hands_on_the_same_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its children would else take a thread a core and a heap a thread."""
    # All that is changed here is put back.
    monkeypatch.setattr(os, "environ", {"PATH": "/bin", "SCOPIX_LINK_SECRET": "s", "OMP_NUM_THREADS": "2"})
    monkeypatch.setattr(environment, "_put_away", {})
    environment.keep_only_harmless()
    kept = environment.child_environment()
    assert kept == {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "2",
        "MALLOC_ARENA_MAX": "1",
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }
    assert environment.environment_value("SCOPIX_LINK_SECRET") == "s"
