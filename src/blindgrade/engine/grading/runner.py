"""Grading of submissions: a worker for each lesson, its checks in order, compared with the reference."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from blindgrade import seeds
from blindgrade.catalog import Catalog, Target
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.in_process import InThisProcess
from blindgrade.engine.grading.loop import Loop, Observer, Round, forgiving
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.student import Student
from blindgrade.engine.grading.worker_client import Interrupted, SandboxMissing, ZygoteFailed
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.judging.diagnosis import Seen
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.submission.reading import LessonSubmission, read_submission
from blindgrade.engine.wire.replies import Unwritten
from blindgrade.engine.worker import stand_ins
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.models import Attempt, Exercise, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.places import Place


class GraderFailed(Exception):
    """The grader itself could not do its work. Commands exit with code 3."""


def grade(
    catalog: Catalog,
    targets: list[Target],
    submission: Path,
    options: Options,
    warm: Workers | None = None,
    references: References | None = None,
) -> Grading:
    """Grading of the targets. SubmissionError, CourseError, SandboxMissing or GraderFailed if it is not possible.

    `warm` are workers that the caller started and will end. Without it, this function starts and ends one.
    `references` come from earlier submissions. They save time if the seed is the same.
    """
    own = workers_for(targets, sandbox=options.sandbox, device=options.device) if warm is None else None
    with nullcontext(warm) if own is None else own as workers:
        assert workers is not None
        shared = References() if references is None else references
        lesson = partial(grade_lesson, path=submission, options=options, workers=workers, references=shared)
        return grade_each(targets, submission, options, lesson)


def grade_each(
    targets: list[Target],
    submission: Path,
    options: Options,
    lesson: Callable[[Target, LessonSubmission | None], Attempt],
) -> Grading:
    """Grading of the targets, each one by `lesson`. It raises the errors of `lesson`, and SubmissionError."""
    defined = {t.files.entry.id: {e.defines for e in t.lesson.exercises} for t in targets}
    found = read_submission(submission, [t.files for t in targets], defined)
    attempts = []
    for target in targets:
        attempts.append(lesson(target, found[target.files.entry.id]))
        if options.finished is not None:
            options.finished(attempts[-1])
    return Grading.of(attempts)


def grade_lesson(
    target: Target,
    submission: LessonSubmission | None,
    path: Path,
    options: Options,
    workers: Workers,
    references: References,
) -> Attempt:
    """Attempt at one lesson of a submission that was read before, graded in a worker of `workers`.

    Raises CourseError, SandboxMissing or GraderFailed.
    """
    try:
        return _LessonRun(target, submission, path, options, workers, references).attempt()
    except SandboxMissing:
        raise
    except ZygoteFailed as error:
        raise GraderFailed(str(error)) from None


def all_checks(reference: Reference, results: list[ExerciseResult]) -> int | None:
    """Number of the exercises' checks, hidden ones too; None if all of them ran."""
    if isinstance(reference, KeyReference):
        return sum(reference.counts.get(result.name, len(result.checks)) for result in results)
    return None


@dataclass(frozen=True)
class _NothingSubmitted:
    """Observes a lesson that the submission does not contain, or that cannot be read: nothing is written."""

    message: str = "not written yet"

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        return Observed(Unwritten(self.message))

    def definition(self, exercise: Exercise) -> Place | None:
        return None

    def names_used(self, exercise: Exercise) -> set[str] | None:
        return None


@dataclass
class _LessonRun:
    target: Target
    submission: LessonSubmission | None
    path: Path
    options: Options
    workers: Workers
    references: References
    problems: list[str] = field(default_factory=list)
    student: Student | None = None
    unreadable: str = ""  # why no definition of the lesson's file could be read

    def __post_init__(self) -> None:
        self.checks, self.reference = self.references.of(self.target, self.options)
        self.judged = self.references.judged_before(self.target, self.options)
        public_seed = KEY_SEED if self.reference.kind == "key" else None
        self.seed = next(s for s in (public_seed, self.options.seed, seeds.draw()) if s is not None)
        files = self.target.files
        if self.submission is None:
            self.problems.append(f"the submission holds no file for {files.entry.id} ({files.module}.py or .ipynb)")
        elif self.submission.unreadable:
            self.unreadable = self.submission.unreadable
            self.problems.append(self.unreadable)
            self.submission = None
        else:
            self.unreadable = self.submission.empty
            self.problems += self.submission.problems

    def _observer(self) -> Observer:
        if self.unreadable:
            return _NothingSubmitted("the lesson's file could not be read")
        if self.submission is None:
            return _NothingSubmitted()
        if self.options.debug:
            return InThisProcess(self.checks, self._loaded_here, self.options.device, self.submission)
        self.student = Student(
            self.target, self.submission, self.checks, self.judged, self.workers, self.options.device, self.problems,
            self.options.interrupted, self._opened(),
        )  # fmt: skip
        return self.student

    def _opened(self) -> set[str] | None:
        if self.options.opened is None:
            return None
        return self.options.opened.setdefault(self.target.files.entry.id, set())

    def attempt(self) -> Attempt:
        """Grade the lesson."""
        begun = time.monotonic()
        # Not a field of this run, to which it refers: a cycle would keep the submission until the collector comes.
        loop = Loop(
            self.checks, self.reference, self.seed, self._observer(), forgiving(self.judged.judge),
            go_on=self._go_on, keep=self._keep,
        )  # fmt: skip
        try:
            results = self._exercises(loop)
        finally:
            if self.student is not None:
                self.student.close()
        return Attempt.of(
            self.target.lesson,
            results,
            SubmissionRef(path=str(self.path), sha256=self.submission.sha256 if self.submission else ""),
            seed=self.seed,
            reference="key" if self.reference.kind == "key" else "live",
            sandbox="none" if self.options.debug else self.workers.sandbox or "process",
            seconds=time.monotonic() - begun,
            problems=self.problems,
            unreadable=self._unreadable(),
            not_limited=[] if self.options.debug else list(self.workers.lacking),
            checks=all_checks(self.reference, results),
        )

    def _exercises(self, loop: Loop) -> list[ExerciseResult]:
        """Results in the lesson's order. Exercises that end their worker run last, so that one worker may be enough."""
        results: dict[str, ExerciseResult] = {}
        # A released course may have no public check of an exercise.
        names = [name for name in self.target.exercises if self.checks.of(name)]
        for name in sorted(names, key=lambda name: any(check.isolated for check in self.checks.of(name))):
            self._go_on()
            self._report(name, None)
            results[name] = loop.exercise(name)
            self._report(name, results[name].outcome)
            if self.options.graded is not None:
                self.options.graded(self.target.files.entry.id, results[name], self.problems, self._unreadable())
        return [results[name] for name in names]

    def _unreadable(self) -> str:
        """Reason why no definition of the file could be read or loaded; empty if one could be."""
        return self.unreadable or (self.student.load_failure if self.student is not None else "")

    def _report(self, exercise: str, outcome: Outcome | None) -> None:
        if self.options.progress is not None:
            self.options.progress(self.target.files.entry.id, exercise, outcome)

    def _go_on(self) -> None:
        """Raise Interrupted if nobody waits for this attempt any more."""
        if self.options.interrupted is not None and self.options.interrupted():
            raise Interrupted

    def _keep(self, seen: Seen) -> None:
        if self.options.replies is not None:
            self.options.replies.add(self.target.files.entry.id, seen)
        if self.options.figures is not None:
            lesson, outcome = self.target.files.entry.id, seen.result.outcome
            self.options.figures.add(lesson, seen.check, seen.reply, outcome, self.reference, seen.seed)

    def _loaded_here(self) -> LoadedLesson:
        """Submission as a module of this process, under its own path, so that breakpoints work."""
        assert self.submission is not None
        folder, name = self.path if self.path.is_dir() else self.path.parent, self.submission.lines.file
        file = folder / name if folder != self.path else next(folder.rglob(glob.escape(name)), folder / name)
        stand_ins.shell(self.submission.text)
        return load(self.target.files.module, self.submission.to_run, str(file))
