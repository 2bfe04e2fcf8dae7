"""Limits of one worker, its processor time, and the end of its folder, on every system."""

from __future__ import annotations

import os
import signal
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TRIES, PAUSE = 10, 0.05  # further attempts to remove a folder, and seconds between two
HAS_CLOCKS = hasattr(time, "pthread_getcpuclockid")  # of other processes, too
STOP: int = getattr(signal, "SIGXCPU", 0)  # a worker that gets this signal writes where it is; 0 without signals


@dataclass(frozen=True)
class Limits:
    """What one worker may use."""

    memory_mb: int = 2048
    cpu_seconds: int = 120
    file_mb: int = 64
    files: int = 4096
    open_files: int = 256
    threads: int = 64


def processor_seconds(pid: int) -> float | None:
    """Processor time of a process so far, with its threads and children. None where the machine cannot say.

    Children can exist only in the tier `process`. There, /proc can be read.
    """
    # A jail has no /proc, and its clocks can be read all the same. macOS and Windows have no clocks of threads.
    if not HAS_CLOCKS or not hasattr(time, "clock_gettime"):
        return None
    try:
        # The number of a process's clock is made from its id (clock_getcpuclockid in the C library).
        own = float(time.clock_gettime((~pid << 3) | 2))
    except OSError:
        return None
    return own + sum(processor_seconds(child) or 0.0 for child in children(pid)) + _of_ended_children(pid)


def _of_ended_children(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100)
    except (OSError, ValueError, IndexError):
        return 0.0


def remove_tree(folder: Path) -> None:
    """Remove a folder that a student filled, at any depth and with any permissions. Links are never followed.

    A junction of Windows is a link, too, although Python 3.11 counts it as a folder.
    Subfolders are moved up before they are removed, so no path grows and nothing recurses.
    """
    left = _removed([folder])
    for _ in range(TRIES if left else 0):  # on Windows, a process that has just ended holds its files for a moment
        time.sleep(PAUSE)
        left = _removed(left)
        if not left:
            break


def _removed(folders: list[Path]) -> list[Path]:
    """Remove the folders. Those that could not be removed."""
    left: list[Path] = []
    number, waiting = 0, list(folders)
    while waiting:
        here = waiting.pop()
        with suppress(OSError):
            os.chmod(here, 0o700)
        for entry in _listed(here):
            number += 1
            with suppress(OSError):
                if _is_folder(entry):
                    os.chmod(entry, 0o700)
                    moved = folders[0].parent / f"{folders[0].name}-{number}"
                    os.rename(entry, moved)
                    waiting.append(moved)
                else:
                    _remove(entry)
        with suppress(OSError):
            os.rmdir(here)
        if here.exists():
            left.append(here)
    return left


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder, and not a link or a junction to one."""
    return entry.is_dir(follow_symlinks=False) and not getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)


def _remove(entry: os.DirEntry[str]) -> None:
    try:
        os.unlink(entry)
    except PermissionError:  # a file that is only for reading, or a junction, on Windows
        if entry.is_symlink():
            raise  # its permissions would be those of another file
        if entry.is_dir(follow_symlinks=False):
            os.rmdir(entry)
        else:
            os.chmod(entry, stat.S_IWRITE | stat.S_IREAD)
            os.unlink(entry)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def children(pid: int | str = "self") -> list[int]:
    """Ids of the processes that a process started. Empty without /proc: on macOS, on Windows, and in a jail."""
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    for task in tasks:
        try:
            found += [int(pid) for pid in (task / "children").read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found
