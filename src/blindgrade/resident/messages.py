"""Messages between a command and its resident: a letter, a length, and so many bytes."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

PROTOCOL = 1
HEAD = struct.Struct("!cI")
LONGEST = 64 << 20  # bytes of one message

ASK, GREET, REQUEST, OUT, ERR, BEAT, END, DECLINE, ANSWER = (b"A", b"H", b"R", b"O", b"E", b"B", b"X", b"D", b"S")


class Gone(Exception):
    """The other side is gone, or it said something that is no message."""


def send(sock: socket.socket, kind: bytes, content: bytes = b"") -> None:
    """Send a message. Gone if nobody takes it."""
    try:
        sock.sendall(HEAD.pack(kind, len(content)) + content)
    except OSError as error:
        raise Gone(str(error)) from None


def send_data(sock: socket.socket, kind: bytes, data: object) -> None:
    """Send data as a message. Text may have what is no character: names of files, and variables, are bytes."""
    send(sock, kind, json.dumps(data).encode("ascii"))


def receive(sock: socket.socket, seconds: float | None = None) -> tuple[bytes, bytes]:
    """The next message. Gone if there is none, or if nothing comes for so many seconds."""
    sock.settimeout(seconds)
    kind, length = HEAD.unpack(_exactly(sock, HEAD.size))
    if length > LONGEST:
        raise Gone("a message over the size limit")
    return kind, _exactly(sock, length)


def data_of(content: bytes) -> dict[str, Any]:
    """Data in a message. Gone if it has none."""
    try:
        found = json.loads(content)
    except ValueError:
        raise Gone("a message without data") from None
    if not isinstance(found, dict):
        raise Gone("a message without data")
    return found


def _exactly(sock: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        try:
            piece = sock.recv(min(length - len(found), 1 << 20))
        except OSError as error:
            raise Gone(str(error) or "nothing came in time") from None
        if not piece:
            raise Gone("the connection ended")
        found += piece
    return bytes(found)
