"""Trials of a confined worker at the start of every warm process: a tier promises only what it has just proved.

Each trial is an attack that must fail. The last trial must succeed: a box in which nothing works proves nothing.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from blindgrade.engine.sandbox import kernel

PTRACE_ATTACH = 16


def run(box: Path, private: list[str]) -> dict[str, str]:
    """Trials that did not hold, each with what happened. Empty if all held."""
    attacks: dict[str, Callable[[], object]] = {
        **{f"reading {path}": lambda path=path: _look(path) for path in private},  # type: ignore[misc]
        "reading the users' passwords": lambda: open("/etc/shadow").close(),
        "listing the folders of users": lambda: os.listdir("/home") and os.listdir("/root"),
        "reading another process": lambda: open(f"/proc/{os.getppid() or 1}/environ").close(),
        "writing beside the interpreter": lambda: open(f"{os.path.dirname(os.__file__)}/blindgrade-trial", "w").close(),
        "writing in /": lambda: open("/blindgrade-trial", "w").close(),
        "opening an internet socket": lambda: socket.socket(socket.AF_INET).close(),
        "opening a Unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "starting a process": _fork,
        "starting a program": lambda: os.execv("/bin/true", ["true"]),
        "signalling another process": lambda: os.kill(os.getppid() or -1, 0),
        "tracing another process": lambda: _traced(os.getppid() or 1),
        "making a namespace": lambda: kernel.unshare(kernel.CLONE_NEWUSER),
        "mounting": lambda: kernel.mount("none", str(box), "tmpfs"),
        "raising a limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        "becoming another user": lambda: os.setuid(os.getuid()),
    }
    held = {name: _must_fail(attack) for name, attack in attacks.items()}
    held["gaining rights by a program"] = "" if kernel.prctl(kernel.PR_GET_NO_NEW_PRIVS) == 1 else "possible"
    held["working in the box"] = _must_work(lambda: _works(box))
    return {name: what for name, what in held.items() if what}


def _must_fail(attack: Callable[[], object]) -> str:
    try:
        attack()
    except (OSError, ValueError):
        return ""
    return "succeeded"


def _must_work(work: Callable[[], object]) -> str:
    try:
        work()
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    return ""


def _look(path: str) -> None:
    if os.path.isdir(path):
        os.listdir(path)
    else:
        open(path).close()


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _traced(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, pid, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _works(box: Path) -> None:
    trial = box / "trial"
    trial.write_text("text")
    assert trial.read_text() == "text"
    trial.unlink()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    open(os.devnull, "w").close()
