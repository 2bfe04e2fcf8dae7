"""Warm process that imports torch once and forks a worker for each lesson. It never contains anything private.

Run by `garbage` with the arguments FD OPTIONS. The grader sends one command at a time over the control socket, together
with file descriptors. The process is started fresh and is not a fork of the grader, so the memory of a worker never
contained a solution.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from blindgrade.engine.sandbox import cgroup, layout, probe, tiers
from blindgrade.engine.sandbox.limits import STOP, Limits, processor_seconds
from blindgrade.engine.sandbox.posix_limits import address_space_in_use, kill_descendants
from blindgrade.engine.sandbox.tiers import Tier
from blindgrade.engine.wire import channel
from blindgrade.engine.worker import large_pages, serve, stand_ins, warmup
from blindgrade.engine.worker.settings import show_where_on_stop

MANY = 32  # ended workers after which large pages are made: more workers will probably follow
AT_ONCE = 4  # large pages that are made after one worker; the next worker waits for them


def main() -> None:
    """Serve the control socket until the grader closes it."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    # A worker can read its arguments and the local variables below it. It must not see the paths of private folders.
    sys.argv = sys.orig_argv = ["worker"]
    tiers.die_with_parent()
    layout.add_code(options["packages"])
    sys.path += [folder for folder in options["packages"] if folder not in sys.path]
    tier, missing = probe.choose(options["allowed"], options.pop("private"))
    walls = {"sandbox": tier.name, "missing": missing, "owner": list(tier.owner())}
    if not tier.isolates and options["strict"]:
        channel.send(control, {"ready": False, **walls, "layers": tier.layers})
        return
    memory = large_pages.Memory()
    walls["group"] = _enter_group(tier, options["memory_mb"])
    tier.enter()
    tiers.die_with_parent()
    tiers.adopt_orphans()
    tempfile.tempdir = tier.box or None
    warmup.warm(optimizer=options["optimizer"])
    memory.read()
    channel.send(control, {"ready": True, **walls, "layers": tier.layers})
    _Forker(control, tier, memory).serve()
    kill_descendants()
    os._exit(0)  # a normal exit takes a tenth of a second for torch, and the grader would wait


def _enter_group(tier: Tier, memory_mb: int) -> str:
    """Folder of a new control group, which the grader removes later. Empty if the machine allows none."""
    if not tier.isolates:
        return ""
    try:
        group = cgroup.enter(cgroup.own_group(), memory_mb << 20)
    except cgroup.NoGroup as error:
        tier.layers["cgroup"] = str(error)
        return ""
    tier.layers["cgroup"] = ""
    return str(group)


class _Forker:
    """Starts workers and ends them, one command at a time."""

    def __init__(self, control: socket.socket, tier: Tier, memory: large_pages.Memory) -> None:
        self.control = control
        self.tier = tier
        self.memory = memory
        self.ended = 0
        self.address_space = address_space_in_use()

    def serve(self) -> None:
        """Answer commands until the grader closes the socket."""
        while True:
            frame, fds, _, _ = socket.recv_fds(self.control, 1 << 16, 2)
            if not frame:
                return
            command: dict[str, Any] = json.loads(frame)
            if command["op"] == "spawn":
                pid = self._spawn(command, fds)
                for fd in fds:
                    os.close(fd)
                channel.send(self.control, {"pid": pid})
            elif command["op"] == "clock":
                channel.send(self.control, {"cpu": processor_seconds(command["pid"])})
            elif command["op"] == "stop":
                with suppress(ProcessLookupError):
                    os.kill(command["pid"], STOP)
                channel.send(self.control, {})
            else:
                channel.send(self.control, _end(command["pid"], dying=command["dying"]))
                self.ended += 1
                if self.ended >= MANY:
                    self.memory.collapse(AT_ONCE)

    def _spawn(self, command: dict[str, Any], fds: list[int]) -> int:
        pid = self.tier.fork()
        if pid:
            return pid
        try:
            self.control.close()
            self._become_worker(command, *fds)
        except BaseException as error:
            print(f"worker: {type(error).__name__}: {error}"[:500], file=sys.stderr)
        finally:
            os._exit(0)

    def _become_worker(self, command: dict[str, Any], sock_fd: int, output_fd: int) -> None:
        tiers.die_with_parent()
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.dup2(sock_fd, 3)
        os.closerange(4, 1 << 20)
        # Line-buffered, so that prints arrive before the reply. Odd characters must not raise in the student's code.
        for number, name in ((1, "stdout"), (2, "stderr")):
            stream = open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
            setattr(sys, name, stream)
        show_where_on_stop()
        sock = socket.socket(fileno=3)
        box = Path(command["box"])
        tempfile.tempdir = str(box)
        self.tier.confine(Limits(**command["limits"]), box, self.address_space)
        stand_ins.install()
        channel.send(sock, {"confined": True})
        serve.serve(sock, box)


def _end(pid: int, *, dying: bool = False) -> dict[str, Any]:
    """Kill the rest of a worker. Return its wait status (-1 if it had to be killed) and the resources that it used.

    "cpu" is in seconds. "rss_kb" is the largest resident size in KiB. A worker that closed its socket is `dying`: on a
    busy machine it may take a while until its status is known.
    """
    ended: dict[str, Any] = {"status": -1, "cpu": 0.0, "rss_kb": 0}
    try:
        done, status, usage = _reap(pid, 2.0 if dying else 0.01)
        if done:
            ended["status"] = status
        else:
            os.kill(pid, signal.SIGKILL)
            _, _, usage = os.wait4(pid, 0)
        ended |= {"cpu": usage.ru_utime + usage.ru_stime, "rss_kb": usage.ru_maxrss}
    except (ProcessLookupError, ChildProcessError):
        pass
    kill_descendants()
    return ended


def _reap(pid: int, seconds: float) -> tuple[int, int, Any]:
    """Result of `os.wait4`, asked for some time: a dying process closes its sockets just before it can be reaped."""
    for _ in range(int(seconds / 0.0005)):
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return done, status, usage
        time.sleep(0.0005)
    return 0, -1, None


if __name__ == "__main__":
    main()
