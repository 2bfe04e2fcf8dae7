"""The student's side of a lesson: its worker, and the time that it may use."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from blindgrade.catalog import Target
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.grading.loop import Round
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import LOOP, Worker, WorkerGone
from blindgrade.engine.judging.judged_before import JudgedBefore
from blindgrade.engine.judging.observed import Observed, left_over
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.notes import needing
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import Answer, Broken, Loaded, Problem, Raised, Stopped
from blindgrade.models import Exercise
from blindgrade.places import Place

LOAD_SECONDS = 10.0
AHEAD = 32 << 10  # bytes of requests that may wait in a worker's socket, which can store several times as much
MAX_LOAD_PROBLEMS = 20


@dataclass
class Student:
    """Observes one lesson of a submission, in one worker if nothing fails.

    After a crash, a stop or an isolated check, there is a fresh worker. So isolated checks come last. Never raises for
    the student's mistakes.
    """

    target: Target
    submission: LessonSubmission
    checks: LessonChecks
    judged: JudgedBefore
    zygote: Zygote
    device: str
    problems: list[str] = field(default_factory=list)  # about the file, each reported once
    interrupted: Callable[[], bool] | None = None  # see Worker.reply
    _worker: Worker | None = None
    _ahead: deque[str] = field(default_factory=deque)  # checks that were sent, and nobody asked for the answer yet
    _load_failure: str = ""
    _spent: dict[str, float] = field(default_factory=dict)  # seconds by exercise
    _stopped: dict[str, str] = field(default_factory=dict)  # why each stopped exercise was stopped

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """See `Observer`. Raises Interrupted if nobody waits for the reply any more."""
        check, _ = rounds[0]
        refused = self._no_longer(exercise)
        if self._ahead and (refused or self._ahead[0] != check.name):
            self.close()  # nobody will ask for its next answer
        if refused:
            return Observed(Stopped(refused))
        begun = time.monotonic()
        try:
            worker = self._ready_for(exercise)
            if self._load_failure:
                return Observed(Stopped(self._load_failure))
            seen = self._answered(worker, exercise, rounds)
        except WorkerGone as gone:
            printed = self._worker.take_output() if self._worker is not None else ""
            seen = Observed(Stopped(self._stop(exercise, gone)), printed)
            self.close()
        self._spent[exercise.name] = self._spent.get(exercise.name, 0.0) + time.monotonic() - begun
        if check.isolated:
            self.close()
        if isinstance(seen.reply, Broken):
            # The worker may claim this without reason. If the check is really broken, this line raises CourseError.
            self.checks.experiment(check)
        return seen

    def definition(self, exercise: Exercise) -> Place | None:
        """See `Observer`."""
        return self.submission.definition(exercise.defines)

    def _answered(self, worker: Worker, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """Answer of the worker to the first check. It then continues with the checks that it may get together."""
        check, seed = rounds[0]
        left = max(exercise.seconds - self._spent.get(exercise.name, 0.0), 0.1)
        until = time.monotonic() + left
        self._send(worker, _together(rounds), left)
        # The reference runs at the same time. It remembers its result for the verdict.
        self.judged.reference.expected(check, seed)

        def read(frame: bytes) -> tuple[Answer, bytes]:
            return self.judged.read(check, seed, frame), frame

        reply, frame = worker.reply(max(until - time.monotonic(), 0.0), read, self.interrupted)
        trace = self.submission.trace(reply)
        if isinstance(reply, Raised) and self.submission.left_over(reply):
            return Observed(left_over(reply), worker.take_output(), trace)
        return Observed(reply, worker.take_output(), trace, frame)

    def _send(self, worker: Worker, checks: Sequence[Round], seconds: float) -> None:
        """Send the first check, unless the worker has it, and as many of the next ones as its socket can store."""
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
        """Reason why no check of this exercise is run any more; empty while its budgets last."""
        if stopped := self._stopped.get(exercise.name):
            return f"not run, because an earlier check was {stopped}"
        budget = self.target.lesson.seconds
        if sum(self._spent.values()) > budget:
            return f"not run, because the submission has used up its {budget:.0f} s"
        return ""

    def _stop(self, exercise: Exercise, gone: WorkerGone) -> str:
        """Reason for the missing answer. If the worker was late, the exercise's later checks are not run either."""
        if not gone.late:
            return gone.reason
        # The budget belongs to the exercise. The seconds that were left for this check mean nothing to the student.
        self._stopped[exercise.name] = f"stopped after {exercise.seconds:.0f} s"
        return f"{self._stopped[exercise.name]}: {LOOP}"

    def _ready_for(self, exercise: Exercise) -> Worker:
        worker = self._worker
        # A fault after the last answer, perhaps in another thread, is not this check's fault.
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
        """Load the student's file. A sentence if this fails, else empty. Left-out lines are added to `problems`."""
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
        for problem in reply.problems[:MAX_LOAD_PROBLEMS] if isinstance(reply, Loaded) else ():
            note = self._problem(problem)
            if note not in self.problems:
                self.problems.append(note)
        return ""

    def _problem(self, problem: Problem) -> str:
        place, error = self.submission.lines.where(problem.line), problem.error
        text = " ".join(error.message.split())[:200]
        readers = self.submission.dependants(problem.line)
        lost = f"; {needing(readers)}" if readers else ""
        return f"{place}: {error.type}: {text}; this part was left out and the rest was graded{lost}"

    def close(self) -> None:
        """End the worker; the next experiment gets a fresh one."""
        worker, self._worker = self._worker, None
        self._ahead.clear()
        if worker is not None:
            worker.close()


def _together(rounds: Sequence[Round]) -> Sequence[Round]:
    """The first check, and the next ones that a worker may get with it.

    Prints do not name their check. So a public check, whose prints are shown, is sent alone. An isolated check is sent
    alone too, because it ends its worker.
    """
    alone = next((n for n, (check, _) in enumerate(rounds) if check.public or check.isolated), len(rounds))
    return rounds[: max(alone, 1)]
