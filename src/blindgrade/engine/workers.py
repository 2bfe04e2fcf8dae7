"""The grader's side of workers: start a zygote, ask it for workers, talk to them within time and size."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from blindgrade.catalog import Target
from blindgrade.engine import protocol
from blindgrade.engine.replies import well_formed
from blindgrade.engine.sandbox import Limits
from blindgrade.models import Kind

MAX_OUTPUT = 64 << 10  # bytes of a worker's prints that are kept
START_SECONDS = 120.0

Reply = dict[str, Any]


def needs_optimizer(targets: list[Target]) -> bool:
    """Does any of the exercises train, so that the warm process should import what optimizers need?"""
    return any(t.lesson.exercise(n).kind is Kind.TRAINING for t in targets for n in t.exercises)


class ZygoteFailed(Exception):
    """The warm process did not start or is gone: a fault of the machine or of ours, never the student's."""


class WorkerGone(Exception):
    """The worker ended, stalled or broke the protocol; `reason` is told to the student."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Zygote:
    """The warm process. It starts when told to, or with the first worker; leaving the context ends it."""

    def __init__(self, *, optimizer: bool = False) -> None:
        self.optimizer = optimizer
        self.sandbox = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False

    def start(self) -> None:
        """Start the process without waiting until it is warm."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        options = json.dumps({"optimizer": self.optimizer})
        # Threads must be one before torch is imported: a fork after an OpenMP pool has started hangs.
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
        keep = {k: v for k, v in os.environ.items() if k.startswith("OPENBLAS_") or k in ("PATH", "HOME", "LANG")}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-P", "-m", "blindgrade.engine.zygote", str(theirs.fileno()), options],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**keep, **threads},
            start_new_session=True,
        )
        theirs.close()
        self._control = ours

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
        box = tempfile.mkdtemp(prefix="blindgrade-")
        command = json.dumps({"op": "spawn", "box": box, "limits": asdict(limits)}).encode()
        try:
            socket.send_fds(control, [command], [theirs.fileno(), write_end])
            pid = self._answer()["pid"]
        except (OSError, protocol.WireError) as error:
            shutil.rmtree(box, ignore_errors=True)
            ours.close()
            os.close(read_end)
            raise ZygoteFailed(f"no worker could be started ({error})") from None
        finally:
            theirs.close()
            os.close(write_end)
        return Worker(self, pid, ours, read_end, box)

    def end(self, pid: int) -> int:
        """End a worker and everything that it started; its wait status, -1 if it had to be killed."""
        if self._control is None:
            return -1
        try:
            self._control.sendall(json.dumps({"op": "end", "pid": pid}).encode())
            return int(self._answer()["status"])
        except (OSError, protocol.WireError):
            self.restart()
            return -1

    def _warm(self) -> socket.socket:
        if self._control is None:
            self.start()
        if not self._ready:
            try:
                self.sandbox = self._answer()["sandbox"]
            except protocol.WireError:
                said = b""
                if self._process is not None and self._process.stderr is not None:
                    self._process.kill()
                    said = self._process.stderr.read()
                raise ZygoteFailed(f"the warm process did not start: {said.decode(errors='replace')[-800:]}") from None
            self._ready = True
        if self._control is None:
            raise ZygoteFailed("the warm process is gone")
        return self._control

    def _answer(self) -> Reply:
        if self._control is None:
            raise protocol.Closed("the warm process is gone")
        answer: Reply = protocol.receive(self._control, time.monotonic() + START_SECONDS)
        self._control.settimeout(None)
        return answer


class Worker:
    """One forked worker: requests go in, replies come out, prints are drained and capped."""

    def __init__(self, zygote: Zygote, pid: int, sock: socket.socket, output: int, box: str) -> None:
        self.zygote = zygote
        self.pid = pid
        self.box = box
        self._sock = sock
        self._output = output
        os.set_blocking(output, False)
        self._kept = bytearray()
        self.printed = 0

    def call(self, request: Reply, seconds: float, meanwhile: Callable[[], object] | None = None) -> Reply:
        """Send a request and wait for its reply. WorkerGone if the worker is late, dead or breaks the protocol.

        `meanwhile` is run in this process while the worker works on its core.
        """
        deadline = time.monotonic() + seconds
        try:
            self._sock.settimeout(seconds)
            self._sock.sendall(protocol.encode(request))
            if meanwhile is not None:
                meanwhile()
            return well_formed(self._await(deadline))
        except (TimeoutError, protocol.Late):
            raise WorkerGone(_late(seconds)) from None
        except (protocol.Closed, ConnectionError):
            raise WorkerGone(self._how_it_ended()) from None
        except protocol.WireError:
            raise WorkerGone("the worker's answer broke the protocol; it was stopped") from None

    def _await(self, deadline: float) -> Any:
        reader = protocol.FrameReader()
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while True:
                # Asked once more when the time is over: the reply may lie there since this process was busy itself.
                left = deadline - time.monotonic()
                ready = {key.fileobj for key, _ in selector.select(max(left, 0))}
                if left <= 0 and self._sock not in ready:
                    raise protocol.Late("no complete answer in time")
                if self._output in ready and not self._drain():
                    selector.unregister(self._output)
                if self._sock in ready and reader.feed(self._sock):
                    self._drain()
                    return reader.value()

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
        status = self.zygote.end(self.pid)
        if status >= 0 and os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU:
                return "stopped: its processor time was used up; is there a loop that never ends?"
            return f"your code ended its process ({signal.Signals(number).name}); was the memory used up?"
        return "your code ended its process; leave out exit() and os._exit()"

    def close(self) -> None:
        """End the worker and everything that it started, and remove its folder."""
        self._sock.close()
        self.zygote.end(self.pid)
        os.close(self._output)
        shutil.rmtree(self.box, ignore_errors=True)


def _late(seconds: float) -> str:
    return f"stopped after {seconds:.0f} s: is there a loop that never ends?"
