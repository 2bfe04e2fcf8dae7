"""Frames over a socket or a pair of pipes, read piece by piece until a deadline, within the size limits."""

from __future__ import annotations

import time
from typing import Any, Protocol

from blindgrade.engine.wire.frames import MAGIC, MAX_BODY, MAX_HEADER, PREFIX, WireError, encode, unpack

CHUNK = 1 << 20
READ = 64 << 10  # bytes that one read may take, so that a small frame needs only one read


class Source(Protocol):
    """Where bytes come from: a socket, or an object that is used like one."""

    def recv(self, size: int, /) -> bytes:
        """The bytes that are there, at most `size`; none at the end."""
        ...


class Stream(Source, Protocol):
    """Bytes in both directions."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of the bytes."""
        ...

    def gettimeout(self) -> float | None:
        """Seconds that `recv` waits; None if it waits for ever."""
        ...

    def settimeout(self, seconds: float | None, /) -> None:
        """Let `recv` wait so long. TimeoutError if nothing came."""
        ...


class Closed(WireError):
    """The other side is gone."""


class Late(WireError):
    """The deadline passed before the frame was complete."""


class FrameReader:
    """Collects frames from a stream, piece by piece, and never stores more than the limits allow.

    With `beyond`, one read may take up to that many bytes, also of the frames that follow. The reader keeps those for
    later.
    """

    def __init__(self, max_body: int = MAX_BODY, *, beyond: int = 0) -> None:
        self.max_body = max_body
        self.beyond = beyond
        self.data = bytearray()
        self.lengths: tuple[int, int] | None = None

    def feed(self, source: Source) -> bool:
        """Read the bytes that are there, at most one chunk. True if a frame is complete; Closed at the end."""
        piece = source.recv(min(CHUNK, max(self.missing(), self.beyond)))
        if not piece:
            raise Closed("the other side closed the connection")
        self.data += piece
        return self.complete()

    def complete(self) -> bool:
        """Whether a whole frame was read. WireError for a wrong start or a frame over the size limit."""
        if self.lengths is None and len(self.data) >= PREFIX.size:
            magic, header, body = PREFIX.unpack_from(self.data)
            if magic != MAGIC or header > MAX_HEADER or body > self.max_body:
                raise WireError("a frame with a wrong start or over the size limit")
            self.lengths = (header, body)
        return self.lengths is not None and self.missing() <= 0

    def missing(self) -> int:
        """Number of bytes of the frame that are still missing, as far as its lengths are known."""
        return PREFIX.size + sum(self.lengths or ()) - len(self.data)

    def frame(self) -> bytes:
        """Remove the complete frame from the buffer and return its bytes."""
        if self.lengths is None or self.missing() > 0:
            raise WireError("the frame is not complete")
        end = PREFIX.size + sum(self.lengths)
        frame = bytes(self.data[:end])
        del self.data[:end]
        self.lengths = None
        return frame

    def value(self) -> Any:
        """Remove the complete frame from the buffer and decode it."""
        return unpack(self.frame())


def send(stream: Stream, value: Any) -> None:
    """Send the value as one frame."""
    stream.sendall(encode(value))


def receive(stream: Stream, deadline: float | None = None, reader: FrameReader | None = None) -> Any:
    """Wait for one frame, until `deadline` on time.monotonic(). Raises Closed, Late or WireError.

    A side that only reads gives its own `reader`, which keeps extra bytes from one call to the next.
    """
    reader = FrameReader() if reader is None else reader
    complete = reader.complete()
    while not complete:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late("no complete answer in time")
        if left is not None or stream.gettimeout() is not None:
            stream.settimeout(left)
        try:
            complete = reader.feed(stream)
        except TimeoutError:
            raise Late("no complete answer in time") from None
        except ConnectionError as error:
            raise Closed(str(error)) from None
    return reader.value()
