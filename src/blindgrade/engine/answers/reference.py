"""Sources of expected results: the live solution, or an answer key that was recorded for a public seed."""

from __future__ import annotations

from typing import Protocol

from blindgrade.checks import Check, derive
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.answers.given import Given, given_in
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import Answer, Unsendable, crossed
from blindgrade.engine.worker.lesson import LoadedLesson


def check_seed(seed: int, lesson: str, check: Check) -> int:
    """Seed of one check in an attempt with `seed`."""
    return derive(seed, lesson, check.name)


def observe(checks: LessonChecks, check: Check, module: LoadedLesson, seed: int, device: str = "cpu") -> Answer:
    """Run the check's experiment on a module in this process. The reply is as it would cross the wire."""
    drawn, data = check.prepare(seed)
    reply = checks.experiment(check).run(module, drawn, device, frames.copy(data))
    try:
        return crossed(reply)
    except frames.WireError as error:
        return Unsendable(str(error))


class Reference(Protocol):
    """Expected results of a lesson's checks."""

    kind: str

    def expected(self, check: Check, seed: int) -> Answer | Keyed | None:
        """Reply of the reference for the check's seed; None if the check needs none."""
        ...

    def own(self, check: Check, seed: int) -> Answer | Keyed | None:
        """Reply of the reference, also for a check that needs none; None if there is no reply."""
        ...

    def given(self, check: Check, seed: int) -> Given:
        """Arguments that the check gives to the exercise's code, as digests; none if they are not known."""
        ...

    def hints(self, exercise: str) -> dict[str, str]:
        """Hints of the exercise's misconceptions by their names, in the order of the course."""
        ...

    def of_misconception(self, exercise: str, name: str, check: Check, seed: int) -> Answer | Digest | Keyed | None:
        """Reply of a misconception to the check; None if it is not known."""
        ...


class LiveReference:
    """Reference that runs the solution once for each check and seed, and remembers its reply."""

    kind = "live"

    def __init__(self, checks: LessonChecks, solution: Solution, device: str = "cpu") -> None:
        self.checks = checks
        self.solution = solution
        self.device = device
        self._replies: dict[tuple[str, int], Answer] = {}
        self._given: dict[tuple[str, int], Given] = {}
        self._wrong: dict[tuple[str, str, str, int], Answer] = {}
        self._loaded: dict[tuple[str, str], LoadedLesson] = {}

    def expected(self, check: Check, seed: int) -> Answer | None:
        """See `Reference`."""
        return self.own(check, seed) if check.reference else None

    def own(self, check: Check, seed: int) -> Answer:
        """Reply of the solution, also for a check that needs none."""
        key = (check.name, seed)
        if key not in self._replies:
            self._replies[key] = observe(self.checks, check, self.solution.module, seed, self.device)
        return self._replies[key]

    def given(self, check: Check, seed: int) -> Given:
        """See `Reference`. The experiment runs once more for this."""
        key = (check.name, seed)
        if key not in self._given:
            defines = self.checks.lesson.exercise(check.exercise).defines
            self._given[key] = given_in(
                defines, self.solution.module, lambda lesson: observe(self.checks, check, lesson, seed, self.device)
            )
        return self._given[key]

    def remember(self, check: Check, seed: int, reply: Answer) -> None:
        """Store a reply of the solution that was computed elsewhere for this check and seed."""
        self._replies[check.name, seed] = reply

    def hints(self, exercise: str) -> dict[str, str]:
        """See `Reference`."""
        return {variant.name: variant.hint for variant in self.misconceptions(exercise)}

    def of_misconception(self, exercise: str, name: str, check: Check, seed: int) -> Answer:
        """See `Reference`. The misconception runs when its reply is first asked for."""
        variant = next(v for v in self.misconceptions(exercise) if v.name == name)
        return self.of_variant(variant, check, seed)

    def of_variant(self, variant: Variant, check: Check, seed: int) -> Answer:
        """Reply of a known wrong answer. It is remembered, because many students share a misconception."""
        key = (variant.exercise, variant.name, check.name, seed)
        if key not in self._wrong:
            if (variant.exercise, variant.name) not in self._loaded:
                self._loaded[variant.exercise, variant.name] = self.solution.variant(variant)
            module = self._loaded[variant.exercise, variant.name]
            self._wrong[key] = observe(self.checks, check, module, seed, self.device)
        return self._wrong[key]

    def misconceptions(self, exercise: str) -> list[Variant]:
        """Known wrong answers to the exercise."""
        return [v for v in self.solution.known.wrong if v.exercise == exercise]
