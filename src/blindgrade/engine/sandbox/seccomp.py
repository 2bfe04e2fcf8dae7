"""The filter of system calls: the kernel runs it on every call of a worker.

The filter is a list of allowed calls. Every other call fails with EPERM, which Python shows as PermissionError. The
filter is written in the kernel's own machine language (struct sock_filter), so the jail needs no library for it.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable
from functools import cache

from blindgrade.engine.sandbox import kernel
from blindgrade.engine.sandbox.syscalls import ALLOWED, AUDIT_ARCH, BY_ARGUMENT

# Instructions: load a word of the call's description; compare; return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
KILL, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
# struct seccomp_data: the call's number, the architecture, the instruction pointer, six arguments of 64 bits.
NUMBER, ARCH = 0, 4
X32_BIT = 0x40000000

CLONE_THREAD = 0x00010000
IOCTLS = {
    0x5401: "TCGETS", 0x5413: "TIOCGWINSZ", 0x541B: "FIONREAD", 0x5421: "FIONBIO", 0x5450: "FIONCLEX",
    0x5451: "FIOCLEX",
}  # fmt: skip
PRCTLS = {
    3: "PR_GET_DUMPABLE", 15: "PR_SET_NAME", 16: "PR_GET_NAME", 39: "PR_GET_NO_NEW_PRIVS", 0x53564D41: "PR_SET_VMA",
}  # fmt: skip

Instruction = tuple[int, int, int, int]  # operation, jump if true, jump if false, operand


def _low(argument: int) -> int:
    return 16 + 8 * argument


def _high(argument: int) -> int:
    return 20 + 8 * argument


def _returns(action: int) -> Instruction:
    return (RETURN, 0, 0, action)


def _one_of(argument: int, values: Iterable[int]) -> list[Instruction]:
    """Allow the call if the low word of the argument is one of the values."""
    body: list[Instruction] = [(LOAD, 0, 0, _low(argument))]
    for value in values:
        body += [(EQUAL, 0, 1, value), _returns(ALLOW)]
    return [*body, _returns(ERRNO | EPERM)]


def _rules(pid: int) -> dict[str, list[Instruction]]:
    """Instructions for the calls whose arguments matter. Each list ends with a return."""
    return {
        # Threads, but no processes.
        "clone": [(LOAD, 0, 0, _low(0)), (ANY_BIT, 0, 1, CLONE_THREAD), _returns(ALLOW), _returns(ERRNO | EPERM)],
        # Its flags are in memory, which a filter cannot read. The C library falls back to clone.
        "clone3": [_returns(ERRNO | ENOSYS)],
        "ioctl": _one_of(1, IOCTLS),
        "prctl": _one_of(0, PRCTLS),
        # abort() and raise() signal the process itself. No other process may be signalled.
        "kill": _one_of(0, [pid]),
        "tgkill": _one_of(0, [pid]),
        # Limits may be read, not set: the third argument points to new ones.
        "prlimit64": [
            (LOAD, 0, 0, _low(2)),
            (EQUAL, 0, 3, 0),
            (LOAD, 0, 0, _high(2)),
            (EQUAL, 0, 1, 0),
            _returns(ALLOW),
            _returns(ERRNO | EPERM),
        ],  # fmt: skip
    }


@cache
def program(machine: str, pid: int) -> bytes:
    """Filter for a process. KeyError on an architecture whose calls are not known."""
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCH), (EQUAL, 1, 0, AUDIT_ARCH[machine]), _returns(KILL),
        (LOAD, 0, 0, NUMBER),
    ]  # fmt: skip
    if machine == "x86_64":
        # The x32 ABI gives the same calls other numbers.
        code += [(AT_LEAST, 0, 1, X32_BIT), _returns(KILL)]
    for number in ALLOWED[machine].values():
        code += [(EQUAL, 0, 1, number), _returns(ALLOW)]
    rules = _rules(pid)
    for name, number in BY_ARGUMENT[machine].items():
        code += [(EQUAL, 0, len(rules[name]), number), *rules[name]]
    code.append(_returns(ERRNO | EPERM))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def install(filter_program: bytes) -> None:
    """Put this process, all its threads and children under the filter for good."""
    text = ctypes.create_string_buffer(filter_program, len(filter_program))
    description = struct.pack("@HP", len(filter_program) // 8, ctypes.addressof(text))
    set_mode_filter, every_thread = 1, 1
    kernel.syscall("seccomp", set_mode_filter, every_thread, description)
