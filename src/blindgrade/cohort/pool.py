"""Worker processes of this machine: each free process gets a task, and a new process replaces one that died.

Tasks and results are bytes. All processes are forked from one process, which has computed the shared data. So the data
are computed once and are in memory once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import NoReturn, Protocol

from blindgrade.engine.sandbox.tiers import die_with_parent

TRIES = 2  # a task gets a second try in a new process: the first process may have died for another reason
AHEAD = 2  # tasks that a worker has at once: it grades the second while this process stores the first result


class Work(Protocol):
    """The work that each process does with its tasks."""

    def do(self, content: bytes) -> bytes:
        """Result of a task. An exception becomes the reason why the task has no result."""
        ...

    def close(self) -> None:
        """Release all resources; there are no more tasks."""
        ...


@dataclass
class Task:
    """One task. `name` identifies it; `seconds` is its time limit, after which its process is killed."""

    name: str
    content: bytes
    seconds: float
    tries: int = 0


@dataclass(frozen=True)
class Answer:
    """What became of a task: its result, or None and the reason. died: the task ended its worker."""

    task: Task
    result: bytes | None
    reason: str = ""
    died: bool = False


@dataclass
class _Worker:
    process: ForkProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)  # the running task first, then the tasks in its pipe
    deadline: float = 0.0  # of the running task

    def begin(self) -> None:
        """Count a try and set the deadline of the first task, if there is one."""
        if self.tasks:
            self.tasks[0].tries += 1
            self.deadline = time.monotonic() + self.tasks[0].seconds


class Pool:
    """`workers` processes that do `work`. They end with the context."""

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
        """Ids of the running processes."""
        return [worker.process.pid or 0 for worker in self._workers]

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        """Each finished task with its result, or with None and the reason."""
        waiting = deque(tasks)
        for _ in range(min(self._wanted, len(waiting))):
            self._start()
        while waiting or any(worker.tasks for worker in self._workers):
            self._hand_out(waiting)
            for worker in self._ready():
                task, result, reason = self._take(worker, waiting)
                self._hand_out(waiting)  # before the caller uses the result, which may take a while
                if result is not None or reason or task.tries >= TRIES:
                    died = f"the grader's process died {task.tries} times; grade this submission yourself"
                    yield task, result, reason or died
                else:
                    waiting.appendleft(task)

    # ------------------------------------------------------------ for a caller that gets tasks one by one

    def start(self) -> None:
        """Start the processes. `give` and `answers` are for tasks that come one by one, `run` for a list."""
        while len(self._workers) < self._wanted:
            self._start()

    @property
    def size(self) -> int:
        """Number of processes."""
        return len(self._workers)

    def room(self, held: int = 1) -> int:
        """How many more tasks the processes can take, if each may have `held` at once."""
        return sum(max(held - len(worker.tasks), 0) for worker in self._workers)

    def give(self, task: Task) -> None:
        """Give a task to the process that has the fewest."""
        self._give(min(self._workers, key=lambda worker: len(worker.tasks)), task)

    def answers(self, seconds: float, also: Sequence[int] = ()) -> list[Answer]:
        """Answers that came. Waits at most this long, and until one of the descriptors `also` can be read."""
        found = []
        waiting: deque[Task] = deque()
        for worker in self._ready(seconds, also):
            task, result, reason = self._take(worker, waiting)
            died = worker not in self._workers
            found.append(Answer(task, result, reason or "the grader's process died" * died, died))
        for task in waiting:  # they were in the pipe of a process that died
            self.give(task)
        return found

    def _hand_out(self, waiting: deque[Task]) -> None:
        """Give a task to each worker without one, then one more to each worker while there are enough for all."""
        for held in range(AHEAD):
            for worker in self._workers:
                if len(worker.tasks) == held and len(waiting) > held * len(self._workers):
                    self._give(worker, waiting.popleft())

    def _give(self, worker: _Worker, task: Task) -> None:
        worker.tasks.append(task)
        if len(worker.tasks) == 1:
            worker.begin()
        with suppress(OSError):  # the worker died while it was idle; `_take` notices that
            worker.pipe.send_bytes(task.content)

    def _ready(self, seconds: float | None = None, also: Sequence[int] = ()) -> list[_Worker]:
        """Workers that answered, died or exceeded the time limit. At most `seconds` are waited, if they are given."""
        busy = [worker for worker in self._workers if worker.tasks]
        now = time.monotonic()
        ends = min((worker.deadline for worker in busy), default=now if seconds is None else now + seconds)
        left = ends - now if seconds is None else min(ends - now, seconds)
        said = wait([*(worker.pipe for worker in busy), *also], timeout=max(left, 0.0))
        now = time.monotonic()
        return [worker for worker in busy if worker.pipe in said or now >= worker.deadline]

    def _take(self, worker: _Worker, waiting: deque[Task]) -> tuple[Task, bytes | None, str]:
        """The running task of a worker with its result or reason. If the worker is gone, its other tasks wait again."""
        task = worker.tasks.popleft()
        if not worker.pipe.poll():
            worker.process.kill()
            self._replace(worker, waiting)
            return task, None, f"the grader took more than {task.seconds:.0f} s; grade this submission yourself"
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
        """End every process. The results of running tasks are lost."""
        for worker in self._workers:
            if worker.tasks:
                worker.process.kill()
        while self._workers:
            self._end(self._workers.pop())


def _serve(work: Work, pipe: Connection, not_ours: list[Connection]) -> NoReturn:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends its workers
    for other in not_ours:
        other.close()  # with an open copy, another worker would not notice that the parent is gone
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
