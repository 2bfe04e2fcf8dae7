"""The student's side of a lesson: its worker, and the budgets that it may spend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blindgrade.catalog import Target
from blindgrade.checks import Check
from blindgrade.engine.lesson_checks import LessonChecks
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission import LessonSubmission
from blindgrade.engine.workers import LOOP, Worker, WorkerGone, Zygote
from blindgrade.models import Exercise

LOAD_SECONDS = 10.0
MAX_LOAD_PROBLEMS = 20

Reply = dict[str, Any]


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
    interrupted: Callable[[], bool] | None = None  # see Worker.call
    _worker: Worker | None = None
    _load_failure: str = ""
    _spent: dict[str, float] = field(default_factory=dict)  # seconds by exercise
    _stopped: dict[str, str] = field(default_factory=dict)  # how an exercise was stopped

    def observe(
        self, exercise: Exercise, check: Check, seed: int, meanwhile: Callable[[], object]
    ) -> tuple[Reply, str]:
        """The reply to a check's experiment, and what was printed. `meanwhile` runs here while the worker works.

        Raises Interrupted if nobody waits for it any more.
        """
        if refused := self._no_longer(exercise):
            return {"kind": "stopped", "message": refused}, ""
        begun = time.monotonic()
        printed = ""
        try:
            worker = self._ready_for(exercise)
            if self._load_failure:
                return {"kind": "stopped", "message": self._load_failure}, ""
            left = max(exercise.seconds - self._spent.get(exercise.name, 0.0), 0.1)
            request = self.checks.request(check, seed, self.device)
            reply = worker.call(request, left, meanwhile, self.interrupted)
            printed = worker.take_output()
        except WorkerGone as gone:
            reply = {"kind": "stopped", "message": self._told(exercise, gone)}
            printed = self._worker.take_output() if self._worker is not None else ""
            self.close()
        self._spent[exercise.name] = self._spent.get(exercise.name, 0.0) + time.monotonic() - begun
        if check.isolated:
            self.close()
        return reply, printed

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
        if worker is not None and (worker.limits.memory_mb != exercise.memory_mb or not worker.waits()):
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
        if worker is not None:
            worker.close()
