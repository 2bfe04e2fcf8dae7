"""The grader's side of workers: start a zygote, ask it for workers, talk to them within time and size."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from blindgrade.catalog import Target
from blindgrade.engine import large_pages, protocol, replies
from blindgrade.engine.replies import Read, Reply
from blindgrade.engine.sandbox import cgroup
from blindgrade.engine.sandbox.layout import BOX
from blindgrade.engine.sandbox.limits import Limits, remove_tree
from blindgrade.engine.sandbox.probe import explain
from blindgrade.models import Kind

MAX_OUTPUT = 64 << 10  # bytes of a worker's prints that are kept
START_SECONDS = 120.0
ASK_SECONDS = 0.05  # between two looks whether an answer is still wanted
LOOP = "is there a loop that never ends?"

Sandbox = Literal["auto", "strict", "process", "namespaces", "landlock"]
ALLOWED: dict[str, list[str]] = {
    "auto": ["namespaces", "landlock", "process"],
    "strict": ["namespaces", "landlock"],
    **{tier: [tier] for tier in ("process", "namespaces", "landlock")},
}


class ZygoteFailed(Exception):
    """The warm process did not start or is gone: a fault of the machine or of ours, never the student's."""


class SandboxMissing(ZygoteFailed):
    """Isolation was demanded and this machine does not give it; the text names each missing layer and its remedy."""


class WorkerGone(Exception):
    """The worker ended, stalled or broke the protocol; `reason` is told to the student, `late` says that it stalled."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.late = late


class Interrupted(Exception):
    """Nobody waits for this answer any more. Raised by whoever is asked, between exercises or while one runs."""


@dataclass(frozen=True)
class Ended:
    """How a worker ended: its wait status (-1 if it had to be killed), processor seconds, and largest resident size."""

    status: int = -1
    cpu: float = 0.0
    rss_kb: int = 0


class Zygote:
    """The warm process. It starts when told to, or with the first worker; leaving the context ends it.

    `sandbox` names the tiers that may hold its workers (`ALLOWED`). `private` are paths that no worker may read: the
    process refuses to start in a tier where one can. With `fork=False` it becomes its only worker itself, because
    CUDA does not survive a fork, and a fresh process is started for each further one.
    """

    def __init__(
        self,
        *,
        optimizer: bool = False,
        sandbox: Sandbox = "auto",
        private: Sequence[Path] = (),
        memory_mb: int = 2048,
        fork: bool = True,
    ) -> None:
        self.fork = fork
        self.sandbox = ""  # the tier's name, once it is ready
        self.layers: dict[str, str] = {}  # "" for each layer that holds, else why not
        self.missing: dict[str, str] = {}  # what keeps this machine from a stronger tier
        self._options = {
            "optimizer": optimizer,
            "allowed": ALLOWED[sandbox],
            "strict": sandbox not in ("auto", "process"),
            "private": [str(path) for path in private if path.exists()],
            "memory_mb": memory_mb,
            "fork": fork,
        }
        self._group = ""
        self._owner = (os.getuid(), os.getgid())
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False

    @classmethod
    def for_targets(
        cls, targets: list[Target], *, sandbox: Sandbox = "auto", device: str = "cpu", private: Iterable[Path] = ()
    ) -> Self:
        """A warm process for grading these lessons, whose solutions and checks its workers must not reach.

        `private` are more paths that they must not.
        """
        private = {*private, *(t.files.root / tree for t in targets for tree in ("solutions", "graders"))}
        exercises = [t.lesson.exercise(name) for t in targets for name in t.exercises]
        return cls(
            optimizer=any(e.kind is Kind.TRAINING for e in exercises),
            sandbox=sandbox,
            private=sorted(private),
            memory_mb=max((e.memory_mb for e in exercises), default=2048),
            fork=device == "cpu",
        )

    def start(self) -> None:
        """Start the process without waiting until it is warm."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        # Threads must be one before torch is imported: a fork after an OpenMP pool has started hangs.
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
        keep = {k: v for k, v in os.environ.items() if k.startswith("OPENBLAS_") or k in ("PATH", "HOME", "LANG")}
        # Not -I, which would ignore the seed of hashes: with it a student's set has the same order each time.
        command = [sys.executable, "-s", "-P", "-m", "blindgrade.engine.zygote", str(theirs.fileno())]
        self._process = subprocess.Popen(
            [*command, json.dumps(self._options)],
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
        """The process that was started; the warm one is this or, in a jail, its child."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process; it ends its workers when the control socket closes."""
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
        """A fresh process, after student code has killed this one."""
        self.close()
        self.start()

    def spawn(self, limits: Limits) -> Worker:
        """A fresh worker that has seen nothing yet. ZygoteFailed if none can be had."""
        control = self._warm()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        read_end, write_end = os.pipe()
        folder = self._make_box()
        command = json.dumps({"op": "spawn", "box": folder or BOX, "limits": asdict(limits)}).encode()
        try:
            socket.send_fds(control, [command], [theirs.fileno(), write_end])
            pid = self._answer()["pid"]
        except (OSError, protocol.WireError) as error:
            if folder:
                os.rmdir(folder)
            ours.close()
            os.close(read_end)
            raise ZygoteFailed(f"no worker could be started ({error})") from None
        finally:
            theirs.close()
            os.close(write_end)
        return Worker(self, pid, ours, read_end, folder, limits)

    def _make_box(self) -> str:
        """A folder for a worker that cannot have one of its own; it is the grader's to remove."""
        if self.sandbox == "namespaces":
            return ""
        folder = tempfile.mkdtemp(prefix="blindgrade-")
        if self._owner[0] != os.getuid():
            os.chown(folder, *self._owner)
        return folder

    def end(self, pid: int) -> Ended:
        """End a worker and everything that it started. ZygoteFailed if this process died behind walls."""
        if self._control is None or not self._ready:
            return Ended()  # its process is gone, and it went with it
        if not self.fork:
            self.close()
            return Ended()
        try:
            self._control.sendall(json.dumps({"op": "end", "pid": pid}).encode())
            return Ended(**self._answer())
        except (OSError, protocol.WireError):
            self.restart()
            if self.sandbox != "process":
                # Nothing behind walls can do that, so it is no student's fault: memory ran out, or somebody killed it.
                raise ZygoteFailed("the warm process ended while a worker ran") from None
            return Ended()

    def ready(self) -> Self:
        """Wait until it is warm. SandboxMissing or ZygoteFailed if it cannot be."""
        self._warm()
        return self

    def _warm(self) -> socket.socket:
        if self._control is None:
            self.start()
        if not self._ready:
            try:
                walls = self._answer()
            except protocol.WireError:
                said = self._last_words()
                self.close()
                raise ZygoteFailed(f"the warm process did not start: {said}") from None
            self.sandbox, self.layers, self.missing = walls["sandbox"], walls["layers"], walls["missing"]
            self._owner = (walls["owner"][0], walls["owner"][1])
            self._group = walls.get("group", "")
            if not walls["ready"]:
                self.close()
                raise SandboxMissing(
                    "this machine cannot isolate the code that is graded; namespaces or landlock would do:\n"
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

    def _answer(self) -> Reply:
        if self._control is None:
            raise protocol.Closed("the warm process is gone")
        answer: Reply = protocol.receive(self._control, time.monotonic() + START_SECONDS)
        self._control.settimeout(None)
        return answer


class Worker:
    """One forked worker: requests go in, replies come out, prints are drained and capped."""

    def __init__(self, zygote: Zygote, pid: int, sock: socket.socket, output: int, box: str, limits: Limits) -> None:
        self.zygote = zygote
        self.pid = pid
        self.box = box  # a folder to remove at the end, or empty
        self.limits = limits
        self._sock = sock
        self._output = output
        os.set_blocking(output, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ)
        self._selector.register(output, selectors.EVENT_READ)
        self._reader = protocol.FrameReader(beyond=protocol.READ)
        self._kept = bytearray()
        self._confined = False
        self.printed = 0

    def call(self, request: Reply, seconds: float) -> Reply:
        """Send a request and wait for its reply, which both raise WorkerGone."""
        self.send(protocol.encode(request), seconds)
        return self.reply(seconds)

    def send(self, frame: bytes, seconds: float) -> None:
        """Send a request's frame. WorkerGone if the worker does not take it in time.

        What it is sent before it has answered must fit into the socket, because it reads nothing while it answers.
        """
        self._await_walls()
        with self._telling(seconds):
            self._sock.settimeout(seconds)
            self._sock.sendall(frame)

    def reply(self, seconds: float, interrupted: Callable[[], bool] | None = None, read: Read = replies.read) -> Reply:
        """The answer to the oldest request that has none. WorkerGone if it is late or broken or the worker is dead.

        `read` makes it of its frame. `interrupted` is asked while this waits; when it says so, Interrupted is raised,
        and all that is left to do with the worker is to close it.
        """
        with self._telling(seconds):
            return read(self._await(time.monotonic() + seconds, interrupted))

    @contextmanager
    def _telling(self, seconds: float) -> Iterator[None]:
        """Whatever goes wrong on the wire becomes a WorkerGone that says what it means."""
        try:
            yield
        except (TimeoutError, protocol.Late):
            raise WorkerGone(f"stopped after {seconds:.0f} s: {LOOP}", late=True) from None
        except (protocol.Closed, ConnectionError):
            raise WorkerGone(self._how_it_ended()) from None
        except protocol.WireError:
            raise WorkerGone("the worker's answer broke the protocol; it was stopped") from None

    def waits(self) -> bool:
        """Is the worker there, with nothing said that nobody asked for?"""
        return not self._confined or not (self._reader.data or self._sock in self._readable(0))

    def _await_walls(self) -> None:
        """The worker says once that it is confined; before that it knows nothing of the student's."""
        if not self._confined:
            try:
                self._await(time.monotonic() + START_SECONDS)
            except protocol.WireError as error:
                raise ZygoteFailed(f"a worker could not be confined ({error})") from None
            self._confined = True

    def _await(self, deadline: float, interrupted: Callable[[], bool] | None = None) -> bytes:
        while not self._reader.complete():
            # Asked once more when the time is over: the reply may lie there since this process was busy itself.
            left = deadline - time.monotonic()
            ready = self._readable(left if interrupted is None else min(left, ASK_SECONDS))
            if interrupted is not None and interrupted():
                raise Interrupted
            if left <= 0 and self._sock not in ready:
                raise protocol.Late("no complete answer in time")
            if self._output in ready and not self._drain():
                self._selector.unregister(self._output)
            if self._sock in ready:
                self._reader.feed(self._sock)
        self._drain()
        return self._reader.frame()

    def _readable(self, seconds: float) -> set[Any]:
        return {key.fileobj for key, _ in self._selector.select(max(seconds, 0))}

    def _drain(self) -> bool:
        """Take what was printed; False at its end."""
        while True:
            try:
                piece = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self.printed += len(piece)
            self._kept += piece[: MAX_OUTPUT - len(self._kept)]
            if len(piece) < 1 << 16:
                return True

    def take_output(self) -> str:
        """What was printed since the last call, as text, capped."""
        self._drain()
        text = self._kept.decode("utf-8", "replace")
        if self.printed > len(self._kept):
            text += f"\n… ({self.printed - len(self._kept)} more bytes)"
        self._kept, self.printed = bytearray(), 0
        return text

    def _how_it_ended(self) -> str:
        ended = self.zygote.end(self.pid)
        if ended.cpu >= self.limits.cpu_seconds - 1:
            return f"stopped: its processor time was used up; {LOOP}"
        if ended.status >= 0 and os.WIFSIGNALED(ended.status):
            name = signal.Signals(os.WTERMSIG(ended.status)).name
            return f"your code ended its process ({name}); was the memory used up?"
        return "your code ended its process; leave out exit() and os._exit()"

    def close(self) -> None:
        """End the worker and everything that it started, and remove its folder."""
        self._selector.close()
        self._sock.close()
        try:
            self.zygote.end(self.pid)
        finally:
            os.close(self._output)
            if self.box:
                remove_tree(Path(self.box))
