"""Which walls this machine offers, found by trying, and how a worker is put behind them.

namespaces  Namespaces of its own, a read-only root without the course, and all that the next tier has.
landlock    No namespaces: Landlock and seccomp on the machine's own root. For containers and locked-down kernels.
process     A process with limits. For one's own code on one's own machine: it can read what its user can read.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

from blindgrade.engine.sandbox import jail, kernel, landlock, layout, limits, seccomp
from blindgrade.engine.sandbox.limits import Limits

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "student", "LOGNAME": "student"}


class Tier:
    """A way to hold workers. `enter` is called once in the warm process, `fork` and `confine` for each worker."""

    name = "process"
    isolates = False
    needs: tuple[str, ...] = ()  # the layers without which the tier is not what it says
    box = ""  # where a worker's folder lies; empty: the grader makes one
    counts_threads = False  # elsewhere the kernel counts all processes of the user, so a limit would mean nothing

    def __init__(self) -> None:
        self.layers: dict[str, str] = {}  # "" if the layer holds, or why it does not

    def owner(self) -> tuple[int, int]:
        """The user and group that workers run as."""
        return os.getuid(), os.getgid()

    def enter(self) -> None:
        """Put the warm process itself behind what all of its workers share. OSError if that cannot be had."""
        self.layers["limits"] = ""

    def fork(self) -> int:
        """Like os.fork(), into whatever a worker has of its own."""
        return os.fork()

    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        """Restrict this process, a new worker, for good. OSError if a layer fails: the worker must then end."""
        os.chdir(box)
        os.environ.clear()
        os.environ.update({**ENVIRONMENT, "HOME": str(box), "TMPDIR": str(box)})
        limits.apply(limit, address_space=address_space, count_threads=self.counts_threads)
        if kernel.LINUX:
            kernel.no_new_privileges()


class Landlock(Tier):
    """Landlock and seccomp on the machine's own root, and a user number of the worker's own where we are root."""

    name = "landlock"
    isolates = True
    needs = ("landlock", "seccomp")

    def __init__(self) -> None:
        super().__init__()
        self.layers |= {"landlock": _missing(landlock.abi), "seccomp": _missing(self._program)}

    def _program(self) -> bytes:
        return seccomp.program(kernel.machine(), os.getpid())

    def owner(self) -> tuple[int, int]:
        """User and group of the workers, who must own their box: not root, if anybody else could read the code."""
        closed = [path for path in layout.code().values() if not _open_to_all(path)] if os.geteuid() == 0 else []
        self.layers["user"] = f"workers stay root, without its rights: only root may read {closed[0]}" if closed else ""
        return (os.geteuid(), os.getegid()) if closed else jail.own_user()

    def enter(self) -> None:
        """Become the workers' user."""
        super().enter()
        uid, gid = self.owner()
        if uid != os.geteuid():
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)

    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        """All walls, the one that forbids to build more of them last."""
        super().confine(limit, box, address_space)
        die_with_parent()
        kernel.drop_capabilities()
        if not self.layers["landlock"]:
            devices = [path for path in layout.DEVICES if path != "/dev/random"]
            landlock.restrict(layout.readable(), [str(box), *self.also_writable(), *devices])
        seccomp.install(self._program())

    def also_writable(self) -> list[str]:
        """Folders beside the box that are the worker's own."""
        return []


class Namespaces(Landlock):
    """A jail of its own for the warm process, and in it a smaller one for each worker."""

    name = "namespaces"
    needs = ("namespaces", "seccomp")  # inside a root of its own, Landlock is a second lock on the same door
    box = layout.BOX
    counts_threads = True  # the count starts anew with the user namespace

    def __init__(self) -> None:
        super().__init__()
        self.layers["namespaces"] = "" if kernel.LINUX else f"needs Linux; this is {sys.platform}"

    def enter(self) -> None:
        """Move into the jail. What goes on after this call is process 1 in there."""
        jail.enter()
        inside = os.fork()
        if inside:
            _wait_and_exit(inside)
        self._fork = jail.Fork()
        self._program()  # made once, because every worker is process 1 of its own namespace, as this one is
        self.layers |= {"limits": "", "namespaces": "", "user": ""}

    def fork(self) -> int:
        """A child that is process 1 of its own process namespace."""
        return self._fork()

    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        """First the worker's own mounts, which need the rights that are given up afterwards."""
        jail.furnish(limit)
        super().confine(limit, box, address_space)

    def also_writable(self) -> list[str]:
        """Shared memory is a mount of the worker's own here."""
        return [layout.SHARED_MEMORY]


TIERS: dict[str, type[Tier]] = {tier.name: tier for tier in (Namespaces, Landlock, Tier)}


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Make this process the new parent of descendants whose own parents end, so that they can be found."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def _wait_and_exit(child: int) -> None:
    """What stays outside of the jail: it holds nothing and ends with the jail, or the jail with it."""
    os.closerange(3, 1 << 20)
    die_with_parent()
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _missing(layer: object) -> str:
    assert callable(layer)
    if sys.platform != "linux":
        return f"needs Linux; this is {sys.platform}"
    try:
        layer()
    except (OSError, KeyError) as error:
        return str(error)
    return ""


def _open_to_all(path: str) -> bool:
    """May any user read this folder and every one above it?"""
    place = Path(path)
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents))
