"""Grade submissions: a worker for each lesson, its checks in order, compared with the reference."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from blindgrade import clock, seeds
from blindgrade.catalog import Catalog, CourseError, LessonFiles, Target
from blindgrade.checks import Check
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed, observe
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.student import Student
from blindgrade.engine.grading.warm_process import Sandbox, SandboxMissing, Zygote
from blindgrade.engine.grading.worker_client import Interrupted, ZygoteFailed
from blindgrade.engine.judging.collected_figures import Exhibits
from blindgrade.engine.judging.diagnosis import Seen, diagnose
from blindgrade.engine.judging.judged_before import Verdicts
from blindgrade.engine.judging.judging import ReferenceFailed
from blindgrade.engine.judging.scoring import block, score
from blindgrade.engine.submission.reading import LessonSubmission, read_submission
from blindgrade.engine.worker.lesson import load
from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Grading, Outcome, SubmissionRef

Reply = dict[str, Any]
Progress = Callable[[str, str, Outcome | None], None]  # lesson, exercise, its outcome when it is done


class GraderFailed(Exception):
    """The grader itself could not do its work: exit code 3."""


@dataclass(frozen=True)
class Options:
    """How to grade; see `grade --help`."""

    seed: int | None = None
    reference: Literal["auto", "live", "key"] = "auto"
    sandbox: Sandbox = "auto"
    device: str = "cpu"
    debug: bool = False
    progress: Progress | None = None
    interrupted: Callable[[], bool] | None = None  # asked all the time; when it says so, `Interrupted` is raised
    finished: Callable[[Attempt], None] | None = None  # told each lesson's attempt as soon as it is there
    exhibits: Exhibits | None = None  # where pictures of the results are kept, if someone wants to see them


class References:
    """Checks and expected results of lessons, made once and shared by every submission that is graded with them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], tuple[LessonChecks, LiveReference | KeyReference]] = {}
        self._verdicts: dict[tuple[str, str, str], Verdicts] = {}

    def of(self, target: Target, options: Options) -> tuple[LessonChecks, LiveReference | KeyReference]:
        """The lesson's checks and its reference. CourseError if this tree does not have them."""
        key = self._key(target, options)
        if key not in self._made:
            self._made[key] = _reference(target, options)
        return self._made[key]

    def verdicts(self, target: Target, options: Options) -> Verdicts:
        """What was said of submissions before, by the lesson's reference."""
        _, reference = self.of(target, options)
        if options.exhibits is not None:  # a picture is drawn from the reply and might write into it
            return Verdicts(reference)
        return self._verdicts.setdefault(self._key(target, options), Verdicts(reference))

    def _key(self, target: Target, options: Options) -> tuple[str, str, str]:
        return target.files.entry.id, options.reference, options.device


def grade(
    catalog: Catalog,
    targets: list[Target],
    submission: Path,
    options: Options,
    warm: Zygote | None = None,
    references: References | None = None,
) -> Grading:
    """Grade what the targets name. SubmissionError, CourseError, SandboxMissing or GraderFailed if that cannot be done.

    `warm` is a warm process that was started before and stays the caller's; without it one is made and ended here.
    `references` are those of earlier submissions, which pay off with the same seed.
    """
    own = Zygote.for_targets(targets, sandbox=options.sandbox, device=options.device) if warm is None else None
    with nullcontext(warm) if own is None else own as zygote:
        assert zygote is not None
        defined = {t.files.entry.id: {e.defines for e in t.lesson.exercises} for t in targets}
        found = read_submission(submission, [t.files for t in targets], defined)
        shared = References() if references is None else references
        attempts = []
        for target in targets:
            attempts.append(grade_lesson(target, found[target.files.entry.id], submission, options, zygote, shared))
            if options.finished is not None:
                options.finished(attempts[-1])
    return Grading.of(attempts)


def grade_lesson(
    target: Target,
    submission: LessonSubmission | None,
    path: Path,
    options: Options,
    zygote: Zygote,
    references: References,
) -> Attempt:
    """Grade a submission that was read before, in a worker of `zygote`. CourseError, SandboxMissing or GraderFailed."""
    try:
        return _LessonRun(target, submission, path, options, zygote, references).attempt()
    except SandboxMissing:
        raise
    except ZygoteFailed as error:
        raise GraderFailed(str(error)) from None


@dataclass
class _LessonRun:
    target: Target
    submission: LessonSubmission | None
    path: Path
    options: Options
    zygote: Zygote
    references: References
    student: Student | None = None
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        files = self.target.files
        self.checks, self.reference = self.references.of(self.target, self.options)
        self.verdicts = self.references.verdicts(self.target, self.options)
        public_seed = KEY_SEED if self.reference.kind == "key" else None
        self.seed = next(s for s in (public_seed, self.options.seed, seeds.draw()) if s is not None)
        if self.submission is None:
            self.problems.append(f"the submission holds no file for {files.entry.id} ({files.module}.py or .ipynb)")
        elif self.submission.unreadable:
            self.problems.append(self.submission.unreadable)
            self.submission = None
        else:
            self.problems += self.submission.problems
            self.student = Student(
                self.target, self.submission, self.checks, self.zygote, self.options.device, self.problems,
                self.options.interrupted,
            )  # fmt: skip

    def attempt(self) -> Attempt:
        """Grade the lesson."""
        begun = time.monotonic()
        try:
            results = self._exercises()
        finally:
            if self.student is not None:
                self.student.close()
        ref = self.submission
        return Attempt(
            lesson=self.target.files.entry.id,
            title=self.target.lesson.title,
            points=round(sum(r.points for r in results), 6),
            max_points=sum(r.max_points for r in results),
            submission=SubmissionRef(path=str(self.path), sha256=ref.sha256 if ref else ""),
            graded_at=clock.now(),
            seed=self.seed,
            reference="key" if self.reference.kind == "key" else "live",
            sandbox="none" if self.options.debug else self.zygote.sandbox or "process",
            seconds=round(time.monotonic() - begun, 3),
            problems=self.problems,
            exercises=results,
        )

    def _exercises(self) -> list[ExerciseResult]:
        """The results, in the lesson's order. Run last is what ends its worker, so that one worker may do."""
        outcomes: dict[str, Outcome] = {}
        results: dict[str, ExerciseResult] = {}
        # A released course may hold no public check of an exercise.
        names = [name for name in self.target.exercises if self.checks.of(name)]
        for name in sorted(names, key=lambda name: any(check.isolated for check in self.checks.of(name))):
            exercise = self.target.lesson.exercise(name)
            self._tell(name, None)
            result = self._exercise(exercise)
            if result.outcome is Outcome.FAILED:
                self._grade_required(exercise, outcomes)
                result = block(exercise, result, outcomes)
            outcomes[name] = result.outcome
            results[name] = result
            self._tell(name, result.outcome)
        return [results[name] for name in names]

    def _tell(self, exercise: str, outcome: Outcome | None) -> None:
        if outcome is None:
            self._go_on()
        if self.options.progress is not None:
            self.options.progress(self.target.files.entry.id, exercise, outcome)

    def _go_on(self) -> None:
        """Interrupted if nobody waits for this attempt any more."""
        if self.options.interrupted is not None and self.options.interrupted():
            raise Interrupted

    def _grade_required(self, exercise: Exercise, outcomes: dict[str, Outcome]) -> None:
        """Whom to blame needs the outcome of required exercises that were not asked for, too."""
        for name in exercise.requires_here:
            if name not in outcomes and self.checks.of(name):
                outcomes[name] = self._exercise(self.target.lesson.exercise(name)).outcome

    def _exercise(self, exercise: Exercise) -> ExerciseResult:
        seen: list[Seen] = []
        output = ""
        checks = sorted(self.checks.of(exercise.name), key=lambda check: check.isolated)
        todo = [(check, check_seed(self.seed, self.target.files.entry.id, check)) for check in checks]
        for number, (check, own) in enumerate(todo):
            begun = time.monotonic()
            reply, printed = self._observe(exercise, _together(todo[number:]))
            seconds = time.monotonic() - begun
            result = self._judge(check, reply, own)
            result.seconds = round(seconds, 4)
            output += printed if check.public else ""
            if self.options.exhibits is not None:
                self.options.exhibits.add(self.target.files.entry.id, check, reply, result.outcome, self.reference, own)
            if result.outcome is Outcome.FAILED and result.where is None:
                result.where = self._definition(exercise)
            seen.append((check, own, reply, result))
        diagnose(exercise, seen, self.reference, self._go_on)
        return score(exercise, [result for *_, result in seen], output)

    def _definition(self, exercise: Exercise) -> str | None:
        """Where the exercise stands in the student's file: the place to look if no line is to blame."""
        if self.submission is None:
            return None
        found = re.search(rf"^(?:async +)?(?:def|class) +{exercise.defines}\b", self.submission.text, re.MULTILINE)
        return self.submission.lines.where(self.submission.text.count("\n", 0, found.start()) + 1) if found else None

    def _judge(self, check: Check, reply: Reply, seed: int) -> CheckResult:
        try:
            result = self.verdicts.of(check, reply, seed)
        except ReferenceFailed as error:
            return CheckResult(
                name=check.name, claim=check.claim, public=check.public, outcome=Outcome.ERROR, weight=check.weight,
                message=f"the grader could not judge this check, which costs no points ({error})",
            )  # fmt: skip
        if self.submission is not None:
            result.message, result.where = self._in_students_lines(result.message, result.where)
            result.frames = [self._frame(frame) for frame in result.frames]
        return result

    def _frame(self, frame: str) -> str:
        where, _, function = frame.partition(" in ")
        place, _ = self._in_students_lines(where, where)
        return f"{place} in {function}"

    def _in_students_lines(self, message: str, where: str | None) -> tuple[str, str | None]:
        assert self.submission is not None
        if where and where.startswith(f"{self.submission.file}:"):
            place = self.submission.lines.where(int(where.rsplit(":", 1)[1]))
            return message.replace(where, place), place
        return message, where

    def _observe(self, exercise: Exercise, todo: list[tuple[Check, int]]) -> tuple[Reply, str]:
        """The student's reply to the first of these checks, and what was printed."""
        check, seed = todo[0]
        if self.student is None:
            return {"kind": "raised", "type": "NotImplementedError", "own": True}, ""
        if self.options.debug:
            return self._observe_here(check, seed), ""
        # The reference works at the same time; its result is remembered for the verdict.
        reply, printed = self.student.observe(
            exercise, todo,
            meanwhile=lambda: self.reference.expected(check, seed),
            read=lambda frame: self.verdicts.read(check, seed, frame),
        )  # fmt: skip
        if reply["kind"] == "broken":
            # A worker that says so may lie; whether the check is broken is seen by making it here.
            self.checks.experiment(check)
        return reply, printed

    def _observe_here(self, check: Check, seed: int) -> Reply:
        assert self.submission is not None
        folder = self.path if self.path.is_dir() else self.path.parent
        file = next(folder.rglob(self.submission.file), self.path)
        module = load(self.target.files.module, self.submission.text, str(file))
        return observe(self.checks, check, module, seed, self.options.device)


def _together(todo: list[tuple[Check, int]]) -> list[tuple[Check, int]]:
    """The first check and those after it that a worker may be sent with it.

    What is printed is told apart by when it comes, so a public check, whose prints are shown, goes alone; and so does
    an isolated one, because it ends its worker.
    """
    alone = next((n for n, (check, _) in enumerate(todo) if check.public or check.isolated), len(todo))
    return todo[: max(alone, 1)]


def _reference(target: Target, options: Options) -> tuple[LessonChecks, LiveReference | KeyReference]:
    files: LessonFiles = target.files
    live = files.solution.is_file()
    if options.reference == "live" and not live:
        raise CourseError(f"{files.solution} is not here, so there is no live reference; use --reference key")
    if options.reference == "key" or not live:
        if options.seed not in (None, KEY_SEED):
            raise CourseError(
                f"an answer key holds for seed {KEY_SEED} alone; leave --seed out, or use --reference live"
            )
        checks = LessonChecks(files, target.lesson, files.public_checks)
        return checks, KeyReference(files, checks)
    checks = LessonChecks(files, target.lesson)
    return checks, LiveReference(checks, Solution(files, target.lesson), options.device)
