"""What a processor has, by what the system tells of it."""

import platform

import pytest

from scopix_server.perception.processor import Processor, this_processor


@pytest.fixture(autouse=True)
def _on_x86(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse2 avx2 avx512f avx512_vnni", Processor(int8=True)),
        ("fpu avx512_bf16 amx_bf16 amx_tile amx_int8", Processor(int8=True, bf16=True)),
        ("fpu sse2 avx2 avx_vnni", Processor()),
        ("fpu sse2", Processor()),
        ("", Processor()),
    ],
)
def test_flags(tmp_path, flags, expected):
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nmodel name\t: avx512_vnni by name only\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert this_processor(told) == expected


def test_elsewhere_nothing_is_known(tmp_path, monkeypatch):
    assert this_processor(tmp_path / "none") == Processor()
    told = tmp_path / "cpuinfo"
    told.write_text("flags : avx512_vnni\n")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert this_processor(told) == Processor()
