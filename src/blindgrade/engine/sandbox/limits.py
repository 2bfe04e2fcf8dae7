"""Limits on one process, and the end of everything that it started. They work wherever Python has `resource`."""

from __future__ import annotations

import mmap
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STOP = signal.SIGXCPU  # a worker that gets this signal writes where it is
MAPPED_BY_THREADS = 256 << 20  # address space for stacks and allocator arenas of a few threads


@dataclass(frozen=True)
class Limits:
    """What one worker may use."""

    memory_mb: int = 2048
    cpu_seconds: int = 120
    file_mb: int = 64
    files: int = 4096
    open_files: int = 256
    threads: int = 64


def apply(limits: Limits, *, address_space: int, count_threads: bool) -> None:
    """Set the limits on this process for good. `address_space` are the bytes mapped before the student's first line."""
    _limit(resource.RLIMIT_AS, address_space + MAPPED_BY_THREADS + (limits.memory_mb << 20))
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, limits.file_mb << 20)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CORE, 0)
    if count_threads:
        _limit(resource.RLIMIT_NPROC, limits.threads)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def address_space_in_use() -> int:
    """Bytes that this process has mapped, exact to 16 MiB: the smallest limit under which it can still map a page.

    The function tries limits, because a jail has no /proc to read the number from.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 44
    try:
        while high - low > 16 << 20:
            middle = (low + high) // 2
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
            try:
                mmap.mmap(-1, 1 << 20).close()
                high = middle
            except (OSError, MemoryError):
                low = middle
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high


def processor_seconds(pid: int) -> float | None:
    """Processor time of a process so far, with its threads and children. None where the machine cannot say.

    Children can exist only in the tier `process`. There, /proc can be read.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        # The number of a process's clock is made from its id (clock_getcpuclockid in the C library).
        own = time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None
    return own + sum(processor_seconds(child) or 0.0 for child in _children(pid)) + _of_ended_children(pid)


def _of_ended_children(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def kill_descendants() -> None:
    """End and reap every child of this process until none is left: grandchildren whose parent ended become children."""
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


def remove_tree(folder: Path) -> None:
    """Remove a folder that a student filled, at any depth and with any permissions. Links are never followed.

    Subfolders are moved up before they are removed, so no path grows and nothing recurses.
    """
    number = 0
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        with suppress(OSError):
            os.chmod(here, 0o700)
        for entry in _listed(here):
            number += 1
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry, 0o700)
                    moved = folder.parent / f"{folder.name}-{number}"
                    os.rename(entry, moved)
                    waiting.append(moved)
                else:
                    os.unlink(entry)
        with suppress(OSError):
            os.rmdir(here)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _children(pid: int | str = "self") -> list[int]:
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []  # no /proc: macOS, or a jail, where all processes end with the first one
    for task in tasks:
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found
