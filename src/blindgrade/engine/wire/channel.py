"""Frames over a socket: collected piece by piece, until a deadline, never more than the caps allow."""

from __future__ import annotations

import socket
import time
from typing import Any

from blindgrade.engine.wire.frames import MAGIC, MAX_BODY, MAX_HEADER, PREFIX, WireError, encode, unpack

CHUNK = 1 << 20
READ = 64 << 10  # bytes that one read may take at least, so that a small frame needs no second one


class Closed(WireError):
    """The other side is gone."""


class Late(WireError):
    """The deadline passed before the frame was complete."""


class FrameReader:
    """Collects frames from a socket, piece by piece, never holding more than the caps allow.

    With `beyond`, a read may take up to so many bytes of the frames that follow, which are kept for later.
    """

    def __init__(self, max_body: int = MAX_BODY, *, beyond: int = 0) -> None:
        self.max_body = max_body
        self.beyond = beyond
        self.data = bytearray()
        self.lengths: tuple[int, int] | None = None

    def feed(self, sock: socket.socket) -> bool:
        """Read what is there, at most one chunk; True when a frame is complete."""
        piece = sock.recv(min(CHUNK, max(self.missing(), self.beyond)))
        if not piece:
            raise Closed("the other side closed the connection")
        self.data += piece
        return self.complete()

    def complete(self) -> bool:
        """Is a whole frame here?"""
        if self.lengths is None and len(self.data) >= PREFIX.size:
            magic, header, body = PREFIX.unpack_from(self.data)
            if magic != MAGIC or header > MAX_HEADER or body > self.max_body:
                raise WireError("a frame with a wrong start or over the size limit")
            self.lengths = (header, body)
        return self.lengths is not None and self.missing() <= 0

    def missing(self) -> int:
        """Bytes of the frame that are still to come, as far as is known."""
        return PREFIX.size + sum(self.lengths or ()) - len(self.data)

    def frame(self) -> bytes:
        """Take the complete frame, as it came."""
        if self.lengths is None or self.missing() > 0:
            raise WireError("the frame is not complete")
        end = PREFIX.size + sum(self.lengths)
        frame = bytes(self.data[:end])
        del self.data[:end]
        self.lengths = None
        return frame

    def value(self) -> Any:
        """Take the complete frame and decode it."""
        return unpack(self.frame())


def send(sock: socket.socket, value: Any) -> None:
    """Send the value as one frame."""
    sock.sendall(encode(value))


def receive(sock: socket.socket, deadline: float | None = None, reader: FrameReader | None = None) -> Any:
    """Wait for one frame, until `deadline` on time.monotonic(); raises Closed, Late or WireError.

    `reader` is one that goes on with every call, for a side that only reads.
    """
    reader = FrameReader() if reader is None else reader
    complete = reader.complete()
    while not complete:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late("no complete answer in time")
        if left is not None or sock.gettimeout() is not None:
            sock.settimeout(left)
        try:
            complete = reader.feed(sock)
        except TimeoutError:
            raise Late("no complete answer in time") from None
        except ConnectionError as error:
            raise Closed(str(error)) from None
    return reader.value()
