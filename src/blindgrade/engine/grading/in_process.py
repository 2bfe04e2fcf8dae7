"""Grading in this process, without a sandbox: for trusted code (verify, simulate, mutants) and for `grade --debug`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, Reference, check_seed, observe
from blindgrade.engine.grading.loop import Loop, Round
from blindgrade.engine.judging.judging import ReferenceFailed, judge_by
from blindgrade.engine.judging.observed import Observed, left_over
from blindgrade.engine.submission.lines import trace_of
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import Answer, Raised, Stopped
from blindgrade.engine.worker.eager import eagerly
from blindgrade.engine.worker.lesson import LoadedLesson
from blindgrade.engine.worker.state import State, to_standard
from blindgrade.models import CheckResult, Exercise, ExerciseResult
from blindgrade.places import Place


@dataclass(frozen=True)
class InThisProcess:
    """Observes a module in this process. `submission` is the source of a student's module."""

    checks: LessonChecks
    load: Callable[[], LoadedLesson]  # called for each check
    device: str = "cpu"
    submission: LessonSubmission | None = None

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """See `Observer`."""
        check, seed = rounds[0]
        if self.submission is None:
            reply = observe(self.checks, check, self.load(), seed, self.device)
            return Observed(reply, trace=trace_of(reply))
        if unread := self.submission.unread.get(exercise.defines):
            return Observed(Stopped(unread))
        reply = self._of_a_student(check, seed)
        if isinstance(reply, Raised) and self.submission.left_over(reply):
            reply = left_over(reply)
        return Observed(reply, trace=self.submission.trace(reply))

    def _of_a_student(self, check: Check, seed: int) -> Answer:
        """Reply of a student's module. What the file and the experiment change is set back afterwards."""
        before = State()
        to_standard()
        try:
            with eagerly():
                lesson = self.load()
                own = replace(lesson, state=State([lesson.module]))
                return observe(self.checks, check, own, seed, self.device)
        finally:
            before.restore()

    def names_used(self, exercise: Exercise) -> set[str] | None:
        """See `Observer`."""
        return self.submission.names_used(exercise.defines) if self.submission is not None else None

    def definition(self, exercise: Exercise) -> Place | None:
        """See `Observer`."""
        return self.submission.definition(exercise.defines) if self.submission is not None else None


@dataclass(frozen=True)
class Trusted:
    """Grades trusted modules. Raises ReferenceFailed, which names the check, if the course is at fault."""

    checks: LessonChecks
    reference: Reference
    device: str = "cpu"

    @classmethod
    def by(cls, reference: LiveReference) -> Trusted:
        """Grader with the reference's own checks, on the reference's device."""
        return cls(reference.checks, reference, reference.device)

    def exercise(
        self, exercise: Exercise, module: LoadedLesson, seed: int, *, diagnosed: bool = True
    ) -> ExerciseResult:
        """Result of one exercise, independent of the exercises that it requires."""
        return self._loop(module, seed, diagnosed).alone(exercise)

    def lesson(self, module: LoadedLesson, seed: int, *, diagnosed: bool = True) -> list[ExerciseResult]:
        """Results of all exercises of the lesson."""
        loop = self._loop(module, seed, diagnosed)
        return [loop.exercise(exercise.name) for exercise in self.checks.lesson.exercises]

    def check(self, check: Check, module: LoadedLesson, seed: int) -> CheckResult:
        """Result of one check, in an attempt with this seed."""
        own = check_seed(seed, self.checks.lesson.id, check)
        exercise = self.checks.lesson.exercise(check.exercise)
        return self._judge(check, own, self._observer(module).observe(exercise, [(check, own)]))

    def _observer(self, module: LoadedLesson) -> InThisProcess:
        return InThisProcess(self.checks, lambda: module, self.device)

    def _loop(self, module: LoadedLesson, seed: int, diagnosed: bool) -> Loop:
        # No seconds: nobody reads them for trusted code, and they would make simulated attempts differ from run to run.
        return Loop(
            self.checks, self.reference, seed, self._observer(module), self._judge, diagnosed=diagnosed, timed=False
        )

    def _judge(self, check: Check, seed: int, seen: Observed) -> CheckResult:
        try:
            return judge_by(self.reference, check, seen.reply, seed, seen.trace)
        except ReferenceFailed as error:
            raise ReferenceFailed(f"{check.name}: {error}") from error
