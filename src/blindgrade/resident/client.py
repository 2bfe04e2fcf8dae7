"""The command's side: ask the course's resident, start one if there is none, and replace one that does not answer.

Nothing here fails. If no resident can answer, the command does its work itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindgrade.resident import messages
from blindgrade.resident.messages import ANSWER, ASK, DECLINE, END, ERR, GREET, OUT, PROTOCOL, REQUEST, Gone
from blindgrade.resident.peers import in_worker, pid_of
from blindgrade.resident.place import Card, Place
from blindgrade.resident.proof import holds, proof

MODULE = "blindgrade.cli.grade.resident"  # what the process runs
GREETING = 10.0  # seconds until a resident that says nothing counts as hung; on a busy machine it takes a while
SILENCE = 15.0  # seconds without a sign of life while it works: it sends one each second
STARTING = 60.0  # seconds until a new resident must listen
POLL = 0.004

Write = Callable[[bytes], None]


@dataclass
class Answer:
    """Answer to a request. `code` is the command's exit code; None: no resident did the work, for the reason `why`.

    `lines` is the number of lines that were printed on standard output. A resident that ends in the middle of its work
    has printed some: the command that does the work itself leaves these out.
    """

    code: int | None = None
    why: str = ""
    lines: int = 0


class Resident:
    """The resident of one course, for one command."""

    def __init__(self, place: Place, root: Path) -> None:
        self._place = place
        self._root = root
        self._started: Any = None
        self._before: Card | None = None

    def find(self) -> socket.socket | None:
        """Connection to the resident that runs. None if there is none, or if it is hung: then it is ended."""
        card = self._place.read_card()
        if card is None or (sock := self._connected(card)) is None:
            return None
        try:
            if _is_stopped(pid_of(sock)):
                raise Gone("it was stopped")
            return self._greeted(sock, card)
        except (Gone, OSError, KeyError):
            self._end_hung(sock)
            sock.close()
            return None

    def start(self) -> bool:
        """Start a resident without waiting for it. False if this process must not, or cannot."""
        if in_worker():
            return False
        import subprocess

        self._before = self._place.read_card()
        command = [sys.executable, "-P", "-m", MODULE, str(self._root)]
        options: dict[str, Any] = {"start_new_session": True}
        if not hasattr(os, "setsid"):
            flags = ("DETACHED_PROCESS", "CREATE_NEW_PROCESS_GROUP")
            options = {"creationflags": sum(getattr(subprocess, flag, 0) for flag in flags)}
        try:
            with open(self._place.log, "wb", opener=_private) as log:
                self._started = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._place.folder, **options
                )
        except OSError:
            return False
        return True

    def wait(self) -> socket.socket | None:
        """Connection to the resident that was started. None if it does not come."""
        until = time.monotonic() + STARTING
        while time.monotonic() < until and self._started.poll() is None:
            # Its process is not always the one that was started: Python in an environment can be a launcher.
            card = self._place.read_card()
            if card is not None and card != self._before and (sock := self._connected(card)) is not None:
                try:
                    return self._greeted(sock, card)
                except (Gone, OSError, KeyError):
                    sock.close()
                    return None
            time.sleep(POLL)
        return None

    def leave(self) -> None:
        """Do not wait for the process that was started: it outlives this command."""
        if self._started is not None and self._started.returncode is None:
            self._started.returncode = 0  # else Python warns about a child that still runs

    def _connected(self, card: Card) -> socket.socket | None:
        if card.protocol != PROTOCOL:
            return None
        try:
            if self._place.loopback or not hasattr(socket, "AF_UNIX"):
                return socket.create_connection(("127.0.0.1", card.port), 1.0)
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(GREETING)
            sock.connect(os.fspath(self._place.socket))
        except OSError:
            return None
        return sock

    def _greeted(self, sock: socket.socket, card: Card) -> socket.socket:
        """The connection, when both sides have shown who they are. Gone if the other side is not this resident."""
        ours = os.urandom(16).hex()
        messages.send_data(sock, ASK, {"nonce": ours})
        kind, content = messages.receive(sock, GREETING)
        greeting = messages.data_of(content)
        if kind != GREET or (card.token and not holds(card.token, "resident", ours, greeting.get("proof"))):
            raise Gone("no greeting")
        self._proof = proof(card.token, "command", greeting["nonce"])
        return sock

    def _end_hung(self, sock: socket.socket) -> None:
        """End a resident that does not greet, and remove its address, so that the next one takes its place."""
        with suppress(OSError):
            pid = pid_of(sock)
            if pid is not None and pid != os.getpid() and _runs_resident(pid):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._place.forget()

    # ------------------------------------------------------------ requests

    def ask(self, sock: socket.socket, op: str) -> dict[str, Any]:
        """Answer to a short question: "status", or "end". Gone if none comes."""
        with sock:
            messages.send_data(sock, REQUEST, {"op": op, "proof": self._proof})
            kind, content = messages.receive(sock, GREETING)
            if kind != ANSWER:
                raise Gone("no answer")
            return messages.data_of(content)

    def work(self, sock: socket.socket, request: dict[str, Any], out: Write, err: Write) -> Answer:
        """Let the resident do the command's work. What it prints is written to `out` and `err`."""
        answer = Answer()
        with sock:
            try:
                messages.send_data(sock, REQUEST, {**request, "op": "grade", "proof": self._proof})
                while answer.code is None:
                    kind, content = messages.receive(sock, SILENCE)
                    if kind == OUT:
                        out(content)
                        answer.lines += content.count(b"\n")
                    elif kind == ERR:
                        err(content)
                    elif kind == END:
                        answer.code = int(messages.data_of(content)["code"])
                    elif kind == DECLINE:
                        answer.why = str(messages.data_of(content).get("why"))
                        return answer
            except (Gone, KeyError, TypeError) as error:
                answer.why = f"it is gone ({error})"
                self._end_hung(sock)
        return answer


def runs_now(place: Place, root: Path) -> tuple[Resident, socket.socket] | None:
    """The resident that runs, with a connection; None if there is none."""
    resident = Resident(place, root)
    sock = resident.find()
    return (resident, sock) if sock is not None else None


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _is_stopped(pid: int | None) -> bool:
    """Whether a signal stopped the process. It would never answer."""
    try:
        row = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return row.rpartition(")")[2].split()[:1] == ["T"]


def _runs_resident(pid: int) -> bool:
    try:
        command: Sequence[str] = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return False
    return MODULE in command
