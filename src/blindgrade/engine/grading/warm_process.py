"""The grader's side of the warm process: start it, get workers from it, within limits of time and size."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from blindgrade import environment
from blindgrade.catalog import Target, need_packages
from blindgrade.engine.grading.connection import SocketConnection
from blindgrade.engine.grading.optimizers import needs_optimizer
from blindgrade.engine.grading.sandboxes import ALLOWED, Sandbox
from blindgrade.engine.grading.worker_client import START_SECONDS, Ended, SandboxMissing, Worker, ZygoteFailed
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.sandbox import cgroup
from blindgrade.engine.sandbox.layout import BOX
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.sandbox.remedies import explain
from blindgrade.engine.wire import channel, frames
from blindgrade.engine.worker import large_pages


@dataclass(frozen=True)
class _Handle:
    """The warm process's hold on one of its workers."""

    zygote: Zygote
    pid: int

    def end(self, *, dying: bool = False) -> Ended:
        return self.zygote.end(self.pid, dying=dying)

    def clock(self) -> float | None:
        return self.zygote.clock(self.pid)

    def stop(self) -> None:
        self.zygote.stop(self.pid)


class Zygote(Workers):
    """Warm process. `start` starts it, or the first worker does. Leaving the context ends it.

    `sandbox` names the tiers that its workers may use (`ALLOWED`). `private` are paths that no worker may read: the
    process refuses to start in a tier in which a worker can read one. `packages` are those that workers may import in
    addition to the grader's own.
    """

    def __init__(
        self,
        *,
        optimizer: bool = False,
        sandbox: Sandbox = "auto",
        private: Sequence[Path] = (),
        packages: Sequence[str] = (),
        memory_mb: int = 2048,
    ) -> None:
        self.sandbox = ""  # name of the tier, when the process is ready
        self.layers: dict[str, str] = {}  # "" for each layer that works, else the reason why it does not
        self.missing: dict[str, str] = {}  # reasons why this machine has no stronger tier
        self._options = {
            "optimizer": optimizer,
            "allowed": ALLOWED[sandbox],
            "strict": sandbox not in ("auto", "process"),
            "private": [str(path) for path in private if path.exists()],
            "packages": environment.folders(packages),
            "memory_mb": memory_mb,
        }
        self._group = ""
        self._owner = (os.getuid(), os.getgid())
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False

    @classmethod
    def for_targets(cls, targets: list[Target], *, sandbox: Sandbox = "auto", private: Iterable[Path] = ()) -> Self:
        """Warm process for grading these lessons. Its workers cannot read the lessons' solutions and checks.

        `private` are more paths that they must not read. CourseError if this Python lacks a package of the course.
        """
        need_packages(targets)
        private = {*private, *(t.files.root / tree for t in targets for tree in ("solutions", "graders"))}
        exercises = [t.lesson.exercise(name) for t in targets for name in t.exercises]
        return cls(
            optimizer=any(map(needs_optimizer, targets)),
            sandbox=sandbox,
            private=sorted(private),
            packages=list(dict.fromkeys(name for target in targets for name in target.packages)),
            memory_mb=max((e.memory_mb for e in exercises), default=2048),
        )

    def start(self) -> None:
        """Start the process without waiting until it is warm."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        # There must be one thread before torch is imported: a fork hangs after an OpenMP pool has started.
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
        keep = {k: v for k, v in os.environ.items() if k.startswith("OPENBLAS_") or k in ("PATH", "HOME", "LANG")}
        # Not -I, because it ignores PYTHONHASHSEED. With this seed, a student's set has the same order each time.
        python = [sys.executable, "-s", "-P", "-m", "blindgrade.engine.worker.garbage"]
        self._process = subprocess.Popen(
            [*python, "blindgrade.engine.worker.zygote", str(theirs.fileno()), json.dumps(self._options)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**keep, **threads, **large_pages.HEAP_ENVIRONMENT, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        theirs.close()
        self._control = ours

    @property
    def pid(self) -> int:
        """Id of the process that was started. The warm process is this one or, in a jail, its child."""
        assert self._process is not None
        return self._process.pid

    def lives(self) -> bool:
        """See `Workers`."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End the process. It ends its workers when the control socket closes."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
        if self._group:
            cgroup.remove(Path(self._group))
            self._group = ""
        self._control = self._process = None
        self._ready = False

    def restart(self) -> None:
        """Start a fresh process, after a student's code has killed this one."""
        self.close()
        self.start()

    def spawn(self, limits: Limits) -> Worker:
        """Fresh worker that has seen no student's code. ZygoteFailed if none can be started."""
        control = self._warm()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        read_end, write_end = os.pipe()
        folder = self._make_box()
        command = json.dumps({"op": "spawn", "box": folder or BOX, "limits": asdict(limits)}).encode()
        try:
            socket.send_fds(control, [command], [theirs.fileno(), write_end])
            pid = self._answer()["pid"]
        except (OSError, frames.WireError) as error:
            if folder:
                os.rmdir(folder)
            ours.close()
            os.close(read_end)
            raise ZygoteFailed(f"no worker could be started ({error})") from None
        finally:
            theirs.close()
            os.close(write_end)
        return Worker(_Handle(self, pid), SocketConnection(ours, read_end), folder, limits)

    def _make_box(self) -> str:
        """Folder for a worker, which the grader removes. Empty if the worker makes its own one."""
        if self.sandbox == "namespaces":
            return ""
        folder = tempfile.mkdtemp(prefix="blindgrade-")
        if self._owner[0] != os.getuid():
            os.chown(folder, *self._owner)
        return folder

    def clock(self, pid: int) -> float | None:
        """Processor seconds that a worker used so far. None if this machine cannot say, or if the worker is gone."""
        found = self._ask({"op": "clock", "pid": pid}).get("cpu")
        return found if isinstance(found, float) else None

    def stop(self, pid: int) -> None:
        """Let a worker write where it is. It still runs afterwards."""
        self._ask({"op": "stop", "pid": pid})

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        """Answer of the warm process; empty if it is gone, which `end` notices and reports."""
        if self._control is None or not self._ready:
            return {}
        try:
            self._control.sendall(json.dumps(command).encode())
            return self._answer()
        except (OSError, frames.WireError):
            return {}

    def end(self, pid: int, *, dying: bool = False) -> Ended:
        """End a worker and everything that it started. ZygoteFailed if the warm process died inside a sandbox."""
        if self._control is None or not self._ready:
            return Ended()  # the warm process is gone, and the worker with it
        try:
            self._control.sendall(json.dumps({"op": "end", "pid": pid, "dying": dying}).encode())
            return Ended(**self._answer())
        except (OSError, frames.WireError):
            self.restart()
            if self.sandbox != "process":
                # Code in a sandbox cannot do that, so no student is at fault: memory ran out, or a user killed the
                # process.
                raise ZygoteFailed("the warm process ended while a worker ran") from None
            return Ended()

    def ready(self) -> Self:
        """Wait until the process is warm. SandboxMissing or ZygoteFailed if it cannot start."""
        self._warm()
        return self

    def _warm(self) -> socket.socket:
        if self._control is None:
            self.start()
        if not self._ready:
            try:
                walls = self._answer()
            except frames.WireError:
                said = self._last_words()
                self.close()
                raise ZygoteFailed(f"the warm process did not start: {said}") from None
            self.sandbox, self.layers, self.missing = walls["sandbox"], walls["layers"], walls["missing"]
            self._owner = (walls["owner"][0], walls["owner"][1])
            self._group = walls.get("group", "")
            if not walls["ready"]:
                self.close()
                raise SandboxMissing(
                    "this machine cannot isolate the code that is graded; enable namespaces or landlock:\n"
                    + explain(self.missing)
                )
            self._ready = True
        if self._control is None:
            raise ZygoteFailed("the warm process is gone")
        return self._control

    def _last_words(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        self._process.kill()
        return self._process.stderr.read().decode(errors="replace")[-800:]

    def _answer(self) -> dict[str, Any]:
        if self._control is None:
            raise channel.Closed("the warm process is gone")
        answer: dict[str, Any] = channel.receive(self._control, time.monotonic() + START_SECONDS)
        self._control.settimeout(None)
        return answer
