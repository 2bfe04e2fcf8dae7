"""Memory of this process and of all that it started."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def used_mb() -> int:
    """MB of this process and its descendants together; pages that they share count once. 0 where nobody can say."""
    found = sum(_size(pid) for pid in _family(os.getpid())) >> 10
    return found or _elsewhere()


def _elsewhere() -> int:
    """The same, for systems without /proc. Shared pages count for each process."""
    try:
        import psutil
    except ImportError:
        return 0
    found = 0
    me = psutil.Process()
    for one in (me, *me.children(recursive=True)):
        with suppress(psutil.Error):
            found += one.memory_info().rss
    return found >> 20


def _family(pid: int) -> list[int]:
    found = [pid]
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="utf-8").split()
            found += [one for child in children for one in _family(int(child))]
    return found


def _size(pid: int) -> int:
    """KiB of one process. A process whose shares cannot be read, because it has another user, counts whole."""
    for file, name in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            rows = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        return sum(int(row.split()[1]) for row in rows if row.startswith(name))
    return 0
