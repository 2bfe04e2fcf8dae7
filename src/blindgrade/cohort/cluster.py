"""Grade on a Dask cluster: its workers get the course once, and submissions as bytes.

No student's data passes through the scheduler. A task names its course and its submission by their keys. The bytes go
from this process to a worker, and the attempt comes back the same way. Only this process reads submissions and writes
attempts.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cohort.bundle import Bundle, pack, unpack
from blindgrade.cohort.grading import LessonGrader, Plan, Warm
from blindgrade.cohort.pool import Task
from blindgrade.cohort.run import Work
from blindgrade.cohort.tasks import named
from blindgrade.engine.grading.runner import GraderFailed
from blindgrade.submitted import SubmittedWork
from blindgrade.versions.course_version import engine_version

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 4  # tasks that wait for each thread of the cluster: enough to keep it busy, few enough for the memory
TRIES = 3  # tries of a task whose worker is lost
CONNECT_SECONDS = 30
READY_SECONDS = 180  # longest time until every worker has started its warm process
SCATTERS = 60  # tries to send data to a worker within CONNECT_SECONDS


class NoCluster(CourseError):
    """The cluster cannot be used. The message says what to do."""


class OnCluster:
    """Run a cohort's tasks on the cluster whose scheduler is at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, work: Work, todo: list[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        """Each finished task with its result, or with None and the reason."""
        with connected(self.address) as client:
            run = _Run(client, work)
            run.ready()
            yield from run.results(todo)


def connected(address: str) -> Client:
    """Client of the scheduler at the address. NoCluster if there is none, or if it has no workers."""
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster(
            "--cluster needs Dask; run `pip install 'distributed>=2025.1'`, here and on the workers"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=True)
        if not client.scheduler_info(n_workers=-1)["workers"]:
            client.close()
            raise NoCluster(f"the cluster at {address} has no workers; start some with `dask worker {address}`")
    except (OSError, ValueError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address} ({error}); check the address") from None
    return client


class _Run:
    """State of one run: the data on the workers, and the tasks without an answer."""

    def __init__(self, client: Client, work: Work) -> None:
        self.client = client
        self.work = work
        self.content = shared_content(work.graders, work.settings.sandbox)
        self.waiting: dict[str, tuple[Task, bytes, Future]] = {}
        self._share()

    def _share(self) -> None:
        """Send the course and the reference's results to every worker, once. These bytes hold the solutions."""
        self.shared = self._scatter(self.content, broadcast=True)

    def _scatter(self, content: bytes, *, broadcast: bool = False) -> Future:
        """Send bytes directly to a worker, or to all. Try again: the scheduler lists a dead worker for a moment."""
        for _ in range(SCATTERS):
            try:
                return self.client.scatter(content, direct=True, broadcast=broadcast, hash=False)
            except OSError as error:
                last = error
                time.sleep(CONNECT_SECONDS / SCATTERS)
        raise NoCluster(f"the cluster's workers do not answer ({last}); run the command again when they do")

    def ready(self) -> None:
        """Wait until every worker has its warm process. NoCluster if a worker cannot isolate students' code."""
        asked = {
            worker: self.client.submit(prepare_task, self.shared, workers=[worker], pure=False)
            for worker in self.client.scheduler_info(n_workers=-1)["workers"]
        }
        for worker, future in asked.items():
            try:
                reason = future.result(timeout=READY_SECONDS)
            except Exception as error:  # Dask's error for a worker that is lost or cannot import this package
                reason = f"{type(error).__name__}: {error}; are blindgrade and distributed installed there?"
            if reason:
                raise NoCluster(f"the worker at {worker} cannot grade: {reason}")

    def results(self, todo: list[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
        """Each finished task with its result, or with None and the reason."""
        from distributed import as_completed

        answers = as_completed(loop=self.client.loop)
        left = iter(todo)
        more = True
        while more or self.waiting:
            if more and len(self.waiting) < AHEAD * max(1, sum(self.client.nthreads().values())):
                task = next(left, None)
                if task is None:
                    more = False
                elif (done := self._begin(task, answers)) is not None:
                    yield task, done, ""
                continue
            future = next(answers)
            task, plan, _ = self.waiting.pop(future.key)
            result, reason = _answer(future)
            if result is None and not reason and task.tries < TRIES:
                if self.shared.status != "finished":
                    self._share()
                self._send(task, plan, answers)
            else:
                yield task, result, reason or f"the cluster lost its workers {task.tries} times; run the command again"

    def _begin(self, task: Task, answers: Any) -> bytes | None:
        """Send a task to the cluster. Return its result if there is nothing left to grade."""
        asked = json.loads(task.content)
        grader = self.work.graders[asked["lesson"]]
        submission = SubmittedWork(asked["student"], Path(asked["path"]), asked["submitted_at"])
        plan = grader.plan(submission, self.work.store, regrade=self.work.settings.regrade)
        if not isinstance(plan, Plan):
            return plan.to_json()
        self._send(task, plan.to_json(), answers)
        return None

    def _send(self, task: Task, plan: bytes, answers: Any) -> None:
        task.tries += 1
        lesson, _, _ = named(task)
        content = self._scatter(plan)
        future = self.client.submit(grade_task, self.shared, lesson, content, pure=False)
        self.waiting[future.key] = (task, plan, content)
        answers.add(future)


def _answer(future: Future) -> tuple[bytes | None, str]:
    """Result of a task, or None and the reason. The reason is empty if the worker was lost with its data."""
    try:
        answer = bytes(future.result())
    except (Exception, asyncio.CancelledError):
        return None, ""
    return (answer[1:], "") if answer[:1] == b"+" else (None, answer[1:].decode("utf-8", "replace"))


def shared_content(graders: Mapping[str, LessonGrader], sandbox: str, *, expected: bool = True) -> bytes:
    """What every worker needs: the course, the seeds, and the reference's results, if they are `expected` already."""
    about = {
        "engine": engine_version(),
        "sandbox": sandbox,
        "lessons": {
            lesson: {
                "id": grader.seed.id,
                "seed": grader.seed.seed,
                "expected": grader.expected().decode() if expected else "",
            }
            for lesson, grader in graders.items()
        },
    }
    bundle = pack([grader.target for grader in graders.values()])
    head = json.dumps({**about, "bundle": bundle.name}).encode()
    return len(head).to_bytes(8, "big") + head + bundle.content


# ---------------------------------------------------------------- on a worker


class _Held:
    """State of a worker process between tasks: a course, its graders and a warm process."""

    def __init__(self, shared: bytes) -> None:
        size = int.from_bytes(shared[:8], "big")
        self.about = json.loads(shared[8 : 8 + size])
        if self.about["engine"] != engine_version():
            wanted = self.about["engine"]
            raise GraderFailed(f"it has blindgrade {engine_version()}, not {wanted}; install the same version")
        self.home = Path(tempfile.mkdtemp(prefix="blindgrade-course-"))
        self.course = unpack(Bundle(self.about["bundle"], shared[8 + size :]), self.home)
        self.targets = Catalog(self.course).find(list(self.about["lessons"]))
        self.warm = Warm(self.targets, self.about["sandbox"], (self.home,))
        self.graders: dict[str, LessonGrader] = {}
        for target in self.targets:
            seed = self.about["lessons"][target.files.entry.id]
            grader = LessonGrader(target, RunSeed(seed["id"], seed["seed"]), self.warm)
            grader.take_expected(seed["expected"].encode())
            self.graders[target.files.entry.id] = grader
        self._others: dict[str, LessonGrader] = {}

    def grader(self, lesson: str, seed: RunSeed) -> LessonGrader:
        """Grader of a lesson with another seed. It shares the checks and the reference of the lesson's first one."""
        name = f"{lesson} {seed.id}"
        if name not in self._others:
            first = self.graders[lesson]
            self._others[name] = LessonGrader(first.target, seed, self.warm, first.references)
        return self._others[name]

    def close(self) -> None:
        """End the warm process and remove the course."""
        self.warm.close()
        shutil.rmtree(self.home, ignore_errors=True)


# A Dask worker calls functions by their names, so the state is in the module. The lock: torch's state is global.
_lock = threading.Lock()
_held: dict[str, _Held] = {}


def prepare_task(shared: bytes) -> str:
    """Prepare a worker; this runs on the worker. Return "", or the reason why this machine cannot grade."""
    with _lock:
        try:
            _hold(shared).warm.zygote()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return ""


def grade_task(shared: bytes, lesson: str, plan: bytes, seed: bytes = b"") -> bytes:
    """Grade one submission; this runs on the worker. Return "+" and a result, or "-" and a reason. Raises nothing.

    seed: JSON of the seed, if it is not the one of the run.
    """
    with _lock:
        for last in (False, True):
            try:
                held = _hold(shared)
                grader = held.grader(lesson, RunSeed(**json.loads(seed))) if seed else held.graders[lesson]
                return b"+" + grader.carry_out(Plan.from_json(plan)).to_json()
            except Exception as error:
                _let_go()  # the warm process ends with the thread that started it, so it may have ended already
                if last:
                    return f"-the grader stopped: {type(error).__name__}: {error}".encode("utf-8", "replace")
    raise AssertionError


def _hold(shared: bytes) -> _Held:
    import torch

    torch.set_num_threads(1)
    name = hashlib.sha256(shared).hexdigest()
    if name not in _held:
        _let_go()
        _held[name] = _Held(shared)
    return _held[name]


def _let_go() -> None:
    while _held:
        _held.popitem()[1].close()


atexit.register(_let_go)
