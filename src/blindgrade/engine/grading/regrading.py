"""Regrading of lessons while their files change. Only changed exercises are graded again; other results are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from blindgrade import seeds
from blindgrade.catalog import Target
from blindgrade.engine.answers.reference import LiveReference, check_seed
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.runner import grade_lesson
from blindgrade.engine.grading.worker_client import Interrupted
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.submission.fingerprints import DoesNotParse, Fingerprint, fingerprints, to_grade
from blindgrade.engine.submission.reading import LessonSubmission, SubmissionError, read_submission
from blindgrade.models import Attempt, Exercise, ExerciseResult, Kind, Outcome

KEPT = "the last results stay on screen until the file"


class Wave(Enum):
    """Order of grading: first the code that was edited, then the code that uses it, then training, which takes long."""

    EDITED = 1
    TOUCHED = 2
    TRAINED = 3


@dataclass
class Regrading:
    """Last result of each exercise, and the fingerprint of the code that it belongs to.

    All gradings use one seed, so that the reference's results are computed once. `newer` is called often. It returns
    True if a later save waits, and then a training that runs is ended.
    """

    targets: list[Target]
    submission: Path
    options: Options
    warm: Workers
    newer: Callable[[], bool] = lambda: False
    results: dict[str, dict[str, ExerciseResult]] = field(default_factory=dict)  # by lesson, then exercise
    problems: dict[str, list[str]] = field(default_factory=dict)  # by lesson; "" holds those of the whole submission

    def __post_init__(self) -> None:
        self._digests: dict[str, dict[str, Fingerprint]] = {}
        self.superseded = False
        self._begin()

    def _begin(self) -> None:
        self._references = References()
        self._seed = self.options.seed if self.options.seed is not None else seeds.draw()

    def regrade(self, *, everything: bool = False) -> Iterator[Attempt]:
        """Grade the exercises that changed since the last time, edited code first.

        With `everything`, grade all exercises with a fresh seed. If a later save waits, the grading ends early without
        an error and sets `superseded`. Exercises that were not graded are graded next time. Raises the errors of
        `grade_lesson`.
        """
        self.superseded = False
        if everything:
            self._digests.clear()
            self._begin()
        try:
            jobs = self._changed()
        except SubmissionError as error:
            self.problems = {"": [f"{error}; {KEPT} can be read"]}
            return
        for wave in Wave:
            for target, found, digests in jobs:
                names = [name for name in digests if self._wave(target, name, digests[name]) is wave]
                if not names:
                    continue
                try:
                    attempt = self._grade(replace(target, exercises=tuple(names)), found)
                except Interrupted:
                    self.superseded = True
                    return
                new = {name: digests.pop(name) for name in names}
                self._digests.setdefault(target.files.entry.id, {}).update(new)
                yield attempt

    def _wave(self, target: Target, name: str, new: Fingerprint) -> Wave:
        if target.lesson.exercise(name).kind is Kind.TRAINING:
            return Wave.TRAINED
        old = self._digests.get(target.files.entry.id, {}).get(name)
        return Wave.EDITED if old is None or old.own != new.own else Wave.TOUCHED

    def prepare(self) -> None:
        """Run known wrong answers ahead of time, so that a diagnosis is fast. Stop if a later save waits.

        Exercises that have not passed come first, because the student works on them.
        """
        work = [(t, e) for t in self.targets for e in t.lesson.exercises if e.name in t.exercises]
        work = [(t, e) for t, e in work if e.kind is not Kind.TRAINING and self._live(t)]
        for target, exercise in sorted(work, key=lambda one: self._passed(*one)):
            lesson = target.files.entry.id
            checks, reference = self._references.of(target, self._options(target))
            if not isinstance(reference, LiveReference):
                continue
            for variant in reference.misconceptions(exercise.name):
                for check in checks.of(exercise.name):
                    if self.newer():
                        return
                    reference.of_variant(variant, check, check_seed(self._seed, lesson, check))

    def _passed(self, target: Target, exercise: Exercise) -> bool:
        result = self.results.get(target.files.entry.id, {}).get(exercise.name)
        return result is not None and result.outcome is Outcome.PASSED

    def _changed(self) -> list[tuple[Target, LessonSubmission, dict[str, Fingerprint]]]:
        """Lessons that changed, with the new digests of the exercises to grade."""
        defined = {t.files.entry.id: {e.defines for e in t.lesson.exercises} for t in self.targets}
        submissions = read_submission(self.submission, [t.files for t in self.targets], defined)
        self.problems.pop("", None)
        jobs = []
        for target in self.targets:
            found = submissions[target.files.entry.id]
            digests = self._digests_of(target, found)
            if found is not None and digests:
                jobs.append((target, found, digests))
        return jobs

    def _digests_of(self, target: Target, found: LessonSubmission | None) -> dict[str, Fingerprint]:
        lesson = target.files.entry.id
        old, results = self._digests.get(lesson, {}), self.results.get(lesson, {})
        if found is None or found.unreadable:
            why = found.unreadable if found else f"there is no {target.files.module}.py or .ipynb; put it back"
            self.problems[lesson] = [f"{why}; {KEPT} can be read"]
            return {}
        try:
            new = fingerprints(found, target.lesson)
        except DoesNotParse as error:
            if results:
                self.problems[lesson] = [f"{error}; {KEPT} parses"]
                return {}
            new = dict.fromkeys(target.exercises, Fingerprint())  # the engine grades the part of the file that runs
        if results:
            self.problems[lesson] = []
        changed = {name for name in target.exercises if old.get(name) != new[name]}
        outcomes = {name: result.outcome for name, result in results.items()}
        return {n: new[n] for n in to_grade(target.lesson, changed, outcomes) if n in target.exercises}

    def _grade(self, target: Target, found: LessonSubmission) -> Attempt:
        attempt = grade_lesson(target, found, self.submission, self._options(target), self.warm, self._references)
        self.results.setdefault(attempt.lesson, {}).update({r.name: r for r in attempt.exercises})
        self.problems[attempt.lesson] = attempt.problems
        return attempt

    def _live(self, target: Target) -> bool:
        return self.options.reference != "key" and target.files.solution.is_file()

    def _options(self, target: Target) -> Options:
        seed = self._seed if self._live(target) else self.options.seed  # an answer key has its own seed
        return replace(self.options, seed=seed, interrupted=self.newer, finished=None)
