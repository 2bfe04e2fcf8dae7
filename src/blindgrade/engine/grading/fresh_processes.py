"""Workers that are fresh processes, for systems without a safe fork. The next ones are started ahead of time."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from blindgrade import environment
from blindgrade.engine.grading.connection import Part
from blindgrade.engine.grading.pipe_connection import PipeConnection
from blindgrade.engine.grading.process_tree import ProcessTree, python
from blindgrade.engine.grading.worker_client import START_SECONDS, Ended, NoWall, Worker, ZygoteFailed
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.sandbox.remedies import NO_WALL
from blindgrade.engine.wire import channel, frames
from blindgrade.engine.wire.marks import WHERE

# Variables that Python and torch need, on each system that has them. The worker removes most of them.
KEPT = frozenset({
    "PATH", "HOME", "LANG", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA",
    "LOCALAPPDATA", "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
})  # fmt: skip
LOOK_AT_MEMORY = 0.2  # seconds between two looks, at least
DYING_SECONDS = 2.0


class FreshProcesses(Workers):
    """Workers that are processes of their own, in the tier `process`.

    `wanted` is the number of workers that will be asked for, or None if nobody knows. While one works, the next ones
    get ready, but not without `ahead`. With `strict`, there are no workers: this tier isolates nothing. `missing` says
    why there is no stronger tier. Without `memory`, the memory is not limited, because the driver of a GPU reserves
    large parts of it.
    """

    starts_processes = True

    def __init__(
        self,
        *,
        optimizer: bool = False,
        packages: Sequence[str] = (),
        wanted: int | None = 1,
        ahead: bool = True,
        strict: bool = False,
        memory: bool = True,
        missing: dict[str, str] | None = None,
    ) -> None:
        self.sandbox = ""
        self.layers: dict[str, str] = {}
        self.missing = missing or {}
        self._options = {"optimizer": optimizer, "packages": environment.folders(packages)}
        self._wanted = wanted
        self._ahead = ahead
        self._strict = strict
        self._memory = memory
        self._lacking: list[str] = []
        self._waiting: deque[_Fresh] = deque()
        self._working: list[_Fresh] = []

    @property
    def lacking(self) -> list[str]:
        """See `Workers`."""
        return self._lacking

    @property
    def watches_memory(self) -> bool:
        """Whether the grader itself looks at the memory of a worker, because the system does not limit it."""
        return self._memory and "memory" in self._lacking

    def expect(self, number: int) -> None:
        """See `Workers`."""
        self._wanted = number

    def start(self) -> None:
        """See `Workers`."""
        if not self._strict and not self._waiting:
            self._waiting.append(_Fresh(self._options))

    def ready(self) -> Self:
        """See `Workers`."""
        if self._strict:
            raise NoWall(NO_WALL)
        self.start()
        self._waiting[0].ready()
        self.sandbox = "process"
        return self

    def spawn(self, limits: Limits) -> Worker:
        """See `Workers`."""
        self.ready()
        fresh = self._waiting.popleft()
        if self._wanted is not None:
            self._wanted -= 1
        self._working.append(fresh)
        box = tempfile.mkdtemp(prefix="blindgrade-")
        self._lacking = fresh.confine(limits, box, memory=self._memory)
        worker = Worker(_Handle(self, fresh, limits), fresh.connection, box, limits, confined=True)
        self._start_next()
        return worker

    def _start_next(self) -> None:
        """Start the next processes, if somebody will ask for them: two where students wait for every verdict.

        A worker that was not expected replaces one that ended early. Then another one may follow, too.
        """
        most = 2 if self._wanted is None else int(self._wanted != 0)
        while self._ahead and len(self._waiting) < most:
            self._waiting.append(_Fresh(self._options))

    def ended(self, fresh: _Fresh) -> None:
        """A worker has ended."""
        if fresh in self._working:
            self._working.remove(fresh)

    def close(self) -> None:
        """See `Workers`."""
        for fresh in [*self._waiting, *self._working]:
            fresh.close()
        self._waiting.clear()


class _Fresh:
    """One process, from its start until its end."""

    def __init__(self, options: dict[str, Any]) -> None:
        # One thread, as everywhere: a verdict must not depend on the number of processors.
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
        keep = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("OPENBLAS_")}
        # Not -I, because it ignores PYTHONHASHSEED. With this seed, a student's set has the same order each time.
        command = [python(), "-s", "-P", "-m", "blindgrade.engine.worker.garbage", "blindgrade.engine.worker.fresh"]
        self.tree = ProcessTree([*command, json.dumps(options)], {**keep, **threads, "PYTHONHASHSEED": "0"})
        pipes = self.tree.process
        assert pipes.stdin is not None and pipes.stdout is not None and pipes.stderr is not None
        self.connection = PipeConnection(pipes.stdin, pipes.stdout, pipes.stderr)
        self.begun = 0.0  # processor seconds before the student's code
        self._reader = channel.FrameReader()
        self._ready = False

    def ready(self) -> None:
        """Wait until the process is warm. ZygoteFailed if it does not become so."""
        if not self._ready:
            found = self._message("a worker did not start")
            self.tree.pid = int(found["pid"])
            self.begun = float(found["processor"])
            self._ready = True

    def confine(self, limits: Limits, box: str, *, memory: bool) -> list[str]:
        """Limit the process, before it gets anything of the student's. The names of the limits that it lacks."""
        self.connection.sendall(frames.encode({"box": box, "limits": asdict(limits), "memory": memory}))
        lacking = [str(name) for name in self._message("a worker could not be confined")["lacking"]]
        if memory and "memory" in lacking and self.tree.limit_memory(limits.memory_mb << 20):
            lacking.remove("memory")
        return lacking

    def _message(self, failure: str) -> dict[str, Any]:
        until = time.monotonic() + START_SECONDS
        try:
            while not self._reader.complete():
                if Part.REPLY in self.connection.ready(max(until - time.monotonic(), 0)):
                    self._reader.feed(self.connection)
                elif time.monotonic() >= until:
                    raise channel.Late("it took two minutes")
            message: dict[str, Any] = self._reader.value()
        except frames.WireError as error:
            said = self._last_words()
            self.close()
            raise ZygoteFailed(f"{failure}: {said or error}") from None
        self.connection.answered()
        return message

    def _last_words(self) -> str:
        said = b""
        while Part.PRINTS in self.connection.ready(0.2) and (piece := self.connection.prints(1 << 16)):
            said = (said + piece)[-800:]
        return said.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the process and everything that it started."""
        self.connection.close()
        self.tree.end()
        self.connection.close_prints()


class _Handle:
    """The grader's hold on one working process."""

    def __init__(self, source: FreshProcesses, fresh: _Fresh, limits: Limits) -> None:
        self._source = source
        self._fresh = fresh
        self._limits = limits
        self._watched = source.watches_memory
        self._before = (fresh.tree.memory() or 0) if self._watched else 0
        self._looked = 0.0
        self._seconds = 0.0
        self._reason = ""
        self._ended: Ended | None = None

    def clock(self) -> float | None:
        """See `Handle`. It also looks at the memory, where the system does not limit it."""
        if self._watched and time.monotonic() - self._looked > LOOK_AT_MEMORY:
            self._looked = time.monotonic()
            self._look_at_memory()
        seconds = self._fresh.tree.seconds()
        if seconds is not None:
            self._seconds = max(self._seconds, seconds - self._fresh.begun)
        return None if seconds is None and not self._seconds else self._seconds

    def _look_at_memory(self) -> None:
        used = self._fresh.tree.memory()
        if used is not None and used - self._before > self._limits.memory_mb << 20:
            self._reason = f"your code used more than its {self._limits.memory_mb} MiB of memory"
            self._fresh.tree.end()

    def stop(self) -> None:
        """See `Handle`."""
        if not self._fresh.tree.stop():
            self._fresh.connection.sendall(WHERE)

    def end(self, *, dying: bool = False) -> Ended:
        """See `Handle`."""
        if self._ended is None:
            self.clock()
            code = self._fresh.tree.wait(DYING_SECONDS if dying else 0)
            self._fresh.tree.end()
            self._source.ended(self._fresh)
            self._ended = Ended(_status(code), self._seconds, reason=self._reason)
        return self._ended


def _status(code: int | None) -> int:
    """Wait status of an exit code, or -1 if there is none yet."""
    if code is None:
        return -1
    return -code if code < 0 else (code & 0xFF) << 8
