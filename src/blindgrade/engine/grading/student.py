"""The student's side of a lesson: its worker, and the budgets that it may spend."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from blindgrade.catalog import Target
from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import LOOP, Worker, WorkerGone
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import Read, Reply
from blindgrade.models import Exercise

LOAD_SECONDS = 10.0
AHEAD = 32 << 10  # bytes of requests that wait in a worker's socket, which holds several times that
MAX_LOAD_PROBLEMS = 20


@dataclass
class Student:
    """Runs experiments on a submission's lesson, in one worker as long as that is well.

    A crash or a stop is followed by a fresh worker, and so is an isolated check, which therefore comes last.
    Never raises for what the student did.
    """

    target: Target
    submission: LessonSubmission
    checks: LessonChecks
    zygote: Zygote
    device: str
    problems: list[str] = field(default_factory=list)  # about the file, each told once
    interrupted: Callable[[], bool] | None = None  # see Worker.reply
    _worker: Worker | None = None
    _ahead: deque[str] = field(default_factory=deque)  # checks that the worker has been sent and nobody asked for yet
    _load_failure: str = ""
    _spent: dict[str, float] = field(default_factory=dict)  # seconds by exercise
    _stopped: dict[str, str] = field(default_factory=dict)  # how an exercise was stopped

    def observe(
        self,
        exercise: Exercise,
        checks: Sequence[tuple[Check, int]],
        meanwhile: Callable[[], object],
        read: Read,
    ) -> tuple[Reply, str]:
        """The reply to the experiment of the first of these checks and their seeds, and what was printed.

        The worker goes on with the others, which must be asked for next, in this order, and print nothing that is
        shown. `meanwhile` runs here while it works; `read` makes a reply of its frame. Raises Interrupted if nobody
        waits for it any more.
        """
        check, _ = checks[0]
        refused = self._no_longer(exercise)
        if self._ahead and (refused or self._ahead[0] != check.name):
            self.close()  # nobody asks for what it answers next
        if refused:
            return {"kind": "stopped", "message": refused}, ""
        begun = time.monotonic()
        printed = ""
        try:
            worker = self._ready_for(exercise)
            if self._load_failure:
                return {"kind": "stopped", "message": self._load_failure}, ""
            left = max(exercise.seconds - self._spent.get(exercise.name, 0.0), 0.1)
            until = time.monotonic() + left
            self._send(worker, checks, left)
            meanwhile()
            reply = worker.reply(max(until - time.monotonic(), 0.0), self.interrupted, read)
            printed = worker.take_output()
        except WorkerGone as gone:
            reply = {"kind": "stopped", "message": self._told(exercise, gone)}
            printed = self._worker.take_output() if self._worker is not None else ""
            self.close()
        self._spent[exercise.name] = self._spent.get(exercise.name, 0.0) + time.monotonic() - begun
        if check.isolated:
            self.close()
        return reply, printed

    def _send(self, worker: Worker, checks: Sequence[tuple[Check, int]], seconds: float) -> None:
        """Send the first check unless the worker has it, and with it as many of the others as its socket holds."""
        if self._ahead:
            self._ahead.popleft()
            return
        frames: list[bytes] = []
        for check, seed in checks:
            frame = self.checks.request(check, seed, self.device)
            if frames and sum(map(len, frames)) + len(frame) > AHEAD:
                break
            frames.append(frame)
        worker.send(b"".join(frames), seconds)
        self._ahead.extend(check.name for check, _ in checks[1 : len(frames)])

    def _no_longer(self, exercise: Exercise) -> str:
        """Why nothing of this exercise is run any more; empty while its budgets last."""
        if stopped := self._stopped.get(exercise.name):
            return f"not run, because an earlier check was {stopped}"
        budget = self.target.lesson.seconds
        if sum(self._spent.values()) > budget:
            return f"not run, because the submission has used up its {budget:.0f} s"
        return ""

    def _told(self, exercise: Exercise, gone: WorkerGone) -> str:
        if not gone.late:
            return gone.reason
        # The budget is the exercise's; what was left of it for this check would tell the student nothing.
        self._stopped[exercise.name] = f"stopped after {exercise.seconds:.0f} s"
        return f"{self._stopped[exercise.name]}: {LOOP}"

    def _ready_for(self, exercise: Exercise) -> Worker:
        worker = self._worker
        # What went wrong after the last answer, in another thread perhaps, is not this check's fault.
        if (
            worker is not None
            and not self._ahead
            and (worker.limits.memory_mb != exercise.memory_mb or not worker.waits())
        ):
            self.close()
        if self._worker is None:
            longest = max(e.seconds for e in self.target.lesson.exercises)
            self._worker = self.zygote.spawn(Limits(memory_mb=exercise.memory_mb, cpu_seconds=int(10 * longest) + 60))
            first = not self._load_failure
            self._load_failure = self._load(self._worker)
            if self._load_failure and first:
                self.problems.append(self._load_failure)
        return self._worker

    def _load(self, worker: Worker) -> str:
        """Load the student's file; a sentence if that did not end, and notes about lines that were left out."""
        toys = self.target.files.toys
        request = {
            "op": "load", "module": self.target.files.module, "text": self.submission.text.encode(),
            "file": self.submission.file,
            "files": {**self.submission.files, "toys.py": toys.read_bytes() if toys.is_file() else b""},
        }  # fmt: skip
        try:
            reply = worker.call(request, LOAD_SECONDS)
            worker.take_output()
        except WorkerGone as gone:
            return f"{self.submission.file} could not be loaded: {gone.reason}"
        for problem in reply.get("problems", [])[:MAX_LOAD_PROBLEMS]:
            note = self._problem(problem)
            if note not in self.problems:
                self.problems.append(note)
        return ""

    def _problem(self, problem: Reply) -> str:
        place = self.submission.lines.where(int(problem.get("line") or 1))
        text = " ".join(str(problem.get("message", "")).split())[:200]
        return f"{place}: {problem.get('type')}: {text}; this part was left out and the rest was graded"

    def close(self) -> None:
        """End the worker; the next experiment gets a fresh one."""
        worker, self._worker = self._worker, None
        self._ahead.clear()
        if worker is not None:
            worker.close()
