"""Worker that is a process of its own, for systems without a safe fork: it imports torch, and then serves one grader.

Run by `garbage` with the argument OPTIONS. Requests come from standard input, replies go to
standard output, prints to standard error. The process never contains anything private.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.wire import channel
from blindgrade.engine.worker import serve, stand_ins, warmup
from blindgrade.engine.worker.pipes import Pipes
from blindgrade.engine.worker.settings import show_where_on_stop

try:
    from blindgrade.engine.sandbox import posix_limits
except ImportError:  # no `resource`: Windows
    HAS_LIMITS = False
else:
    HAS_LIMITS = True

ALL_LIMITS = ("memory", "processor time", "size of files", "open files")
# What programs of Windows need from their environment.
SYSTEM = ("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE")
PATH = "/usr/bin:/bin"
PERSON = {"LANG": "C.UTF-8", "USER": "student", "LOGNAME": "student", "USERNAME": "student"}
FOLDERS = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")


def main() -> None:
    """Get ready, then serve the grader until it closes the pipe."""
    requests, replies = _take_pipes()
    options = json.loads(sys.argv[1])
    sys.argv = sys.orig_argv = ["worker"]
    sys.path += [folder for folder in options["packages"] if folder not in sys.path]
    pipes = Pipes(requests, replies)
    warmup.warm(optimizer=options["optimizer"])
    channel.send(pipes, {"pid": os.getpid(), "processor": time.process_time()})
    command = channel.receive(pipes)
    box = Path(command["box"])
    lacking = _confine(Limits(**command["limits"]), box, memory=command["memory"])
    show_where_on_stop()
    stand_ins.install()
    channel.send(pipes, {"confined": True, "lacking": lacking})
    serve.serve(pipes, box)
    os._exit(0)


def _take_pipes() -> tuple[int, int]:
    """Numbers of the pipes for requests and replies. The student's code gets standard streams without them."""
    replies, requests = os.dup(1), os.dup(0)  # replies get number 3, as in every other tier
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    _binary(requests, replies, 1, 2)
    # Line-buffered, so that prints arrive before the reply. Odd characters must not raise in the student's code.
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False, newline="")
        setattr(sys, name, stream)
    return requests, replies


def _binary(*numbers: int) -> None:
    """Let Windows not change the bytes of these files."""
    try:
        import msvcrt
    except ImportError:  # every other system
        return
    for number in numbers:
        msvcrt.setmode(number, os.O_BINARY)  # type: ignore[attr-defined,unused-ignore]  # Windows has it


def _confine(limits: Limits, box: Path, *, memory: bool) -> list[str]:
    """Give this process its folder, its environment and the limits that the system has. The names of those it lacks.

    Without `memory`, the memory is not limited.
    """
    os.chdir(box)
    tempfile.tempdir = str(box)
    _set_environment(box)
    if not HAS_LIMITS:
        return list(ALL_LIMITS)
    kept = memory and posix_limits.keeps_address_space()
    room = posix_limits.address_space_in_use() if kept else 0
    own: dict[str, Any] = {**vars(limits), "cpu_seconds": limits.cpu_seconds + int(time.process_time()) + 1}
    posix_limits.apply(Limits(**own), address_space=room, count_threads=False)
    return [] if kept else ["memory"]


def _set_environment(box: Path) -> None:
    kept = {name: os.environ[name] for name in SYSTEM if name in os.environ}
    folder = kept.get("SYSTEMROOT")
    path = f"{folder}{os.sep}System32{os.pathsep}{folder}" if folder else PATH
    os.environ.clear()
    os.environ.update({**kept, **PERSON, "PATH": path, **dict.fromkeys(FOLDERS, str(box))})


if __name__ == "__main__":
    main()
