"""A warm process that imports torch once and forks a worker for each lesson. It never holds anything private.

Run as `python -I -P -m blindgrade.engine.zygote FD OPTIONS`. The grader sends one command at a time over the control
socket; descriptors travel beside it. Being a fresh process and not a fork of the grader, no memory of a worker has
ever held a solution.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from blindgrade.engine import protocol, sandbox, worker


def main() -> None:
    """Serve the control socket until the grader closes it."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    sandbox.die_with_parent()
    sandbox.adopt_orphans()
    _warm(options["optimizer"])
    protocol.send(control, {"ready": True, "sandbox": sandbox.name()})
    _serve(control)
    sandbox.kill_descendants()
    os._exit(0)  # taking torch apart in order takes a tenth of a second, for which the grader would wait


def _warm(optimizer: bool) -> None:
    import jaxtyping  # noqa: F401  # stubs import it
    import torch

    torch.set_num_threads(1)
    if optimizer:
        # The first optimizer imports torch._dynamo for about a second; every worker then has it for nothing.
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    gc.collect()
    gc.freeze()


def _serve(control: socket.socket) -> None:
    while True:
        frame, fds, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not frame:
            return
        command: dict[str, Any] = json.loads(frame)
        if command["op"] == "spawn":
            pid = _spawn(control, command, fds)
            for fd in fds:
                os.close(fd)
            protocol.send(control, {"pid": pid})
        else:
            protocol.send(control, _end(command["pid"]))


def _spawn(control: socket.socket, command: dict[str, Any], fds: list[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        control.close()
        _become_worker(command, *fds)
    except BaseException as error:
        print(f"worker: {type(error).__name__}: {error}"[:500], file=sys.stderr)
    finally:
        os._exit(0)


def _become_worker(command: dict[str, Any], sock_fd: int, output_fd: int) -> None:
    sandbox.die_with_parent()
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.dup2(sock_fd, 3)
    os.closerange(4, 1024)
    # Written through, so that prints are there before the reply is; odd characters must not raise in student code.
    for number, name in ((1, "stdout"), (2, "stderr")):
        setattr(sys, name, open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False))
    box = Path(command["box"])
    tempfile.tempdir = str(box)
    sandbox.confine(sandbox.Limits(**command["limits"]), box)
    worker.serve(socket.socket(fileno=3), box)


def _end(pid: int) -> dict[str, Any]:
    """Kill what is left of a worker and say how it ended: its wait status, or -1 if that is not known."""
    status = -1
    try:
        done, found = _reap(pid)
        if done:
            status = found
        else:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
    sandbox.kill_descendants()
    return {"status": status}


def _reap(pid: int) -> tuple[int, int]:
    """A dying process closes its sockets a moment before it can be reaped, so ask for a little while."""
    for _ in range(20):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return done, status
        time.sleep(0.0005)
    return 0, -1


if __name__ == "__main__":
    main()
