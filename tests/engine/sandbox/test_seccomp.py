"""The filter is run here by a small interpreter of the kernel's filter language, for both architectures."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindgrade.engine.sandbox import seccomp
from blindgrade.engine.sandbox.syscalls import ALLOWED, AUDIT_ARCH, BY_ARGUMENT

MACHINES = list(AUDIT_ARCH)
PID = 77
REFUSED = seccomp.ERRNO | seccomp.EPERM


def decide(machine: str, number: int, arguments: tuple[int, ...] = (), *, arch: int | None = None) -> int:
    """What the kernel would answer to this call."""
    code = list(struct.iter_unpack("=HBBI", seccomp.program(machine, PID)))
    described = struct.pack(
        "=iIQ6Q", number, AUDIT_ARCH[machine] if arch is None else arch, 0, *(*arguments, *[0] * (6 - len(arguments)))
    )
    loaded, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == seccomp.RETURN:
            return int(operand)
        if operation == seccomp.LOAD:
            (loaded,) = struct.unpack_from("=I", described, operand)
            continue
        holds = {
            seccomp.EQUAL: loaded == operand,
            seccomp.AT_LEAST: loaded >= operand,
            seccomp.ANY_BIT: bool(loaded & operand),
        }[operation]
        at += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_every_listed_call_is_allowed(machine: str) -> None:
    assert {decide(machine, number) for number in ALLOWED[machine].values()} == {seccomp.ALLOW}


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(0, 0x3FFFFFFF), arguments=st.tuples(*[st.integers(0, (1 << 64) - 1)] * 6))
def test_every_other_call_is_refused(machine: str, number: int, arguments: tuple[int, ...]) -> None:
    if number not in {*ALLOWED[machine].values(), *BY_ARGUMENT[machine].values()}:
        assert decide(machine, number, arguments) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
def test_no_other_architectures_numbers_are_taken(machine: str) -> None:
    assert decide(machine, ALLOWED[machine]["read"], arch=0x40000003) == seccomp.KILL


def test_the_second_set_of_numbers_of_x86_64_ends_the_process() -> None:
    assert decide("x86_64", ALLOWED["x86_64"]["read"] | seccomp.X32_BIT) == seccomp.KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "call,arguments,allowed",
    [
        ("clone", (0x003D0F00,), True),  # what pthread_create asks for
        ("clone", (0x01200011,), False),  # what fork asks for
        ("clone", (0x10000000,), False),  # a user namespace
        ("kill", (PID, 6), True),
        ("kill", (0xFFFFFFFF, 9), False),
        ("kill", (0, 9), False),
        ("tgkill", (PID, PID, 6), True),
        ("tgkill", (1, 1, 9), False),
        ("prlimit64", (0, 9, 0, 0x7FFF00000000), True),
        ("prlimit64", (0, 9, 0x7FFF00000000, 0), False),
        ("prlimit64", (0, 9, 1 << 32, 0), False),  # a pointer whose low half is zero
        ("ioctl", (1, 0x5401), True),
        ("ioctl", (1, 0x5412), False),  # TIOCSTI: types into the terminal
        ("prctl", (15,), True),
        ("prctl", (1,), False),  # PR_SET_PDEATHSIG would outlive the warm process
        ("prctl", (22, 2), False),
    ],
)
def test_arguments_decide(machine: str, call: str, arguments: tuple[int, ...], allowed: bool) -> None:
    assert decide(machine, BY_ARGUMENT[machine][call], arguments) == (seccomp.ALLOW if allowed else REFUSED)


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_is_as_if_the_kernel_had_none(machine: str) -> None:
    assert decide(machine, BY_ARGUMENT[machine]["clone3"]) == seccomp.ERRNO | seccomp.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_that_escapes_is_on_the_list(machine: str) -> None:
    escapes = {
        "execve", "execveat", "fork", "vfork", "socket", "connect", "bind", "ptrace", "process_vm_readv", "unshare",
        "setns", "mount", "pivot_root", "chroot", "mknod", "link", "linkat", "bpf", "io_uring_setup", "userfaultfd",
        "perf_event_open", "keyctl", "memfd_create", "shmget", "mq_open", "setuid", "setresuid", "capset", "seccomp",
        "sendmsg", "pidfd_open", "pidfd_getfd", "personality", "reboot", "init_module", "kexec_load", "setrlimit",
    }  # fmt: skip
    assert not escapes & {*ALLOWED[machine], *BY_ARGUMENT[machine]}
