"""The resident's ear: it makes the address known, lets nobody in but this user's commands, and takes the address back.

Peers are refused without an answer. A later resident of the same course takes the address over; then this one has none.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from typing import Any

from blindgrade.resident import messages
from blindgrade.resident.messages import ASK, GREET, PROTOCOL, REQUEST, Gone
from blindgrade.resident.peers import stranger
from blindgrade.resident.place import Card, Place
from blindgrade.resident.proof import holds, proof

GREETING = 5.0  # seconds in which a peer must say what it wants


class Listener:
    """Listens at the place while its context lasts."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._token = secrets.token_hex(32) if place.loopback else ""
        self.closed = False
        self._sock = self._bound()
        self._sock.listen(16)
        port = self._sock.getsockname()[1] if place.loopback else 0
        self.card = Card(os.getpid(), PROTOCOL, port, self._token)
        place.write_card(self.card)

    def _bound(self) -> socket.socket:
        if self.place.loopback or not hasattr(socket, "AF_UNIX"):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sock.bind(("127.0.0.1", 0))
            return sock
        # Bound under another name and then renamed: the address is never missing, and never one that nobody answers.
        piece = self.place.folder / f".{secrets.token_hex(4)}.sock"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            sock.bind(os.fspath(piece))
        finally:
            os.umask(mask)
        self._inode = piece.stat().st_ino
        piece.rename(self.place.socket)
        return sock

    def owns_address(self) -> bool:
        """Whether commands still find this resident: nobody removed the address, and no other resident took it."""
        try:
            if not self.place.loopback and self.place.socket.lstat().st_ino != self._inode:
                return False
        except OSError:
            return False
        return self.place.read_card() == self.card

    def close(self) -> None:
        """Stop listening, and remove the address if it is still this one's."""
        mine = self.owns_address()
        self.closed = True
        self._sock.close()
        for path in (self.place.socket, self.place.card) if mine else ():
            with suppress(OSError):
                path.unlink()

    def accept(self, seconds: float | None) -> tuple[socket.socket, dict[str, Any]] | None:
        """Connection of a command, and its request. None if nobody came, or if the peer got no answer."""
        try:
            self._sock.settimeout(seconds)
            sock, _ = self._sock.accept()
        except OSError:
            return None
        try:
            if stranger(sock):
                raise Gone("a peer that gets no answer")
            return sock, self._greet(sock)
        except (Gone, OSError, KeyError):
            sock.close()
            return None

    def _greet(self, sock: socket.socket) -> dict[str, Any]:
        kind, content = messages.receive(sock, GREETING)
        if kind != ASK:
            raise Gone("no question")
        theirs, ours = str(messages.data_of(content)["nonce"]), secrets.token_hex(16)
        greeting = {"proof": proof(self._token, "resident", theirs), "nonce": ours, "protocol": PROTOCOL}
        messages.send_data(sock, GREET, greeting)
        kind, content = messages.receive(sock, GREETING)
        request = messages.data_of(content)
        if kind != REQUEST or (self._token and not holds(self._token, "command", ours, request.get("proof"))):
            raise Gone("no request, or no proof")
        return request
