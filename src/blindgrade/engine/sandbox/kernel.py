"""System calls for which Python 3.11 has no function. Each raises OSError if the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

LINUX = sys.platform == "linux"

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

# Numbers of the calls that the C library may not wrap.
NUMBERS = {
    "x86_64": {"capget": 125, "capset": 126, "pivot_root": 155, "seccomp": 317},
    "aarch64": {"capget": 90, "capset": 91, "pivot_root": 41, "seccomp": 277},
}
NUMBERS_EVERYWHERE = {"mount_setattr": 442, "landlock_create": 444, "landlock_add": 445, "landlock_restrict": 446}
CAPABILITY_VERSION = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> str:
    """Name of the processor architecture, as in the tables here."""
    return platform.machine()


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    """A system call by name; OSError(ENOSYS) on an architecture whose numbers are not known."""
    number = NUMBERS_EVERYWHERE.get(name) or NUMBERS.get(machine(), {}).get(name)
    if number is None:
        raise OSError(38, f"{name}: not known on {machine()}")
    ctypes.set_errno(0)
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed), name)


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    """prctl(2)."""
    u = ctypes.c_ulong
    return _checked(_libc.prctl(option, u(value), u(third), u(0), u(0)), f"prctl({option})")


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name, and enter new ones."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Join the namespaces of the process behind a pidfd."""
    _checked(_libc.setns(fd, flags), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None)
    _checked(_libc.mount(*arguments), f"mount {target}")


def bind(source: str, target: str, attributes: int) -> None:
    """Show a file or tree at another place. The attributes hold for everything below it."""
    mount(source, target, flags=MS_BIND | MS_REC)
    set_attributes(target, attributes, recursive=True)


def set_attributes(target: str, attributes: int, *, recursive: bool) -> None:
    """Set attributes of a mount (Linux 5.12 and newer)."""
    wanted = struct.pack("=QQQQ", attributes, 0, 0, 0)
    syscall("mount_setattr", AT_FDCWD, target.encode(), AT_RECURSIVE if recursive else 0, wanted, len(wanted))


def unmount(target: str) -> None:
    """Detach a mount and all below it."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root. The old root is then at `old`."""
    syscall("pivot_root", new.encode(), old.encode())


def set_host_name(name: str) -> None:
    """Set the host name that uname() returns."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def permitted_capabilities() -> int:
    """Mask of the capabilities that this process may use."""
    sets = ctypes.create_string_buffer(24)
    syscall("capget", struct.pack("=Ii", CAPABILITY_VERSION, 0), sets)
    _, low, _, _, high, _ = struct.unpack("=IIIIII", sets.raw)
    return int(low | high << 32)


def set_capabilities(mask: int) -> None:
    """Set the permitted and effective sets to `mask`; the inheritable one is empty."""
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    syscall("capset", header, struct.pack("=IIIIII", low, low, 0, high, high, 0))


def drop_capabilities() -> None:
    """Give up every capability, also those that a later exec could bring back."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:
            break  # after the last capability that this kernel knows, or one that we may not drop
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    set_capabilities(0)


def no_new_privileges() -> None:
    """Make sure that no later exec gains rights. Landlock and seccomp require this."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
