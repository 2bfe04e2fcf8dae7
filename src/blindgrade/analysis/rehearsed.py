"""Attempts of a simulated cohort without grading every submission: each distinct answer is rehearsed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from blindgrade.analysis.composing import Pieces
from blindgrade.analysis.simulation import Choice, SimulatedCohort, Version
from blindgrade.engine.lesson_checks import LessonChecks, provide_toys
from blindgrade.engine.reference import LiveReference
from blindgrade.engine.rehearsal import rehearse_exercise
from blindgrade.engine.scoring import block
from blindgrade.models import Attempt, Exercise, ExerciseResult, Kind, Outcome, SubmissionRef

SOLVED = Choice("solution")


class Rehearsals:
    """One lesson's results by what was written: alternatives count as the solution, which `course verify` proves."""

    def __init__(self, pieces: Pieces, seed: int) -> None:
        self.pieces = pieces
        self.seed = seed
        self.reference = LiveReference(LessonChecks(pieces.files, pieces.lesson), pieces.solution)
        self._results: dict[tuple[str, tuple[tuple[str, Choice], ...]], ExerciseResult] = {}

    def attempt(self, student: str, version: Version) -> Attempt:
        """What grading this version gives."""
        lesson = self.pieces.lesson
        outcomes: dict[str, Outcome] = {}
        results = []
        for exercise in lesson.exercises:
            result = block(exercise, self._result(exercise, version.choices), outcomes)
            outcomes[exercise.name] = result.outcome
            results.append(result)
        submitted = version.submitted_at.isoformat().replace("+00:00", "Z")
        graded = (version.submitted_at + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        digest = hashlib.sha256(repr(sorted(version.choices.items())).encode()).hexdigest()
        return Attempt(
            lesson=lesson.id,
            title=lesson.title,
            points=round(sum(r.points for r in results), 6),
            max_points=lesson.max_points,
            submission=SubmissionRef(path=student, sha256=digest),
            student=student,
            submitted_at=submitted,
            graded_at=graded,
            seed=self.seed,
            reference="live",
            sandbox="none",
            seconds=round(sum(c.seconds for r in results for c in r.checks), 3),
            exercises=results,
        )

    def _result(self, exercise: Exercise, choices: dict[str, Choice]) -> ExerciseResult:
        own = choices[exercise.name]
        wrong = {n: choices[n] for n in self._closure(exercise) if not choices[n].right}
        if not own.right:
            wrong = {}  # a wrong answer is blocked or named by itself
        relevant = {**wrong, exercise.name: SOLVED if own.right else own}
        key = (exercise.name, tuple(sorted(relevant.items(), key=lambda item: item[0])))
        if key not in self._results:
            if wrong and exercise.kind is Kind.TRAINING:
                # Training with a wrong part takes long and fails as a rule, so it is taken as failed.
                self._results[key] = self._failed(exercise)
            else:
                self._results[key] = self._rehearse(exercise, relevant, diagnosed=not wrong)
        return self._results[key]

    def _rehearse(self, exercise: Exercise, choices: dict[str, Choice], *, diagnosed: bool) -> ExerciseResult:
        provide_toys(self.pieces.files)
        module = self.pieces.solution.load(self.pieces.text(choices))
        return rehearse_exercise(exercise, module, self.reference, self.seed, diagnosed=diagnosed)

    def _failed(self, exercise: Exercise) -> ExerciseResult:
        passed = self._result(exercise, {e.name: SOLVED for e in self.pieces.lesson.exercises})
        checks = [c.model_copy(update={"outcome": Outcome.FAILED}) for c in passed.checks]
        return passed.model_copy(update={"outcome": Outcome.FAILED, "points": 0.0, "checks": checks})

    def _closure(self, exercise: Exercise) -> set[str]:
        found: set[str] = set()
        pending = list(exercise.requires_here)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += self.pieces.lesson.exercise(name).requires_here
        return found


def attempts(rehearsals: Rehearsals, cohort: SimulatedCohort) -> Iterator[Attempt]:
    """Every attempt of the cohort at the lesson, student by student in the order of time."""
    for student in cohort.students:
        for version in student.versions.get(rehearsals.pieces.lesson.id, ()):
            yield rehearsals.attempt(student.id, version)


def write_attempts(
    pieces: list[Pieces], cohort: SimulatedCohort, folder: Path, tell: Callable[[str], None] = lambda lesson: None
) -> int:
    """Write the cohort's attempts as `FOLDER/<lesson>/<student>/<key>.json`; returns how many."""
    count = 0
    for piece in pieces:
        for attempt in attempts(Rehearsals(piece, cohort.seed), cohort):
            text = attempt.model_dump_json(by_alias=True, indent=1) + "\n"
            path = folder / attempt.lesson / str(attempt.student)
            path.mkdir(parents=True, exist_ok=True)
            (path / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json").write_text(text, encoding="utf-8")
            count += 1
        tell(piece.lesson.id)
    return count
