"""Lessons graded again and again while their files change: only what changed, against results that are kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.engine.changes import DoesNotParse, fingerprints, to_grade
from blindgrade.engine.runner import MAX_SEED, Options, References, grade_lesson
from blindgrade.engine.submission import LessonSubmission, SubmissionError, read_submission
from blindgrade.engine.workers import Zygote
from blindgrade.models import Attempt, ExerciseResult, Kind, Outcome

STANDS = "the last verdicts stand until that is mended"


class Superseded(Exception):
    """The files changed again while they were graded, so this grading is of no use."""


@dataclass
class Session:
    """The last result of each exercise, and what it was of.

    One seed holds for the whole session, so that the reference's results are computed once. `newer` is asked between
    exercises whether a later save waits.
    """

    targets: list[Target]
    submission: Path
    options: Options
    warm: Zygote
    newer: Callable[[], bool] = lambda: False
    results: dict[str, dict[str, ExerciseResult]] = field(default_factory=dict)  # by lesson, then exercise
    problems: dict[str, list[str]] = field(default_factory=dict)  # by lesson; "" holds those of the whole submission

    def __post_init__(self) -> None:
        self._digests: dict[str, dict[str, str]] = {}
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        self._references = References()
        self._seed = self.options.seed if self.options.seed is not None else secrets.randbelow(MAX_SEED)

    def regrade(self, *, everything: bool = False) -> Iterator[Attempt]:
        """Grade what changed since the last time, trainings last; with `everything` all of it, with a fresh seed.

        Ends early without an error if a later save waits: what was not graded still counts as changed. Raises what
        `grade_lesson` raises.
        """
        if everything:
            self._digests.clear()
            self._begin_afresh()
        try:
            jobs = self._changed()
        except SubmissionError as error:
            self.problems = {"": [f"{error}; {STANDS}"]}
            return
        for training in (False, True):
            for target, found, digests in jobs:
                names = [n for n in digests if (target.lesson.exercise(n).kind is Kind.TRAINING) == training]
                if not names:
                    continue
                try:
                    attempt = self._grade(replace(target, exercises=tuple(names)), found)
                except Superseded:
                    return
                self._digests.setdefault(target.files.entry.id, {}).update({n: digests[n] for n in names})
                yield attempt

    def _changed(self) -> list[tuple[Target, LessonSubmission, dict[str, str]]]:
        """Each lesson that changed, with the new digests of the exercises to grade."""
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

    def _digests_of(self, target: Target, found: LessonSubmission | None) -> dict[str, str]:
        lesson = target.files.entry.id
        old, results = self._digests.get(lesson, {}), self.results.get(lesson, {})
        if found is None or found.unreadable:
            why = found.unreadable if found else f"there is no {target.files.module}.py or .ipynb; put it back"
            self.problems[lesson] = [f"{why}; {STANDS}"]
            return {}
        try:
            new = fingerprints(found, target.lesson)
        except DoesNotParse as error:
            if results:
                self.problems[lesson] = [f"{error}; {STANDS}"]
                return {}
            new = dict.fromkeys(target.exercises, "")  # the engine grades what of the file does run
        if results:
            self.problems[lesson] = []
        changed = {name for name in target.exercises if old.get(name) != new[name]}
        outcomes = {name: result.outcome for name, result in results.items()}
        return {n: new[n] for n in to_grade(target.lesson, changed, outcomes) if n in target.exercises}

    def _grade(self, target: Target, found: LessonSubmission) -> Attempt:
        live = self.options.reference != "key" and target.files.solution.is_file()
        options = replace(
            self.options, seed=self._seed if live else self.options.seed, progress=self._tell, finished=None
        )
        attempt = grade_lesson(target, found, self.submission, options, self.warm, self._references)
        self.results.setdefault(attempt.lesson, {}).update({r.name: r for r in attempt.exercises})
        self.problems[attempt.lesson] = attempt.problems
        return attempt

    def _tell(self, lesson: str, exercise: str, outcome: Outcome | None) -> None:
        if outcome is None and self.newer():
            raise Superseded
        if self.options.progress is not None:
            self.options.progress(lesson, exercise, outcome)
