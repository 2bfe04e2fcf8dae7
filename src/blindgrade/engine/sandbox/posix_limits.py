"""Limits that `resource` sets on one process, and the end of everything that it started. Windows has neither."""

from __future__ import annotations

import mmap
import os
import resource
import signal

from blindgrade.engine.sandbox.limits import Limits, children

MAPPED_BY_THREADS = 256 << 20  # address space for stacks and allocator arenas of a few threads


def apply(limits: Limits, *, address_space: int, count_threads: bool) -> None:
    """Set the limits on this process for good. `address_space` are the bytes mapped before the student's first line.

    With 0, the memory is not limited.
    """
    if address_space:
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


def keeps_address_space() -> bool:
    """Whether the limit of the address space holds here. macOS takes the limit and does not keep it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (address_space_in_use() + (64 << 20), hard))
        mmap.mmap(-1, 256 << 20).close()
    except (OSError, MemoryError, ValueError):
        return True
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return False


def kill_descendants() -> None:
    """End and reap every child of this process until none is left: grandchildren whose parent ended become children."""
    for _ in range(100):
        found = children()
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue
