"""One command's connection, as the resident sees it: what it prints goes there, and a sign of life each second."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from blindgrade.resident import messages
from blindgrade.resident.messages import BEAT, DECLINE, END

BEAT_SECONDS = 1.0


class Connection:
    """Sends messages to a command while its context lasts."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()  # a sign of life must not fall into another message
        self._over = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._gone = False

    def __enter__(self) -> Self:
        self._sock.settimeout(None)
        self._beating.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._sock.close()

    def send(self, kind: bytes, content: bytes) -> None:
        """Send a message. Gone if the command ended."""
        try:
            with self._lock:
                messages.send(self._sock, kind, content)
        except messages.Gone:
            self._gone = True
            raise

    def end(self, code: int) -> None:
        """Give the command its exit code."""
        with self._lock:
            messages.send_data(self._sock, END, {"code": code})

    def decline(self, why: str) -> None:
        """Let the command do its work without the resident."""
        with self._lock:
            messages.send_data(self._sock, DECLINE, {"why": why})

    def gone(self) -> bool:
        """Whether the command has ended. It sends nothing after its request, so the only news is the end."""
        if not self._gone:
            try:
                with self._lock:
                    self._sock.settimeout(0)
                    self._gone = not self._sock.recv(1)
            except BlockingIOError:
                pass
            except OSError:
                self._gone = True
            finally:
                with suppress(OSError):
                    self._sock.settimeout(None)
        return self._gone

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self.send(BEAT, b"")
            except (messages.Gone, ValueError):
                return
