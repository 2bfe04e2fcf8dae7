"""The student's side of a lesson: its worker, and the time that it may use."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from blindgrade.catalog import Target
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.grading.budget import Allowance, whole_seconds
from blindgrade.engine.grading.loop import Round
from blindgrade.engine.grading.stopping import Stood, frames_of, read_stack, sentence
from blindgrade.engine.grading.worker_client import Worker, WorkerGone
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.judging.judged_before import JudgedBefore
from blindgrade.engine.judging.judging import error_text
from blindgrade.engine.judging.observed import Observed, left_over
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.broken import reads
from blindgrade.engine.submission.notes import needing
from blindgrade.engine.submission.prints import with_places
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import (
    UNKNOWN,
    Answer,
    Broken,
    Loaded,
    Opened,
    Problem,
    Raised,
    Result,
    Stopped,
    Unsendable,
)
from blindgrade.engine.worker import load_time
from blindgrade.engine.worker.load_time import IMPORTING, WAITING, TooLong
from blindgrade.models import Exercise
from blindgrade.places import Frame, Place

LOAD_SECONDS = 10.0  # of the processor; at least, because a lesson with long exercises may have a long file
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
    workers: Workers
    device: str
    problems: list[str] = field(default_factory=list)  # about the file, each reported once
    interrupted: Callable[[], bool] | None = None  # see Worker.reply
    opened: set[str] | None = None  # collects the files that the code opened; None: they are not asked for
    _worker: Worker | None = None
    _ahead: deque[str] = field(default_factory=deque)  # checks that were sent, and nobody asked for the answer yet
    _load_failure: str = ""
    _load_was_late: bool = False
    _was_loaded: bool = False
    _time: Allowance | None = None  # of the exercise that the worker is at, which is `_at`
    _at: str = ""
    _changed_by: str = ""  # exercise that changed the student's own objects in the worker
    _spent: dict[str, float] = field(default_factory=dict)  # seconds by exercise, in workers that ended
    _total: float = 0.0  # processor seconds of all workers that ended
    _begun: float = field(default_factory=time.monotonic)
    _stopped: dict[str, str] = field(default_factory=dict)  # why each stopped exercise was stopped

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """See `Observer`. Raises Interrupted if nobody waits for the reply any more."""
        check, _ = rounds[0]
        refused = self._no_longer(exercise)
        if self._ahead and (refused or self._ahead[0] != check.name):
            self.close()  # nobody will ask for its next answer
        if refused:
            self._note_opened(None)
            return Observed(Stopped(refused))
        if self._load_was_late:
            return Observed(Stopped(self._load_failure))
        try:
            worker = self._ready_for(exercise)
            if self._load_was_late:
                self.close()  # it still runs
            if self._load_failure:
                return Observed(Stopped(self._load_failure))
            seen = self._answered(worker, exercise, rounds)
        except WorkerGone as gone:
            seen = self._gone(exercise, gone)
        leaves = seen.reply.leaves if isinstance(seen.reply, Result | Raised | Unsendable) else ""
        if check.isolated or leaves == "check":
            self.close()
        elif leaves:
            self._changed_by = exercise.name
        if isinstance(seen.reply, Broken):
            # The worker may claim this without reason. If the check is really broken, this line raises CourseError.
            self.checks.experiment(check)
        return seen

    @property
    def load_failure(self) -> str:
        """Sentence that says why the student's file could never be loaded; empty if it could be."""
        return "" if self._was_loaded else self._load_failure

    def names_used(self, exercise: Exercise) -> set[str] | None:
        """See `Observer`."""
        return self.submission.names_used(exercise.defines)

    def definition(self, exercise: Exercise) -> Place | None:
        """See `Observer`."""
        return self.submission.definition(exercise.defines)

    def _note_opened(self, names: Opened) -> None:
        """Note what the code opened; None if nobody can say, as after a stop."""
        if self.opened is not None:
            self.opened.update([UNKNOWN] if names is None else names)

    def _answered(self, worker: Worker, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """Answer of the worker to the first check. It then continues with the checks that it may get together."""
        check, seed = rounds[0]
        allowance = self._allowance(worker, exercise)
        self._send(worker, _together(rounds))
        # The reference runs at the same time. It remembers its result for the verdict.
        self.judged.reference.expected(check, seed)

        def read(frame: bytes) -> tuple[Answer, bytes]:
            return self.judged.read(check, seed, frame), frame

        reply, frame = worker.reply(allowance, read, self.interrupted)
        self._note_opened(reply.opened if isinstance(reply, Result | Raised | Unsendable) else None)
        trace = self.submission.trace(reply)
        if isinstance(reply, Raised) and self.submission.left_over(reply):
            return Observed(left_over(reply), self._printed(worker), trace)
        return Observed(reply, self._printed(worker), trace, frame)

    def _printed(self, worker: Worker) -> str:
        return with_places(worker.take_output(), worker.folder, self.submission)

    def _allowance(self, worker: Worker, exercise: Exercise) -> Allowance:
        """Time of the exercise that is left in this worker."""
        if self._time is None or self._at != exercise.name:
            self._settle(worker.clock() or 0.0)
            self._time = Allowance(worker.clock, exercise.seconds, self._spent.get(exercise.name, 0.0))
            self._at = exercise.name
        return self._time

    def _settle(self, processor: float) -> None:
        """Add the time that the exercise used in the present worker to what it spent."""
        if self._time is not None:
            self._spent[self._at] = self._time.settled(processor)
            self._time = None

    def _send(self, worker: Worker, checks: Sequence[Round]) -> None:
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
        worker.send(b"".join(frames))
        self._ahead.extend(check.name for check, _ in checks[1 : len(frames)])

    def _no_longer(self, exercise: Exercise) -> str:
        """Reason why no check of this exercise is run any more; empty while its budgets last."""
        if unread := self.submission.unread.get(exercise.defines):
            return unread
        if stopped := self._stopped.get(exercise.name):
            return f"not run, because an earlier check was {stopped}"
        budget = self.target.lesson.seconds
        spent = self._total + (self._time.reading if self._time is not None else 0.0)
        if spent > budget or time.monotonic() - self._begun > whole_seconds(budget):
            return f"not run, because the submission has used up its {budget:.0f} s"
        return ""

    def _gone(self, exercise: Exercise, gone: WorkerGone) -> Observed:
        """Observation without an answer. If the worker was late, the exercise's later checks are not run either."""
        self._note_opened(None)
        if self._worker is None:
            return Observed(Stopped(gone.reason))
        printed = self._printed(self._worker)
        trace: tuple[Frame, ...] = ()
        reason = gone.reason
        if gone.late:
            stood = read_stack(self._worker.where(), self._worker.folder)
            trace, reason = frames_of(stood, self.submission), sentence(gone.late, stood, self.submission)
            self._stopped[exercise.name] = f"stopped after {gone.late}"
        self.close()
        return Observed(Stopped(reason), printed, trace)

    def _ready_for(self, exercise: Exercise) -> Worker:
        worker = self._worker
        changed = self._changed_by not in ("", exercise.name)
        # A fault after the last answer, perhaps in another thread, is not this check's fault.
        if (
            worker is not None
            and (changed or not self._ahead)
            and (changed or worker.limits.memory_mb != exercise.memory_mb or not worker.waits())
        ):
            self.close()
        if self._worker is None:
            longest = max(e.seconds for e in self.target.lesson.exercises)
            most = int(self.target.lesson.seconds + 2 * longest) + 60
            self._worker = self.workers.spawn(Limits(memory_mb=exercise.memory_mb, cpu_seconds=most))
            first = not self._load_failure
            self._load_failure = self._load(self._worker, max(LOAD_SECONDS, longest))
            self._was_loaded = self._was_loaded or not self._load_failure
            if self._load_failure and first:
                self.problems.append(self._load_failure)
        return self._worker

    def _load(self, worker: Worker, seconds: float) -> str:
        """Load the student's file. A sentence if this fails, else empty. Left-out lines are added to `problems`."""
        own = [self.submission.to_run, *_python(self.submission.files)]
        shared = self.target.files.shared.for_code([*own, *self.checks.texts])
        request = {
            "op": "load", "module": self.target.files.module, "text": self.submission.to_run.encode(),
            "file": self.submission.file,
            "files": {**self.submission.files, **shared},
            **({"opened": True} if self.opened is not None else {}),
        }  # fmt: skip
        try:
            reply = worker.call(request, seconds)
            worker.take_output()
        except WorkerGone as gone:
            reason = gone.reason
            if gone.late:  # a second try would be as late
                self._load_was_late = True
                reason = sentence(gone.late, read_stack(worker.where(), worker.folder), self.submission)
            return f"{self.submission.lines.file} could not be loaded: {reason}"
        self._note_opened(reply.opened if isinstance(reply, Loaded) else None)
        for problem in reply.problems[:MAX_LOAD_PROBLEMS] if isinstance(reply, Loaded) else ():
            note = self._problem(problem)
            if note not in self.problems:
                self.problems.append(note)
        return ""

    def _problem(self, problem: Problem) -> str:
        place, error = self.submission.lines.where(problem.line), problem.error
        readers = self.submission.dependants(problem.line)
        rest = f"this part was left out and the rest was graded{f'; {needing(readers)}' if readers else ''}"
        if error.type == TooLong.__name__:
            stood, waits = Stood(error.frames, importing=error.message == IMPORTING), error.message == WAITING
            trains = not waits and not stood.importing
            advice = "keep long trainings out of the file, or write down their results; " if trains else ""
            over = f"{load_time.LOAD_SECONDS:g} s of processor time"
            if waits:
                over = f"{load_time.WAITING_SECONDS:g} s of waiting"
            return f"{place}: loading the file was {sentence(over, stood, self.submission)}; {advice}{rest}"
        text = error_text(error)
        if error.type == "SyntaxError":
            text = reads(text, "")
        return f"{place}: {error.type}: {text}; {rest}"

    def close(self) -> None:
        """End the worker; the next experiment gets a fresh one."""
        worker, self._worker = self._worker, None
        self._ahead.clear()
        self._changed_by = ""
        if worker is not None:
            ended = worker.close()
            self._settle(ended.cpu)
            self._total += ended.cpu


def _python(files: dict[str, bytes]) -> list[str]:
    return [content.decode("utf-8", "replace") for name, content in files.items() if name.endswith(".py")]


def _together(rounds: Sequence[Round]) -> Sequence[Round]:
    """The first check, and the next ones that a worker may get with it.

    Prints do not name their check. So a public check, whose prints are shown, is sent alone. An isolated check is sent
    alone too, because it ends its worker.
    """
    alone = next((n for n, (check, _) in enumerate(rounds) if check.public or check.isolated), len(rounds))
    return rounds[: max(alone, 1)]
