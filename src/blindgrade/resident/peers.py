"""Who is at the other end of a connection. A resident answers its own user's commands, and no student's code.

Code in a worker cannot reach a resident where a sandbox holds. Without one (the sandbox `process`) it has its user's
rights and may find the address. So each peer is looked at: a worker took away its own right to gain privileges, which
its children inherit and which nobody can undo, and the processes above it are workers and warm processes.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any

WORKERS = "blindgrade.engine.worker."  # modules that run in a warm process and in its workers
CREDENTIALS = struct.Struct("3i")  # process, user and group, as Linux gives them
MACS = struct.Struct("=IIh")  # version, user and number of groups, as macOS and the BSDs give them


def stranger(sock: socket.socket) -> str:
    """Reason why the process at the other end gets no answer; empty if it is a command of this user."""
    pid, uid = _pid_and_user(sock)
    if uid is not None and hasattr(os, "getuid") and uid != os.getuid():
        return f"user {uid} is another user"
    if pid is not None and _is_worker(pid):
        return f"process {pid} runs a student's code"
    return ""


def pid_of(sock: socket.socket) -> int | None:
    """Process at the other end; None where the machine cannot say."""
    return _pid_and_user(sock)[0]


def in_worker() -> bool:
    """Whether this process itself runs a student's code, as far as the processes above it show it."""
    here = os.getpid()
    return _below_worker(here) if _has_proc() else _below_worker_elsewhere(here)


def _has_proc() -> bool:
    """Whether this system describes processes in /proc."""
    try:
        with open("/proc/self/stat", "rb"):
            return True
    except OSError:
        return False


def _pid_and_user(sock: socket.socket) -> tuple[int | None, int | None]:
    if sock.family == socket.AF_INET:
        return _by_port(sock)
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
        return pid, uid
    if hasattr(socket, "LOCAL_PEERCRED"):
        found = sock.getsockopt(0, socket.LOCAL_PEERCRED, 128)
        return None, MACS.unpack_from(found)[1]
    return None, None  # the folder is closed to others


def _by_port(sock: socket.socket) -> tuple[int | None, int | None]:
    """The same for a connection over loopback, as far as the system shows it."""
    if not _has_proc():
        return _by_port_elsewhere(sock.getpeername()[1]), None
    try:
        (_, port), (_, ours) = sock.getpeername()[:2], sock.getsockname()[:2]
        rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]]
    except (OSError, ValueError):
        return None, None
    ends = [(row[1].rpartition(":")[2], row[2].rpartition(":")[2], int(row[7]), row[9]) for row in rows if len(row) > 9]
    wanted = (f"{port:04X}", f"{ours:04X}")
    found = [(uid, inode) for local, remote, uid, inode in ends if (local, remote) == wanted]
    return (_holder(f"socket:[{found[0][1]}]"), found[0][0]) if found else (None, None)


def _by_port_elsewhere(port: int) -> int | None:
    """Process whose end of a connection has this port. Windows says it; macOS says it only to root."""
    try:
        import psutil

        found = [one.pid for one in psutil.net_connections("tcp") if one.laddr and one.laddr.port == port]
    except (ImportError, OSError, psutil.Error):
        return None
    return next((pid for pid in found if pid), None)


def _holder(name: str) -> int | None:
    """A process that has this socket open. A worker comes first: it may have passed its socket on, or got it so."""
    holders = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(folder / "fd" / number) == name for number in os.listdir(folder / "fd")):
                holders.append(int(folder.name))
        except OSError:
            continue
    return next((pid for pid in holders if _is_worker(pid)), holders[0] if holders else None)


def _is_worker(pid: int) -> bool:
    if not _has_proc():
        return _below_worker_elsewhere(pid)
    return (_flag(pid) and not _flag(os.getpid())) or _below_worker(pid)


def _below_worker(pid: int) -> bool:
    above = pid
    while above > 1:
        try:
            command = Path(f"/proc/{above}/cmdline").read_text(encoding="utf-8", errors="replace")
            row = Path(f"/proc/{above}/stat").read_text(encoding="utf-8")
        except OSError:
            return above == pid  # this one is gone; or the machine hides other users' processes
        if any(part.startswith(WORKERS) for part in command.split("\0")):
            return True
        above = int(row.rpartition(")")[2].split()[1])
    return False


def _below_worker_elsewhere(pid: int) -> bool:
    try:
        import psutil

        process = psutil.Process(pid)
        lines = [one.cmdline() for one in (process, *process.parents()) if _same_user(one)]
    except (ImportError, OSError):
        return False
    except psutil.Error:
        return True  # it is gone already
    return any(part.startswith(WORKERS) for line in lines for part in line)


def _same_user(process: Any) -> bool:
    """Whether the command line of the process can be read: the system's own processes hide theirs."""
    import psutil

    try:
        process.cmdline()
    except psutil.AccessDenied:
        return False
    return True


def _flag(pid: int) -> bool:
    """Whether the process can gain no privileges any more; True if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return True
    return "\nNoNewPrivs:\t1" in status
