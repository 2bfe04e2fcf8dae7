"""The grader's side of one worker: it sends requests, receives replies, and reads and caps prints."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from blindgrade.engine.grading.budget import Allowance
from blindgrade.engine.grading.connection import Connection, Part
from blindgrade.engine.sandbox.layout import BOX
from blindgrade.engine.sandbox.limits import Limits, remove_tree
from blindgrade.engine.wire import channel, frames, replies
from blindgrade.engine.wire.replies import Answer

MAX_OUTPUT = 64 << 10  # bytes of a worker's prints that are kept
START_SECONDS = 120.0
ASK_SECONDS = 0.05  # seconds between two questions whether an answer is still wanted
T = TypeVar("T")
LOOP = "is there a loop that never ends?"
HEADER = b"most recent call first"  # a stack begins with it
STACK_SECONDS, QUIET_SECONDS = 2.0, 0.05  # longest time that a stack is awaited, and that its next line is awaited


class ZygoteFailed(Exception):
    """The warm process did not start or is gone. That is never the student's fault."""


class SandboxMissing(ZygoteFailed):
    """The user requires isolation, and this machine has none. The text names each missing layer and its remedy."""


class NoWall(SandboxMissing):
    """No wall exists for this kind of system. The text says where the command works."""


class WorkerGone(Exception):
    """The worker ended, was late or broke the protocol. Students read `reason`. `late`: which budget was used up."""

    def __init__(self, reason: str, *, late: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.late = late


class Handle(Protocol):
    """The warm process's hold on a worker."""

    def end(self, *, dying: bool = False) -> Ended:
        """End the worker and everything that it started."""
        ...

    def clock(self) -> float | None:
        """Processor seconds of the worker so far."""
        ...

    def stop(self) -> None:
        """Let the worker write where it is."""
        ...


class Interrupted(Exception):
    """Nobody waits for this answer any more. It is raised between exercises or while one runs."""


@dataclass(frozen=True)
class Ended:
    """How a worker ended: wait status (-1 if it had to be killed), processor seconds, largest resident size in KiB.

    `reason` is the grader's, in words for the student, if the grader itself ended it.
    """

    status: int = -1
    cpu: float = 0.0
    rss_kb: int = 0
    reason: str = ""


class Worker:
    """One worker: it gets requests and gives replies. Its prints are read and capped."""

    def __init__(
        self, handle: Handle, connection: Connection, box: str, limits: Limits, *, confined: bool = False
    ) -> None:
        self._handle = handle
        self.box = box  # a folder to remove at the end, or empty
        self.limits = limits
        self._connection = connection
        self._reader = channel.FrameReader(beyond=channel.READ)
        self._kept = bytearray()
        self._confined = confined
        self._ended: Ended | None = None
        self._tail: bytearray | None = None  # the last prints, while a stack is awaited
        self.printed = 0

    @property
    def folder(self) -> str:
        """Path of the folder with the student's files, as the worker sees it."""
        return self.box or BOX

    def call(self, request: dict[str, Any], seconds: float) -> Answer:
        """Send a request and wait for its reply. Both may raise WorkerGone."""
        self.send(frames.encode(request))
        return self.reply(Allowance(self.clock, seconds), replies.read)

    def clock(self) -> float | None:
        """Processor seconds of the worker so far. None if the machine cannot say."""
        return self._handle.clock()

    def send(self, frame: bytes) -> None:
        """Send a request's frame. WorkerGone if the worker does not take it in time.

        A worker reads nothing while it answers. So requests that are sent before its answer must fit into the socket.
        """
        self._await_walls()
        with self._translated():
            self._connection.send(frame, START_SECONDS)

    def reply(
        self, allowance: Allowance, read: Callable[[bytes], T], interrupted: Callable[[], bool] | None = None
    ) -> T:
        """Answer to the oldest open request. WorkerGone if it is late or broken, or if the worker is dead.

        `read` makes the answer from its frame, or raises WireError. `interrupted` is called during the wait. If it
        returns True, this raises Interrupted, and the worker can only be closed.
        """
        allowance.resume()
        try:
            with self._translated():
                return read(self._await(allowance, interrupted))
        finally:
            allowance.rest()

    def where(self) -> str:
        """What a worker that did not answer writes about the place where it is. Empty if it writes nothing."""
        self._tail = bytearray()
        self._handle.stop()
        quiet = until = time.monotonic() + STACK_SECONDS
        while time.monotonic() < min(quiet, until):
            if Part.PRINTS not in self._connection.ready(0.01):
                continue
            if not self._drain():
                break
            if HEADER in self._tail:
                quiet = time.monotonic() + QUIET_SECONDS
        text, self._tail = self._tail.decode("utf-8", "replace"), None
        return text

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn every fault on the wire into a WorkerGone with a reason for the student."""
        try:
            yield
        except (TimeoutError, channel.Late):
            raise WorkerGone("it took nothing for two minutes", late=f"{START_SECONDS:.0f} s") from None
        except (channel.Closed, ConnectionError):
            raise WorkerGone(self._how_it_ended()) from None
        except frames.WireError:
            raise WorkerGone(
                "the answer of your code's process broke the protocol: does your code write to a file number that it"
                " did not open?"
            ) from None

    def waits(self) -> bool:
        """Whether the worker is there and has sent nothing that nobody asked for."""
        return not self._confined or not (self._reader.data or Part.REPLY in self._connection.ready(0))

    def _await_walls(self) -> None:
        """Wait for the worker's one message that it is confined. Before that it gets nothing of the student's."""
        if not self._confined:
            try:
                self._await(Allowance(lambda: None, START_SECONDS))
            except (frames.WireError, WorkerGone) as error:
                raise ZygoteFailed(f"a worker could not be confined ({error})") from None
            self._confined = True

    def _await(self, allowance: Allowance, interrupted: Callable[[], bool] | None = None) -> bytes:
        look = time.monotonic() + allowance.pause()
        while not self._reader.complete():
            left = look - time.monotonic()
            over = ""
            if left <= 0:
                over = allowance.over()
                look = time.monotonic() + allowance.pause()
            # Look once more after the time is over: the reply may be there if this process itself was busy.
            ready = self._connection.ready(0 if over else left if interrupted is None else min(left, ASK_SECONDS))
            if interrupted is not None and interrupted():
                raise Interrupted
            if over and Part.REPLY not in ready:
                raise WorkerGone(f"stopped after {over}", late=over)
            if Part.PRINTS in ready and not self._drain():
                self._connection.no_more_prints()
            if Part.REPLY in ready:
                self._reader.feed(self._connection)
        self._connection.answered()
        self._drain()
        while not self._connection.settled():
            self._connection.ready(0.01)
            self._drain()
        return self._reader.frame()

    def _drain(self) -> bool:
        """Read the prints that have arrived, at most 8 MiB at once. False at their end."""
        for _ in range(128):  # code can print faster than this reads
            piece = self._connection.prints(1 << 16)
            if piece is None:
                return True
            if not piece:
                return False
            if self._tail is not None:
                self._tail = (self._tail + piece)[-MAX_OUTPUT:]
            self.printed += len(piece)
            self._kept += piece[: MAX_OUTPUT - len(self._kept)]
            if len(piece) < 1 << 16:
                break
        return True

    def take_output(self) -> str:
        """Prints since the last call, as text, capped."""
        self._drain()
        text = self._kept.decode("utf-8", "replace")
        if self.printed > len(self._kept):
            text += f"\n… ({self.printed - len(self._kept)} more bytes)"
        self._kept, self.printed = bytearray(), 0
        return text

    def _how_it_ended(self) -> str:
        ended = self._ended = self._handle.end(dying=True)
        if ended.reason:
            return ended.reason
        if ended.cpu >= self.limits.cpu_seconds - 1:
            return f"stopped: its processor time was used up; {LOOP}"
        if ended.status > 0 and (number := ended.status & 0x7F):
            return f"your code ended its process ({signal.Signals(number).name}); was the memory used up?"
        return "your code ended its process; leave out exit() and os._exit()"

    def close(self) -> Ended:
        """End the worker and everything that it started, and remove its folder. Return how it ended."""
        self._connection.close()
        try:
            ended = self._handle.end()
            return ended if self._ended is None else self._ended
        finally:
            self._connection.close_prints()
            if self.box:
                remove_tree(Path(self.box))
