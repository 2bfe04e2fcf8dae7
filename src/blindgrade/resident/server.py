"""The resident's loop: one request after the other, until it is idle for too long, too large, or out of date.

A thread listens, so that the resident answers while it works. A second command that comes meanwhile is sent away and
grades without it.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Protocol

from blindgrade.resident import messages
from blindgrade.resident.connection import Connection
from blindgrade.resident.listener import Listener
from blindgrade.resident.memory import used_mb
from blindgrade.resident.messages import ANSWER, DECLINE

IDLE_SECONDS = 15 * 60.0
MOST_MB = 600
LOOK_SECONDS = 5.0  # between two looks at the address, the files and the memory
BUSY = "it grades for another terminal"


class Service(Protocol):
    """What a resident does for commands."""

    def serve(self, request: dict[str, Any], connection: Connection) -> None:
        """Answer a request. Every exception ends the resident, and the command then grades without it."""
        ...

    def rest(self) -> None:
        """Prepare for the next request, after an answer was given."""
        ...

    def outdated(self) -> str:
        """Reason why this process must not answer any more: its own files, or the course's, changed. Else empty."""
        ...

    def shed(self) -> None:
        """Give back memory that the next request does not need."""
        ...

    def described(self) -> dict[str, Any]:
        """What `grade --status` shows about the service."""
        ...


class Server:
    """Serves until it has to end. `run` returns the reason."""

    def __init__(
        self,
        listener: Listener,
        service: Service,
        *,
        idle: float = IDLE_SECONDS,
        most_mb: int = MOST_MB,
        used: Callable[[], int] = used_mb,
    ) -> None:
        self._listener = listener
        self._service = service
        self._idle, self._most_mb, self._used = idle, most_mb, used
        self._work: queue.SimpleQueue[tuple[socket.socket, dict[str, Any]] | str] = queue.SimpleQueue()
        self._busy = threading.Lock()
        self._begun = self._last = time.monotonic()
        self._served = 0

    def run(self) -> str:
        """Serve until it has to end."""
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                signal.signal(getattr(signal, name), self._signalled)
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            while not (why := self._step()):
                pass
        except _Signalled as signalled:
            why = str(signalled)
        self._listener.close()
        self._send_away(why)
        return why

    def _send_away(self, why: str) -> None:
        """Send away a command that waits."""
        with suppress(queue.Empty):
            while True:
                found = self._work.get_nowait()
                if not isinstance(found, str):
                    _decline(found[0], why)

    def _signalled(self, number: int, _: FrameType | None) -> None:
        raise _Signalled(f"it got the signal {signal.Signals(number).name}")

    def _step(self) -> str:
        """Serve one request, or look around. Reason to end, or empty."""
        try:
            found = self._work.get(timeout=min(LOOK_SECONDS, max(self._left(), 0.01)))
        except queue.Empty:
            return self._reason()
        if isinstance(found, str):
            return found
        try:
            why = self._answer(*found)
        finally:
            self._last = time.monotonic()
            self._busy.release()  # the next command may come: it waits while this process prepares for it
        if not why:
            self._service.rest()
        return why or self._too_large()

    def _answer(self, sock: socket.socket, request: dict[str, Any]) -> str:
        """Serve one request. Reason to end, or empty."""
        if why := self._service.outdated():
            _decline(sock, why)
            return why
        with Connection(sock) as connection:
            try:
                self._service.serve(request, connection)
            except messages.Gone:
                pass  # the command ended first
            self._served += 1
        return ""

    def _left(self) -> float:
        return self._idle - (time.monotonic() - self._last)

    def _reason(self) -> str:
        if self._left() <= 0:
            return f"nobody asked for {self._idle:.0f} s"
        if not self._listener.owns_address():
            return "its address is gone, as after a logout, or another one took its place"
        return self._service.outdated()

    def _too_large(self) -> str:
        used = self._used()
        if used > self._most_mb:
            self._service.shed()
            used = self._used()
        return f"it used {used} MB, more than {self._most_mb} MB" if used > self._most_mb else ""

    def _listen(self) -> None:
        while not self._listener.closed:
            found = self._listener.accept(None)
            if found is None:
                time.sleep(0.01)  # after an error, for example without a free file number, the next try may fail, too
                continue
            with suppress(Exception):  # a peer that went away must not end the thread
                self._take(*found)

    def _take(self, sock: socket.socket, request: dict[str, Any]) -> None:
        match request.get("op"):
            case "status":
                messages.send_data(sock, ANSWER, self._status())
                sock.close()
            case "end":
                messages.send_data(sock, ANSWER, {"pid": os.getpid()})
                sock.close()
                self._work.put("a command ended it")
            case _ if self._busy.acquire(blocking=False):
                self._work.put((sock, request))
            case _:
                _decline(sock, BUSY)

    def _status(self) -> dict[str, Any]:
        now = time.monotonic()
        return {
            "pid": os.getpid(), "seconds": now - self._begun, "served": self._served, "memory_mb": self._used(),
            "busy": self._busy.locked(), "ends_in": max(self._left(), 0.0), **self._service.described(),
        }  # fmt: skip


class _Signalled(BaseException):
    """A signal asks this process to end."""


def _decline(sock: socket.socket, why: str) -> None:
    with suppress(messages.Gone):
        messages.send_data(sock, DECLINE, {"why": why})
    sock.close()
