"""Worker processes of this machine: a task to whoever is free, a fresh process in the place of one that died.

Tasks and results are bytes. The processes are forked from one that holds what all of them need, so it is computed and
kept once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import NoReturn, Protocol

from blindgrade.engine.sandbox.tiers import die_with_parent

TRIES = 2  # a task is tried once more in a fresh process: the first may have died of something else
AHEAD = 2  # tasks that a worker holds: it goes on while this process stores what it did


class Work(Protocol):
    """What each process does with its tasks."""

    def do(self, content: bytes) -> bytes:
        """The result of a task. What it raises is handed on as the reason why there is none."""
        ...

    def close(self) -> None:
        """There are no more tasks: let go of what is held."""
        ...


@dataclass
class Task:
    """Something to do, and who it is for."""

    name: str
    content: bytes
    seconds: float  # after which the process is ended
    tries: int = 0


@dataclass
class _Worker:
    process: ForkProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)  # the one that it does, and those that lie in its pipe
    deadline: float = 0.0  # of the one that it does

    def begin(self) -> None:
        """It turns to the next of its tasks, if there is one."""
        if self.tasks:
            self.tasks[0].tries += 1
            self.deadline = time.monotonic() + self.tasks[0].seconds


class Pool:
    """`workers` processes that do `work`. Leaving the context ends them."""

    def __init__(self, work: Work, workers: int) -> None:
        self._work = work
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("fork")
        self._wanted = workers

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The processes that work now."""
        return [worker.process.pid or 0 for worker in self._workers]

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        """Each task with its result, or with why there is none, as they are done."""
        waiting = deque(tasks)
        for _ in range(min(self._wanted, len(waiting))):
            self._start()
        while waiting or any(worker.tasks for worker in self._workers):
            self._hand_out(waiting)
            for worker in self._ready():
                task, result, reason = self._take(worker, waiting)
                self._hand_out(waiting)  # before the result is looked at, which may take a while
                if result is not None or reason or task.tries >= TRIES:
                    yield task, result, reason or f"the grader's process died, {task.tries} times; look at it by hand"
                else:
                    waiting.appendleft(task)

    def _hand_out(self, waiting: deque[Task]) -> None:
        """A task to whoever has none; one more to each as long as there are enough for all."""
        for held in range(AHEAD):
            for worker in self._workers:
                if len(worker.tasks) == held and len(waiting) > held * len(self._workers):
                    self._give(worker, waiting.popleft())

    def _give(self, worker: _Worker, task: Task) -> None:
        worker.tasks.append(task)
        if len(worker.tasks) == 1:
            worker.begin()
        with suppress(OSError):  # it died while it was idle, which is seen when its answer is awaited
            worker.pipe.send_bytes(task.content)

    def _ready(self) -> list[_Worker]:
        """Workers that have answered, died or taken too long."""
        busy = [worker for worker in self._workers if worker.tasks]
        left = min((worker.deadline for worker in busy), default=0.0) - time.monotonic()
        said = wait([worker.pipe for worker in busy], timeout=max(left, 0.0))
        now = time.monotonic()
        return [worker for worker in busy if worker.pipe in said or now >= worker.deadline]

    def _take(self, worker: _Worker, waiting: deque[Task]) -> tuple[Task, bytes | None, str]:
        """What came of the task that a worker did. If it is gone, those that it had not begun wait again."""
        task = worker.tasks.popleft()
        if not worker.pipe.poll():
            worker.process.kill()
            self._replace(worker, waiting)
            return task, None, f"the grader took more than {task.seconds:.0f} s; look at it by hand"
        try:
            answer = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._replace(worker, waiting)
            return task, None, ""
        worker.begin()
        return (task, answer[1:], "") if answer[:1] == b"+" else (task, None, answer[1:].decode("utf-8", "replace"))

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        mine = [ours, *(worker.pipe for worker in self._workers)]
        process = self._context.Process(target=_serve, args=(self._work, theirs, mine), daemon=False)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _replace(self, worker: _Worker, waiting: deque[Task]) -> None:
        waiting.extendleft(reversed(worker.tasks))
        self._end(worker)
        self._workers.remove(worker)
        self._start()

    def _end(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.join(timeout=3)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()

    def close(self) -> None:
        """End every process; what they were doing is lost."""
        for worker in self._workers:
            if worker.tasks:
                worker.process.kill()
        while self._workers:
            self._end(self._workers.pop())


def _serve(work: Work, pipe: Connection, not_ours: list[Connection]) -> NoReturn:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer; it ends its workers
    for other in not_ours:
        other.close()  # else a worker would not notice that the parent is gone
    try:
        while True:
            content = pipe.recv_bytes()
            try:
                answer = b"+" + work.do(content)
            except Exception as error:
                answer = b"-" + f"the grader stopped: {type(error).__name__}: {error}".encode("utf-8", "replace")
            pipe.send_bytes(answer)
    except (EOFError, OSError):
        pass
    finally:
        with suppress(Exception):
            work.close()
        os._exit(0)
