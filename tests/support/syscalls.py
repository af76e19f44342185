"""System calls of a process and all its children and threads, traced with nothing but the standard library.

`python -m tests.support.syscalls OUT COMMAND ...` runs a command and appends a JSON line to OUT for every call that a
test about durability asks for. It is what `strace -f -y` shows, where there may be no strace: a seccomp filter in the
command stops it at these calls only, so it is hardly slowed down. Linux on x86-64 or arm64, and leave to trace.

Each line: `pid` (of the thread), `call`, `path` (what the descriptor stands for) and, of writes, `head`: the first
bytes in hexadecimal. A call is written down when it begins; what a thread did before it had ended by then.
"""

import ctypes
import json
import os
import platform
import signal
import struct
import sys
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["CALLS", "can_trace", "read_trace"]

_X86 = {"write": 1, "pwrite64": 18, "writev": 20, "sendto": 44, "sendmsg": 46, "fsync": 74, "fdatasync": 75}
_ARM = {"write": 64, "pwrite64": 68, "writev": 66, "sendto": 206, "sendmsg": 211, "fsync": 82, "fdatasync": 83}
CALLS = {"x86_64": (_X86, 0xC000003E), "aarch64": (_ARM, 0xC00000B7)}

_TRACEME, _CONT, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 7, 0x4200, 0x420E
# Follow forks, vforks and clones; stop at execs and at the filter's calls; end everything with the tracer.
_OPTIONS = 0x02 | 0x04 | 0x08 | 0x10 | 0x80 | 0x100000
_SECCOMP_EVENT = 7
_HEAD = 32
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def can_trace() -> bool:
    """Whether this machine is one whose calls are known here."""
    return sys.platform == "linux" and platform.machine() in CALLS


def read_trace(path: Path) -> list[dict[str, Any]]:
    """Return what was traced so far, in its order."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def _ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> int:
    done = _libc.ptrace(request, pid, address, data)
    if done < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")
    return int(done)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _filter(numbers: list[int], architecture: int) -> bytes:
    """A BPF program: stop at these numbers, let everything else pass."""
    statements = [(0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, 0x7FFF0000), (0x20, 0, 0, 0)]
    for place, number in enumerate(numbers):
        statements.append((0x15, len(numbers) - place, 0, number))
    statements += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x7FF00000)]
    return b"".join(struct.pack("HBBI", *statement) for statement in statements)


def _run(command: list[str]) -> NoReturn:
    calls, architecture = CALLS[platform.machine()]
    code = _filter(list(calls.values()), architecture)
    kept = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(kept, ctypes.c_void_p).value)
    _ptrace(_TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    # No new privileges, then the filter.
    if _libc.prctl(38, 1, 0, 0, 0) or _libc.prctl(22, 2, ctypes.byref(program), 0, 0):
        os._exit(126)
    os.execvp(command[0], command)


def _seen(pid: int, names: dict[int, str]) -> dict[str, Any]:
    info = ctypes.create_string_buffer(96)
    _ptrace(_GET_SYSCALL_INFO, pid, 96, ctypes.addressof(info))
    number, descriptor, address, size = struct.unpack_from("QQQQ", info.raw, 24)
    call = names[number]
    try:
        path = str(Path(f"/proc/{pid}/fd/{descriptor & 0xFFFFFFFF}").readlink())
    except OSError:
        path = ""
    seen = {"pid": pid, "call": call, "path": path}
    if call in {"write", "pwrite64", "sendto"}:
        seen["head"] = _memory(pid, address, min(size, _HEAD)).hex()
    elif call in {"writev", "sendmsg"}:
        if call == "sendmsg":
            address = struct.unpack("Q", _memory(pid, address + 16, 8))[0]
        start, length = struct.unpack("QQ", _memory(pid, address, 16))
        seen["head"] = _memory(pid, start, min(length, _HEAD)).hex()
    return seen


def _memory(pid: int, address: int, size: int) -> bytes:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(size)


def _trace(root: int, out: Path) -> int:
    names = {number: call for call, number in CALLS[platform.machine()][0].items()}
    with out.open("a", buffering=1) as lines:
        while True:
            pid, status = os.waitpid(-1, 0x40000000)  # threads, too
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if pid == root:
                    return os.waitstatus_to_exitcode(status)
                continue
            stopped, event = os.WSTOPSIG(status), status >> 16
            passed_on = 0
            try:
                if event == _SECCOMP_EVENT:
                    lines.write(json.dumps(_seen(pid, names)) + "\n")
                elif event == 0 and stopped not in {signal.SIGTRAP, signal.SIGSTOP}:
                    passed_on = stopped
                _ptrace(_CONT, pid, 0, passed_on)
            except ProcessLookupError:
                continue  # killed meanwhile


def main() -> int:
    """Run the command under the tracer; the exit code is the command's."""
    out, command = Path(sys.argv[1]), sys.argv[2:]
    root = os.fork()
    if root == 0:
        _run(command)
    os.waitpid(root, 0)
    _ptrace(_SETOPTIONS, root, 0, _OPTIONS)
    # Whoever stops the tracer means the command.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: os.kill(root, number))
    _ptrace(_CONT, root)
    return _trace(root, out)


if __name__ == "__main__":
    sys.exit(main())
