"""A control group for one warm process and its worker, if the machine lets us make one (cgroup v2).

It is a second limit behind those of a process. It also counts memory outside of an address space (files in the box,
shared memory), and `cgroup.kill` ends every process in the group at once.
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

CONTROLLERS = ("memory", "pids")
WARM_BYTES = 1 << 30  # the warm process and what its worker shares with it
PROCESSES = 128


class NoGroup(OSError):
    """No group can be made here. The text says why."""


def own_group(membership: str = "/proc/self/cgroup", mounts: str = "/proc/self/mountinfo") -> Path:
    """Folder of this process's group. NoGroup without cgroup v2."""
    try:
        places = [line.split() for line in Path(mounts).read_text().splitlines()]
        root = next(fields[4] for fields in places if "cgroup2" in fields[fields.index("-") + 1 :])
        path = next(line[3:] for line in Path(membership).read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        raise NoGroup("this machine has no cgroup v2") from None
    return Path(root) / path.lstrip("/")


def enter(parent: Path, memory_bytes: int) -> Path:
    """Move this process into a new group below `parent` with a limit on memory and processes.

    NoGroup if this process may not do that. Then nothing has changed.
    """
    group = parent / f"blindgrade-{os.getpid()}"
    try:
        missing = [name for name in CONTROLLERS if name not in _words(parent / "cgroup.controllers")]
        if missing:
            raise NoGroup(f"no {' and '.join(missing)} controller is delegated to {parent}")
        _write(parent / "cgroup.subtree_control", " ".join(f"+{name}" for name in CONTROLLERS))
        group.mkdir()
        _write(group / "memory.max", str(memory_bytes + WARM_BYTES))
        with suppress(OSError):  # a machine without swap has no such file
            _write(group / "memory.swap.max", "0")
        _write(group / "pids.max", str(PROCESSES))
        _write(group / "cgroup.procs", str(os.getpid()))
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        raise (
            error if isinstance(error, NoGroup) else NoGroup(f"no group can be made below {parent}: {error}")
        ) from None
    return group


def remove(group: Path) -> None:
    """End every process of a group, and remove the group."""
    with suppress(OSError):
        _write(group / "cgroup.kill", "1")
    for _ in range(100):
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)  # a killed process stays in its group for a moment


def _words(path: Path) -> list[str]:
    return path.read_text().split()


def _write(path: Path, text: str) -> None:
    # Without O_CREAT: every file that matters exists in a cgroup file system.
    with open(os.open(path, os.O_WRONLY), "w") as file:
        file.write(text)
