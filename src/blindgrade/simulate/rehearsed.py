"""Attempts of a simulated cohort, without grading every submission.

Each distinct answer is graded once in this process. If that would take minutes, its results are assumed from the kind
of the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from blindgrade import clock
from blindgrade.attempts.store import AttemptStore
from blindgrade.engine.answers.lesson_checks import LessonChecks, provide_toys
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.engine.grading.loop import may_blame
from blindgrade.engine.judging.judging import result_of
from blindgrade.engine.judging.scoring import block, score
from blindgrade.engine.submission.calls import names_used
from blindgrade.models import Attempt, Exercise, ExerciseResult, Kind, Outcome, SubmissionRef
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.simulation import Choice, SimulatedCohort, Version

SOLVED = Choice("solution")


class Rehearsals:
    """Results of one lesson by the students' choices.

    An alternative has the solution's result, because `course verify` proves that they are equal. With `assumed` no code
    runs. Then a solved exercise passes and a stub is not attempted. A misconception fails its exercise's first check,
    which names it, and about half of the other checks: the same ones for every student with this misconception.
    """

    def __init__(self, pieces: Pieces, seed: int, *, assumed: bool = False) -> None:
        self.pieces = pieces
        self.seed = seed
        self.assumed = assumed
        self.checks = LessonChecks(pieces.files, pieces.lesson)
        self.reference = LiveReference(self.checks, pieces.solution)
        self._names: dict[tuple[str, Choice], set[str] | None] = {}
        self._results: dict[tuple[str, tuple[tuple[str, Choice], ...]], ExerciseResult] = {}

    def attempt(self, student: str, version: Version) -> Attempt:
        """Attempt that grading this version gives."""
        lesson = self.pieces.lesson
        outcomes: dict[str, Outcome] = {}
        results = []
        for exercise in lesson.exercises:
            result = self._result(exercise, version.choices)
            if result.outcome is Outcome.FAILED and exercise.requires_here:
                result = block(exercise, result, self._to_blame(exercise, version.choices[exercise.name], outcomes))
            outcomes[exercise.name] = result.outcome
            results.append(result)
        submitted = clock.utc(version.submitted_at, "auto")
        graded = clock.utc(version.submitted_at + timedelta(minutes=1), "auto")
        digest = hashlib.sha256(repr(sorted(version.choices.items())).encode()).hexdigest()
        attempt = Attempt.of(
            lesson, results, SubmissionRef(path=student, sha256=digest), seed=self.seed, graded_at=graded
        )
        return attempt.model_copy(update={"student": student, "submitted_at": submitted})

    def _result(self, exercise: Exercise, choices: dict[str, Choice]) -> ExerciseResult:
        own = choices[exercise.name]
        wrong = {n: choices[n] for n in self._closure(exercise) if not choices[n].right}
        if not own.right:
            wrong = {}  # a wrong answer is named without the others
        relevant = {**wrong, exercise.name: SOLVED if own.right else own}
        key = (exercise.name, tuple(sorted(relevant.items(), key=lambda item: item[0])))
        if key not in self._results:
            if self.assumed or (wrong and exercise.kind is Kind.TRAINING):
                # Training with a wrong part takes long and usually fails, so this result is always assumed.
                self._results[key] = self._assume(exercise, own, blocked=bool(wrong))
            else:
                self._results[key] = self._rehearse(exercise, relevant, diagnosed=not wrong)
        return self._results[key]

    def _rehearse(self, exercise: Exercise, choices: dict[str, Choice], *, diagnosed: bool) -> ExerciseResult:
        provide_toys(self.pieces.files)
        module = self.pieces.solution.load(self.pieces.text(choices))
        return Trusted.by(self.reference).exercise(exercise, module, self.seed, diagnosed=diagnosed)

    def _assume(self, exercise: Exercise, own: Choice, *, blocked: bool) -> ExerciseResult:
        checks = []
        for number, check in enumerate(self.checks.of(exercise.name)):
            fails = not own.right and (number == 0 or _coin(own.name, check.name))
            outcome = Outcome.FAILED if fails or blocked else Outcome.PASSED
            found = result_of(check, Outcome.NOT_ATTEMPTED if own.kind == "stub" else outcome)
            if own.kind == "misconception" and number == 0:
                found.misconception = own.name
                found.hint = self.pieces.variants[exercise.name, own].hint
            checks.append(found)
        return score(exercise, checks)

    def _to_blame(self, exercise: Exercise, own: Choice, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Outcomes of the required exercises that this answer uses, as a grading would blame them."""
        if (exercise.name, own) not in self._names:
            text = self.pieces.text({exercise.name: own})
            self._names[exercise.name, own] = names_used(text, exercise.defines)
        names = self._names[exercise.name, own]
        required = [self.pieces.lesson.exercise(name) for name in exercise.requires_here]
        return {
            other.name: outcomes[other.name]
            for other in required
            if other.name in outcomes and may_blame(self.checks, exercise, other, names)
        }

    def _closure(self, exercise: Exercise) -> set[str]:
        found: set[str] = set()
        pending = list(exercise.requires_here)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += self.pieces.lesson.exercise(name).requires_here
        return found


def _coin(*names: str) -> bool:
    return hashlib.sha256("/".join(names).encode()).digest()[0] % 2 == 0


def attempts(rehearsals: Rehearsals, cohort: SimulatedCohort) -> Iterator[Attempt]:
    """Every attempt of the cohort at the lesson, by student and time."""
    for student in cohort.students:
        for version in student.versions.get(rehearsals.pieces.lesson.id, ()):
            yield rehearsals.attempt(student.id, version)


def write_attempts(
    pieces: list[Pieces],
    cohort: SimulatedCohort,
    folder: Path,
    *,
    assumed: bool = False,
    report: Callable[[str], None] = lambda lesson: None,
) -> int:
    """Write the cohort's attempts as `FOLDER/<lesson>/<student>/<key>.json`; return their number."""
    count = 0
    store = AttemptStore(folder, durable=False)
    for piece in pieces:
        for attempt in attempts(Rehearsals(piece, cohort.seed, assumed=assumed), cohort):
            key = hashlib.sha256(attempt.model_dump_json().encode()).hexdigest()[:32]
            store.write(attempt.model_copy(update={"key": key}))
            count += 1
        report(piece.lesson.id)
    return count
