"""The grader's end of the connection to a worker: requests and replies, and the worker's prints."""

from __future__ import annotations

import os
import selectors
import socket
from enum import Enum
from typing import Protocol


class Part(Enum):
    """What can be read."""

    REPLY = "reply"
    PRINTS = "prints"


class Connection(Protocol):
    """Connection to one worker. `recv` gives bytes of its replies, as a socket's does."""

    def recv(self, size: int, /) -> bytes:
        """The bytes of replies that are there, at most `size`. None are there at the end."""
        ...

    def send(self, data: bytes, seconds: float) -> None:
        """Send all of the bytes. TimeoutError if the worker does not take them in time."""
        ...

    def ready(self, seconds: float) -> set[Part]:
        """What can be read, or has ended, after at most so many seconds."""
        ...

    def prints(self, size: int) -> bytes | None:
        """Prints that are there, at most `size` bytes. None if there are none now, no bytes at the end."""
        ...

    def no_more_prints(self) -> None:
        """Let `ready` no longer look at the prints: they have ended."""
        ...

    def answered(self) -> None:
        """A whole reply has been read."""
        ...

    def settled(self) -> bool:
        """Whether everything is here that was printed before the last reply."""
        ...

    def close(self) -> None:
        """Close the connection for replies. Prints that are there can still be read."""
        ...

    def close_prints(self) -> None:
        """Close the connection for prints."""
        ...


class SocketConnection:
    """Connection by a socket, and a pipe for the prints."""

    def __init__(self, sock: socket.socket, output: int) -> None:
        self._sock = sock
        self._output = output
        if hasattr(os, "set_blocking"):  # it is there wherever a worker has a socket
            os.set_blocking(output, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ, Part.REPLY)
        self._selector.register(output, selectors.EVENT_READ, Part.PRINTS)

    def recv(self, size: int, /) -> bytes:
        """See `Connection`."""
        return self._sock.recv(size)

    def send(self, data: bytes, seconds: float) -> None:
        """See `Connection`."""
        self._sock.settimeout(seconds)
        self._sock.sendall(data)

    def ready(self, seconds: float) -> set[Part]:
        """See `Connection`."""
        return {key.data for key, _ in self._selector.select(max(seconds, 0))}

    def prints(self, size: int) -> bytes | None:
        """See `Connection`."""
        try:
            return os.read(self._output, size)
        except BlockingIOError:
            return None

    def no_more_prints(self) -> None:
        """See `Connection`."""
        self._selector.unregister(self._output)

    def answered(self) -> None:
        """See `Connection`."""

    def settled(self) -> bool:
        """See `Connection`: a pipe holds what was written into it."""
        return True

    def close(self) -> None:
        """See `Connection`."""
        self._selector.close()
        self._sock.close()

    def close_prints(self) -> None:
        """See `Connection`."""
        os.close(self._output)
