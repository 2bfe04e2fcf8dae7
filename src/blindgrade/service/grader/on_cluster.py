"""The service's gradings on a Dask cluster. The workers get the course once, and each submission as bytes.

Only the grader reads submissions and writes attempts; see `cohort.cluster`. If the cluster cannot be reached, the
grader ends and is started again.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from blindgrade.cohort.cluster import connected, grade_task, shared_content
from blindgrade.cohort.grading import Result
from blindgrade.cohort.pool import Answer, Task
from blindgrade.service.grader.work import GradingWork, Order, for_people
from blindgrade.service.waking import drain, wake

if TYPE_CHECKING:
    from distributed import Client, Future

TRIES = 3  # a machine may be lost for reasons that have nothing to do with the submission
FETCH_SECONDS = 30  # until a result has come from the worker that has it


@dataclass(frozen=True)
class _Sent:
    """A task on the cluster. `content` keeps the plan on a worker as long as the task needs it."""

    task: Task
    order: Order
    plan: bytes
    future: Future
    content: Future


class ClusterWorkers:
    """Workers of the cluster whose scheduler is at `address`."""

    def __init__(self, work: GradingWork, address: str) -> None:
        self.work, self.address = work, address
        self._client: Client | None = None
        self._tasks: dict[str, _Sent] = {}
        self._ended: deque[str] = deque()
        self._ready: list[Answer] = []
        self._lock = threading.Lock()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> ClusterWorkers:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._client is not None:
            self._client.close()
        os.close(self._read)
        os.close(self._write)

    @property
    def client(self) -> Client:
        """Client of the cluster, once it is connected."""
        assert self._client is not None
        return self._client

    def start(self) -> None:
        """Connect, and send the course to every worker. NoCluster if that is not possible."""
        self._client = connected(self.address)
        self._course = shared_content(self.work.graders, self.work.service.settings.sandbox, expected=False)
        self._share()

    def _share(self) -> None:
        """Send the course to every worker. These bytes hold the solutions."""
        self._shared = self.client.scatter(self._course, direct=True, broadcast=True, hash=False)

    @property
    def size(self) -> int:
        """Number of threads of the cluster."""
        return max(1, int(sum(self.client.nthreads().values())))

    def room(self, held: int = 1) -> int:
        """How many more tasks the cluster can take."""
        return max(held * self.size - len(self._tasks), 0)

    def give(self, task: Task) -> None:
        """Send a submission, or keep the answer if there is nothing to grade."""
        if not task.name:
            return  # it makes a process ready, and the cluster's processes do that by themselves
        order = Order(**json.loads(task.content))
        try:
            plan = self.work.plan(order)
        except Exception as error:
            self._ready.append(Answer(task, None, f"the submission cannot be read: {type(error).__name__}: {error}"))
            return
        if isinstance(plan, Result):
            self._ready.append(Answer(task, plan.to_json()))
            return
        self._send(task, order, plan.to_json())

    def _send(self, task: Task, order: Order, plan: bytes) -> None:
        task.tries += 1
        if self._shared.status != "finished":
            self._share()
        content = self.client.scatter(plan, direct=True, hash=False)
        seed = self.work.seed(order).to_json()
        future = self.client.submit(grade_task, self._shared, order.lesson, content, seed, pure=False)
        self._tasks[future.key] = _Sent(task, order, plan, future, content)
        future.add_done_callback(self._end)

    def _end(self, future: Any) -> None:
        """Called by a thread of the client."""
        with self._lock:
            self._ended.append(future.key)
        wake(self._write)

    def answers(self, seconds: float, also: Sequence[int] = ()) -> list[Answer]:
        """See `Workers`."""
        if not self._ready:
            wait([self._read, *also], timeout=seconds)
        drain(self._read)
        found, self._ready = self._ready, []
        with self._lock:
            ended, self._ended = list(self._ended), deque()
        for sent in (self._tasks.pop(key) for key in ended if key in self._tasks):
            answer = self._answer(sent)
            if answer.died and sent.task.tries < TRIES:
                self._send(sent.task, sent.order, sent.plan)
            else:
                found.append(answer)
        return found

    def _answer(self, sent: _Sent) -> Answer:
        try:
            answer = bytes(sent.future.result(timeout=FETCH_SECONDS))
        except BaseException as error:  # Dask's errors for lost workers and data, some of which are no `Exception`
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            reason = f"the cluster lost its workers {sent.task.tries} times ({type(error).__name__})"
            return Answer(sent.task, None, reason, died=True)
        if answer[:1] != b"+":
            return Answer(sent.task, None, answer[1:].decode("utf-8", "replace"))
        return Answer(sent.task, for_people(Result.from_json(answer[1:]), sent.order, "").to_json())
