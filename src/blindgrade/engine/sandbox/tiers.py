"""The tiers: which walls each has, and how a worker is put behind them.

namespaces  Namespaces of its own, a read-only root without the course, and all that the next tier has.
landlock    No namespaces: Landlock and seccomp on the machine's own root. For containers and locked-down kernels.
process     A process with limits. For your own code on your own machine: it can read what its user can read.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

from blindgrade.engine.sandbox import jail, kernel, landlock, layout, posix_limits, seccomp
from blindgrade.engine.sandbox.limits import Limits

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "student", "LOGNAME": "student"}


class Tier:
    """A set of walls. `enter` is called once in the warm process, `fork` and `confine` for each worker."""

    name = "process"
    isolates = False
    needs: tuple[str, ...] = ()  # layers that the tier cannot do without
    box = ""  # path of a worker's folder; empty: the grader makes one
    counts_threads = False  # outside a namespace the kernel counts all processes of the user

    def __init__(self) -> None:
        self.layers: dict[str, str] = {}  # "" if the layer holds, or why it does not

    def owner(self) -> tuple[int, int]:
        """User and group of the workers."""
        return os.getuid(), os.getgid()

    def enter(self) -> None:
        """Put the warm process behind the walls that all of its workers share. OSError if the machine refuses."""
        self.layers["limits"] = ""

    def fork(self) -> int:
        """Like os.fork(), into the namespaces that a worker has for itself, if any."""
        return os.fork()

    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        """Confine this process, a new worker, for good. OSError if a layer fails: the worker must then end."""
        os.chdir(box)
        os.environ.clear()
        os.environ.update({**ENVIRONMENT, "HOME": str(box), "TMPDIR": str(box)})
        posix_limits.apply(limit, address_space=address_space, count_threads=self.counts_threads)
        if kernel.LINUX:
            kernel.no_new_privileges()


class Landlock(Tier):
    """Landlock and seccomp on the machine's own root. If the grader is root, workers have another user number."""

    name = "landlock"
    isolates = True
    needs = ("landlock", "seccomp")

    def __init__(self) -> None:
        super().__init__()
        self.layers |= {"landlock": _missing(landlock.abi), "seccomp": _missing(self._program)}

    def _program(self) -> bytes:
        return seccomp.program(kernel.machine(), os.getpid())

    def owner(self) -> tuple[int, int]:
        """User and group of the workers, who own their box. They stay root if only root can read the code."""
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
        """Build all walls. The last one forbids to build more."""
        super().confine(limit, box, address_space)
        die_with_parent()
        kernel.drop_capabilities()
        if not self.layers["landlock"]:
            devices = [path for path in layout.DEVICES if path != "/dev/random"]
            landlock.restrict(layout.readable(), [str(box), *self.also_writable(), *devices])
        seccomp.install(self._program())

    def also_writable(self) -> list[str]:
        """Folders outside the box that belong to the worker."""
        return []


class Namespaces(Landlock):
    """A jail for the warm process, and inside it a smaller one for each worker."""

    name = "namespaces"
    needs = ("namespaces", "seccomp")  # inside a root of its own, Landlock is a second lock on the same door
    box = layout.BOX
    counts_threads = True  # the count starts anew with the user namespace

    def __init__(self) -> None:
        super().__init__()
        self.layers["namespaces"] = "" if kernel.LINUX else f"needs Linux; this is {sys.platform}"

    def enter(self) -> None:
        """Move into the jail. The process that returns from this call is process 1 of the jail."""
        jail.enter()
        inside = os.fork()
        if inside:
            _wait_and_exit(inside)
        self._fork = jail.Fork()
        self._program()  # cached: every worker is process 1 of its own namespace, like this process
        self.layers |= {"limits": "", "namespaces": "", "user": ""}

    def fork(self) -> int:
        """A child that is process 1 of its own process namespace."""
        return self._fork()

    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        """Mount the worker's own folders first: the other walls take away the right to do so."""
        jail.furnish(limit)
        super().confine(limit, box, address_space)

    def also_writable(self) -> list[str]:
        """The worker's own shared memory."""
        return [layout.SHARED_MEMORY]


TIERS: dict[str, type[Tier]] = {tier.name: tier for tier in (Namespaces, Landlock, Tier)}


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parents end, so that it can find them."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def _wait_and_exit(child: int) -> None:
    """Wait outside of the jail. This process holds nothing; it ends with the jail, and the jail ends with it."""
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
    """May every user enter this folder and all folders above it?"""
    place = Path(path)
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents))
