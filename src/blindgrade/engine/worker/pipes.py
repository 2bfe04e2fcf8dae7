"""The worker's end of its pipes, used like a socket. A thread reads requests while the student's code runs."""

from __future__ import annotations

import faulthandler
import os
import threading
from contextlib import suppress

from blindgrade.engine.wire.channel import READ, FrameReader
from blindgrade.engine.wire.frames import WireError
from blindgrade.engine.wire.marks import REPLIED, WHERE

PRINTS = 2  # number of the file that takes all prints


class _File:
    """A file by its number, to read from."""

    def __init__(self, number: int) -> None:
        self.number = number

    def recv(self, size: int, /) -> bytes:
        return os.read(self.number, size)


class Pipes:
    """Requests and replies. The process ends as soon as the grader closes the requests, whatever it is doing."""

    def __init__(self, requests: int, replies: int) -> None:
        self._requests = _File(requests)
        self._replies = replies
        self._waiting = bytearray()
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        reader = FrameReader(beyond=READ)
        with suppress(WireError, OSError):
            while True:
                while not reader.complete():
                    reader.feed(self._requests)
                frame = reader.frame()
                if frame == WHERE:
                    faulthandler.dump_traceback(file=PRINTS, all_threads=True)  # the main thread comes last
                    continue
                with self._changed:
                    self._waiting += frame
                    self._changed.notify()
        os._exit(0)

    def recv(self, size: int, /) -> bytes:
        """Bytes of requests, at most `size`. Waits until there are some."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting))
            piece = bytes(self._waiting[:size])
            del self._waiting[:size]
            return piece

    def sendall(self, data: bytes, /) -> None:
        """Send all of the bytes. The prints before them are marked first, because they take another way."""
        with suppress(OSError):  # the student's code may have closed it
            os.write(PRINTS, REPLIED)
        view = memoryview(data)
        while view:
            view = view[os.write(self._replies, view) :]

    def gettimeout(self) -> None:
        """None: `recv` waits for ever."""
        return

    def settimeout(self, seconds: float | None, /) -> None:
        """There is no other wait."""
        assert seconds is None
