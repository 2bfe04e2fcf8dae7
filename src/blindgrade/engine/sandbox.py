"""How a worker is held: limits on one process, and the end of everything that it started.

This is the seam for namespaces, Landlock and seccomp: `confine` runs in the worker before any byte of the student's,
`name` is what an attempt records. What is here today is the tier for a student's own machine: a process of its own
session with an empty environment, no inherited descriptors, resource limits, and a keeper (the zygote) that ends
descendants.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
BASE_ADDRESS_SPACE = 3 << 30  # what torch maps before the student's first line, with room for its arenas


@dataclass(frozen=True)
class Limits:
    """What one worker may use."""

    memory_mb: int = 2048
    cpu_seconds: int = 120
    file_mb: int = 64
    open_files: int = 256
    processes: int = 0


def name() -> str:
    """The sandbox as an attempt records it."""
    return "process"


def confine(limits: Limits, box: Path) -> None:
    """Restrict this process for good; called in the worker before student code."""
    os.chdir(box)
    os.environ.clear()
    os.environ.update({"HOME": str(box), "TMPDIR": str(box), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    _limit(resource.RLIMIT_AS, BASE_ADDRESS_SPACE + (limits.memory_mb << 20))
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, limits.file_mb << 20)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _prctl(PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Make this process the new parent of descendants whose own parents end, so that `descendants` finds them."""
    if sys.platform == "linux":
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_descendants() -> None:
    """End and reap every child of this process, again until there is none: daemonised grandchildren become children."""
    for _ in range(100):
        children = _children()
        if not children:
            return
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def _children() -> list[int]:
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")
