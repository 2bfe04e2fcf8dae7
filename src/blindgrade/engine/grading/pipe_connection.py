"""Connection to a worker by the three pipes of its process, which every system has.

Windows cannot wait for several pipes at once. So a thread reads each pipe into a store of limited size, and another one
writes.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import IO

from blindgrade.engine.grading.connection import Part
from blindgrade.engine.wire.marks import REPLIED

CHUNK = 1 << 16
PATIENCE = 0.5  # seconds that a mark is awaited
MOST = 4 << 20  # bytes that a store holds; the worker waits while it is full


class _Store:
    """Bytes that a thread has read from a pipe, and nobody has taken yet. `mark` is counted and taken out."""

    def __init__(self, pipe: IO[bytes], changed: threading.Condition, mark: bytes = b"") -> None:
        self.pipe = pipe
        self.mark = mark
        self.changed = changed
        self.data = bytearray()
        self.marks = 0
        self.ended = False
        self.unwanted = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        piece = b"-"
        while piece:
            try:
                piece = self.pipe.read1(CHUNK)  # type: ignore[attr-defined]  # a buffered reader has it
            except (OSError, ValueError):  # Windows gives an error for a pipe whose other end is closed
                piece = b""
            with self.changed:
                self.changed.wait_for(lambda: len(self.data) < MOST or self.unwanted)
                if self.unwanted:
                    piece = b""
                self._add(piece)
                self.ended = not piece
                self.changed.notify_all()

    def _add(self, piece: bytes) -> None:
        first = max(len(self.data) - len(self.mark), 0)
        self.data += piece
        while self.mark and (place := self.data.find(self.mark, first)) >= 0:
            del self.data[place : place + len(self.mark)]
            self.marks += 1

    @property
    def there(self) -> int:
        """Number of bytes that can be taken. The first part of a mark waits for the rest."""
        ends = (length for length in range(len(self.mark) - 1, 0, -1) if self.data.endswith(self.mark[:length]))
        return len(self.data) - (0 if self.ended else next(ends, 0))

    @property
    def ready(self) -> bool:
        return self.there > 0 or self.ended

    def take(self, size: int) -> bytes:
        piece = bytes(self.data[: min(size, self.there)])
        del self.data[: len(piece)]
        self.changed.notify_all()
        return piece


class PipeConnection:
    """Connection by pipes: requests go to the worker's standard input, replies come from its standard output.

    Its standard error has the prints.
    """

    def __init__(self, requests: IO[bytes], replies: IO[bytes], prints: IO[bytes]) -> None:
        self._changed = threading.Condition()
        self._requests = requests
        self._replies = _Store(replies, self._changed)
        self._prints = _Store(prints, self._changed, REPLIED)
        self._prints_wanted = True
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._waiting = 0  # pieces that are not written yet
        self._broken = False
        self._replied = 0
        self._patience = PATIENCE
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def _write(self) -> None:
        while (piece := self._outbox.get()) is not None:
            try:
                self._requests.write(piece)
                self._requests.flush()
            except (OSError, ValueError):  # the worker has ended
                self._broken = True
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def recv(self, size: int, /) -> bytes:
        """See `Connection`."""
        with self._changed:
            self._changed.wait_for(lambda: self._replies.ready)
            return self._replies.take(size)

    def sendall(self, data: bytes, /) -> None:
        """Send without waiting until the worker takes it."""
        with self._changed:
            self._waiting += 1
        self._outbox.put(data)

    def send(self, data: bytes, seconds: float) -> None:
        """See `Connection`."""
        self.sendall(data)
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting == 0, seconds):
                raise TimeoutError
        if self._broken:
            raise ConnectionError("the worker has ended")

    def ready(self, seconds: float) -> set[Part]:
        """See `Connection`."""
        with self._changed:
            until = time.monotonic() + seconds
            while not (found := self._ready()) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return found

    def _ready(self) -> set[Part]:
        found = {Part.REPLY} if self._replies.ready else set()
        return found | ({Part.PRINTS} if self._prints_wanted and self._prints.ready else set())

    def prints(self, size: int) -> bytes | None:
        """See `Connection`."""
        with self._changed:
            return self._prints.take(size) if self._prints.ready else None

    def no_more_prints(self) -> None:
        """See `Connection`."""
        self._prints_wanted = False

    def answered(self) -> None:
        """See `Connection`."""
        self._replied += 1
        self._asked = time.monotonic()

    def settled(self) -> bool:
        """See `Connection`: a worker marks its prints before it replies."""
        if self._prints.marks >= self._replied or self._prints.ended:
            return True
        if time.monotonic() - self._asked < self._patience:
            return False
        self._patience = 0.0  # code that closed or replaced the stream has marked nothing, and will mark nothing
        return True

    def close(self) -> None:
        """See `Connection`."""
        self._outbox.put(None)
        if self._waiting == 0:  # else the thread that writes has the pipe, until the process ends
            with suppress(OSError):
                self._requests.close()

    def close_prints(self) -> None:
        """Close all pipes, after the process has ended."""
        with self._changed:
            self._replies.unwanted = self._prints.unwanted = True
            self._changed.notify_all()
        self._writer.join(1)
        for store in (self._replies, self._prints):
            store.thread.join(1)
            if not store.thread.is_alive():  # a program of the student's may have the other end still
                store.pipe.close()
        if not self._writer.is_alive():
            with suppress(OSError):
                self._requests.close()
