"""Grading loop: observe and judge each check, then diagnose, score and block. It works with every observer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import Reference, check_seed
from blindgrade.engine.judging.diagnosis import Seen, diagnose
from blindgrade.engine.judging.judging import ReferenceFailed, result_of
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.judging.scoring import block, score
from blindgrade.models import CheckResult, Exercise, ExerciseResult, Outcome
from blindgrade.places import Place

Round = tuple[Check, int]  # a check and its seed
Judge = Callable[[Check, int, Observed], CheckResult]


class Observer(Protocol):
    """Runs checks' experiments on a student's code: in a worker, in this process, or on a notebook kernel's objects."""

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        """Observation of the first of these checks. The loop asks for the others next, in this order."""
        ...

    def definition(self, exercise: Exercise) -> Place | None:
        """Place of the exercise's definition, shown if no line is to blame. None if it is not known."""
        ...

    def names_used(self, exercise: Exercise) -> set[str] | None:
        """Names of the student's file that the exercise's definition uses. None if it is not known."""
        ...


@dataclass
class Loop:
    """Grades a lesson's exercises, each once.

    `judge` raises ReferenceFailed if the course is at fault. With `timed`, results have seconds. `go_on` is called
    before each known wrong answer is tried. It may raise an exception to end the grading. `keep` gets every check that
    was run.
    """

    checks: LessonChecks
    reference: Reference
    seed: int
    observer: Observer
    judge: Judge
    diagnosed: bool = True
    timed: bool = True
    go_on: Callable[[], None] = lambda: None
    keep: Callable[[Seen], None] = lambda seen: None
    _graded: dict[str, ExerciseResult] = field(default_factory=dict)

    def exercise(self, name: str) -> ExerciseResult:
        """Result of the exercise. It is blocked if it failed and an exercise that it uses failed too."""
        exercise = self.checks.lesson.exercise(name)
        result = self.alone(exercise)
        if result.outcome is not Outcome.FAILED:
            return result
        # A required exercise may be to blame, even if the user did not ask for it.
        required = [self.checks.lesson.exercise(n) for n in exercise.requires_here if self.checks.of(n)]
        names = self.observer.names_used(exercise) if required else None
        used = [other for other in required if may_blame(self.checks, exercise, other, names)]
        return block(exercise, result, {other.name: self.alone(other).outcome for other in used})

    def alone(self, exercise: Exercise) -> ExerciseResult:
        """Result of the exercise, independent of the exercises that it requires."""
        if exercise.name not in self._graded:
            self._graded[exercise.name] = self._grade(exercise)
        return self._graded[exercise.name]

    def _grade(self, exercise: Exercise) -> ExerciseResult:
        # Isolated checks end their worker, so they come last.
        checks = sorted(self.checks.of(exercise.name), key=lambda check: check.isolated)
        rounds = [(check, check_seed(self.seed, self.checks.lesson.id, check)) for check in checks]
        all_seen: list[Seen] = []
        output = ""
        for number, (check, _) in enumerate(rounds):
            seen, printed = self._round(exercise, rounds[number:])
            output += printed if check.public else ""
            all_seen.append(seen)
        if self.diagnosed:
            diagnose(exercise, all_seen, self.reference, self.go_on)
        return score(exercise, [seen.result for seen in all_seen], output)

    def _round(self, exercise: Exercise, rounds: Sequence[Round]) -> tuple[Seen, str]:
        """The first of these checks with its result, and the text that it printed."""
        check, seed = rounds[0]
        begun = time.monotonic()
        observed = self.observer.observe(exercise, rounds)
        seconds = time.monotonic() - begun
        result = self.judge(check, seed, observed)
        if self.timed:
            result.seconds = round(seconds, 4)
        if result.outcome is Outcome.FAILED and result.where is None:
            result.where = self.observer.definition(exercise)
        seen = Seen(check, seed, observed.reply, result)
        self.keep(seen)
        return seen, observed.printed


def may_blame(checks: LessonChecks, exercise: Exercise, other: Exercise, names: set[str] | None) -> bool:
    """Whether the failure of `other` may be the reason for this one's: its code uses it, or one of its checks does.

    `names` are those that the code uses; None if they are not known.
    """
    if names is None or other.defines in names:
        return True
    name = re.compile(rf"\.{other.defines}\b")
    return any(name.search(text) for check in checks.of(exercise.name) for text in checks.slice(check).values())


def forgiving(judge: Judge) -> Judge:
    """Judge for students. If the course is at fault, the check has the outcome `error`, which costs no points."""

    def judged(check: Check, seed: int, observed: Observed) -> CheckResult:
        try:
            return judge(check, seed, observed)
        except ReferenceFailed as error:
            text = f"the grader could not judge this check, which costs no points ({error})"
            return result_of(check, Outcome.ERROR, text)

    return judged
