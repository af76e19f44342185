"""What arithmetic this machine's processor has for networks in small numbers."""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Processor", "this_processor"]

_VNNI: Final = frozenset({"avx512_vnni", "amx_int8"})
"""Flags of Linux. Not "avx_vnni": what that alone gives (laptops from 2021 on) was never measured."""
_BF16: Final = frozenset({"avx512_bf16", "amx_bf16"})


@dataclass(frozen=True, slots=True)
class Processor:
    """Which dot products it has: of 8-bit whole numbers (VNNI or AMX), of bfloat16."""

    int8: bool = False
    bf16: bool = False


def this_processor(info: Path = Path("/proc/cpuinfo")) -> Processor:
    """Return what the processor has, as far as the system tells; elsewhere than on Linux and x86-64 nothing is known.

    `info` is a file in the format of proc(5)'s cpuinfo.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return Processor()
    try:
        lines = info.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return Processor()
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
    return Processor(int8=bool(flags & _VNNI), bf16=bool(flags & _BF16))
