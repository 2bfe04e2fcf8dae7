"""`course serve` holds the service together: it opens the port, starts web and grader, and starts them again.

The port stays open while the web starts again, so that requests wait and are not refused. If this process is killed,
the others end with it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from blindgrade.service.course_files import CourseFiles
from blindgrade.service.places import Settings

READY_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.1
COURSE_SECONDS = 2.0
LONGEST_PAUSE = 10.0
LASTED = 30.0  # a process that ran this long starts again at once
CANNOT = 2  # exit code of a process that would fail the same way again
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}


class ServeError(Exception):
    """The service cannot start, or cannot go on. The message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Open port. ServeError if it is taken."""
    try:
        kind = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        opened = socket.socket(kind[0], kind[1])
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(kind[4])
        opened.listen(1024)
    except OSError as error:
        raise ServeError(f"{host}:{port} cannot be opened ({error.strerror}); name another --port") from None
    return opened


@dataclass
class Child:
    """One process of the service. `again` is when it starts again, after it ended by itself."""

    name: str
    command: list[str]
    inherits: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    again: float = 0.0
    failures: int = 0
    renewed: bool = False

    def start(self) -> None:
        """Start the process."""
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            self.command, pass_fds=self.inherits, env={**os.environ, **ONE_THREAD}, start_new_session=True
        )

    def renew(self) -> None:
        """End the process in its own way, and start it again."""
        self.renewed = True
        if self.process is not None:
            self.process.terminate()

    def look(self, say: Callable[[str], None]) -> None:
        """Start the process again if it has ended. ServeError if it cannot work at all."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.again:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if code == CANNOT:
            raise ServeError(f"the {self.name} cannot work; the reason is above")
        self.process = None
        if self.renewed:
            self.renewed = False
            self.start()
            return
        self.failures = 0 if now - self.begun > LASTED else self.failures + 1
        self.again = now + min(0.2 * 2 ** max(self.failures - 2, 0), LONGEST_PAUSE) * (self.failures > 1)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        say(f"the {self.name} {how}; it starts again, and nothing that was accepted is lost")


@dataclass
class Serving:
    """The processes of a service."""

    settings: Settings
    opened: socket.socket
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    _stop: bool = False

    def __post_init__(self) -> None:
        web, grader = self.settings.wake
        text, fd = self.settings.to_json(), self.opened.fileno()
        python = [sys.executable, "-P", "-m"]
        self.children = [
            Child("web", [*python, "blindgrade.service.web", text, str(fd)], (fd, web)),
            Child("grader", [*python, "blindgrade.service.grader", text], (grader,)),
        ]

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM. `ready` is called when the web answers. ServeError if it cannot go on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            for child in self.children:
                child.start()
            if self._answers():
                ready()
            files, looked = CourseFiles(self.settings.course, self.say), time.monotonic()
            while not self._stop:
                for child in self.children:
                    child.look(self.say)
                if time.monotonic() - looked > COURSE_SECONDS:
                    looked = time.monotonic()
                    if files.changed():
                        for child in self.children:
                            child.renew()
                time.sleep(LOOK_SECONDS)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop both processes: the web ends its answers, and the grader gives its gradings back."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            with suppress(ProcessLookupError):
                process.terminate()
        ends = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(ends - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.opened.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def _answers(self) -> bool:
        """Wait until the web answers. False if somebody stopped it before. ServeError if it does not."""
        host, port = self.opened.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        shown = f"[{host}]" if ":" in host else host
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        ends = time.monotonic() + READY_SECONDS
        while not self._stop and time.monotonic() < ends:
            with suppress(OSError, urllib.error.URLError):
                with opener.open(f"http://{shown}:{port}/api/v1/health", timeout=READY_SECONDS):
                    return True
            if self.children[0].process is not None and self.children[0].process.poll() is not None:
                raise ServeError("the web process ended before it was ready; the reason is above")
            time.sleep(LOOK_SECONDS)
        if self._stop:
            return False
        raise ServeError(f"the web process was not ready after {READY_SECONDS:.0f} s; read its messages above")
