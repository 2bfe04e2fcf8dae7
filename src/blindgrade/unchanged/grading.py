"""Grading of the exercises that changed: the results of unchanged exercises are shown as they were, without a run.

An exercise is unchanged if its code, its checks, the answer key, the grader, Python, torch and all files that the code
opened are as they were. The fingerprints are those of `grade --watch`. Only public checks of a student's own files are
graded like this, and no mark follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.engine.answers.answer_key import KEY_SEED
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.runner import GraderFailed, all_checks, grade_each, grade_lesson
from blindgrade.engine.grading.worker_client import SandboxMissing, ZygoteFailed
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.submission.fingerprints import DoesNotParse, fingerprints
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import UNKNOWN
from blindgrade.models import Attempt, ExerciseResult, Grading, Kind, Outcome, SubmissionRef
from blindgrade.unchanged.keys import exercise_key, lesson_key, loading_key, stamp
from blindgrade.unchanged.store import KeptLesson, KeptResult, Store


@dataclass(frozen=True)
class Grader:
    """Grades a student's own files in a warm process. With `again`, every exercise is run."""

    store: Store
    warm: Workers
    references: References
    again: bool = False

    def grade(self, targets: list[Target], submission: Path, options: Options) -> Grading:
        """Grading of the targets, with the errors of `runner.grade`."""
        return grade_each(targets, submission, options, partial(self._lesson, path=submission, options=options))

    def _lesson(self, target: Target, found: LessonSubmission | None, path: Path, options: Options) -> Attempt:
        begun = time.monotonic()
        keys = self._keys(target, found, options)
        checks, _ = self.references.of(target, options)
        checked = tuple(name for name in target.exercises if checks.of(name))
        if found is None or not keys or not checked:
            return grade_lesson(target, found, path, options, self.warm, self.references)
        target = replace(target, exercises=checked)
        kept = KeptLesson() if self.again else self.store.lesson(target.files.entry.id)
        now = cache(stamp)  # exercises of one lesson often have the same opened files
        same = {n: one for n in target.exercises if (one := kept.results.get(n)) and _holds(one, keys[n], found, now)}
        if len(same) == len(target.exercises) and not _same_problems(list(same.values()), found):
            del same[_quickest(target, same)]  # the file must be loaded again, and then one exercise is run
        old = {name: one.result.model_copy(update={"cached": True}) for name, one in same.items()}
        if len(old) == len(target.exercises):
            return self._as_it_was(target, found, path, options, list(same.values()), old, begun)
        return self._partly(target, found, path, options, keys, old)

    def _keys(self, target: Target, found: LessonSubmission | None, options: Options) -> dict[str, str]:
        """Key of each exercise. Empty if the file cannot be read as a whole: then every exercise is run."""
        if found is None or found.unreadable or found.empty or found.readable is not None:
            return {}
        try:
            code = fingerprints(found, target.lesson)
        except DoesNotParse:
            return {}
        lesson = lesson_key(target, options, self._sandbox())
        return {e.name: exercise_key(lesson, target.lesson, e, code) for e in target.lesson.exercises}

    def _sandbox(self) -> str:
        try:
            return self.warm.ready().sandbox
        except SandboxMissing:
            raise
        except ZygoteFailed as error:
            raise GraderFailed(str(error)) from None

    def _as_it_was(
        self, target: Target, found: LessonSubmission, path: Path, options: Options, same: list[KeptResult],
        old: dict[str, ExerciseResult], begun: float,
    ) -> Attempt:  # fmt: skip
        problems = next((one.problems for one in same), [])
        for result in old.values():
            _report(options, target, result, problems)
        return Attempt.of(
            target.lesson,
            list(old.values()),
            SubmissionRef(path=str(path), sha256=found.sha256),
            seed=KEY_SEED,
            reference="key",
            sandbox=same[0].sandbox,
            seconds=time.monotonic() - begun,
            problems=problems,
            not_limited=same[0].not_limited,
            checks=self._all_checks(target, options, list(old.values())),
        )

    def _partly(
        self, target: Target, found: LessonSubmission, path: Path, options: Options, keys: dict[str, str],
        old: dict[str, ExerciseResult],
    ) -> Attempt:  # fmt: skip
        """Run the exercises that are not in `old`."""
        lesson = target.files.entry.id
        opened: dict[str, set[str]] = {lesson: set()}
        fresh = replace(target, exercises=tuple(name for name in target.exercises if name not in old))
        hooks = replace(options, opened=opened, graded=_with_old(options, target, old))
        attempt = grade_lesson(fresh, found, path, hooks, self.warm, self.references)
        self._keep(target, found, attempt, keys, opened[lesson])
        new = {result.name: result for result in attempt.exercises}
        both = [(new | old)[name] for name in target.exercises if name in new or name in old]
        return Attempt.of(
            target.lesson,
            both,
            attempt.submission,
            seed=attempt.seed,
            reference=attempt.reference,
            sandbox=attempt.sandbox,
            seconds=attempt.seconds,
            problems=attempt.problems,
            unreadable=attempt.unreadable,
            graded_at=attempt.graded_at,
            not_limited=attempt.not_limited,
            checks=self._all_checks(target, options, both),
        )

    def _all_checks(self, target: Target, options: Options, results: list[ExerciseResult]) -> int | None:
        _, reference = self.references.of(target, options)
        return all_checks(reference, results)

    def _keep(
        self, target: Target, found: LessonSubmission, attempt: Attempt, keys: dict[str, str], opened: set[str]
    ) -> None:
        lesson = target.files.entry.id
        kept = self.store.lesson(lesson)
        stamps = {name: stamp(name) for name in sorted(opened)}
        known = UNKNOWN not in opened and all(stamps.values()) and not attempt.unreadable
        loading = loading_key(found)
        for result in attempt.exercises:
            kept.results.pop(result.name, None)
            if known and result.outcome is not Outcome.ERROR:
                kept.results[result.name] = KeptResult(
                    key=keys[result.name], sha256=found.sha256, loading=loading, sandbox=attempt.sandbox,
                    not_limited=attempt.not_limited, opened=stamps, problems=attempt.problems, result=result,
                )  # fmt: skip
        self.store.keep(lesson, kept)


def _holds(kept: KeptResult, key: str, found: LessonSubmission, now: Callable[[str], str]) -> bool:
    """Whether a run would give this result again. `now` gives the present state of a file."""
    if kept.key != key or any(now(name) != seen for name, seen in kept.opened.items()):
        return False
    # Such a result names lines of the file, and an edit above moves them.
    named = found.file in kept.result.output or found.lines.file in kept.result.output
    moves = kept.result.outcome is not Outcome.PASSED or named
    return not moves or kept.sha256 == found.sha256


def _same_problems(kept: list[KeptResult], found: LessonSubmission) -> bool:
    """Whether the problems with the file are those of the kept results."""
    if any(one.problems != kept[0].problems for one in kept):
        return False
    if kept[0].problems or found.problems:
        return all(one.sha256 == found.sha256 for one in kept)
    loading = loading_key(found)
    return all(one.loading == loading for one in kept)


def _quickest(target: Target, same: dict[str, KeptResult]) -> str:
    def cost(name: str) -> tuple[bool, float]:
        trained = target.lesson.exercise(name).kind is Kind.TRAINING
        return trained, sum(check.seconds for check in same[name].result.checks)

    return min(same, key=cost)


def _with_old(
    options: Options, target: Target, old: dict[str, ExerciseResult]
) -> Callable[[str, ExerciseResult, list[str], str], None]:
    """Hook that gives the old results with the first new one. Then the problems with the file are known."""
    waiting = list(old.values())

    def graded(lesson: str, result: ExerciseResult, problems: list[str], unreadable: str) -> None:
        while waiting:
            _report(options, target, waiting.pop(0), problems, unreadable)
        if options.graded is not None:
            options.graded(lesson, result, problems, unreadable)

    return graded


def _report(
    options: Options, target: Target, result: ExerciseResult, problems: list[str], unreadable: str = ""
) -> None:
    lesson = target.files.entry.id
    if options.progress is not None:
        options.progress(lesson, result.name, result.outcome)
    if options.graded is not None:
        options.graded(lesson, result, problems, unreadable)
