"""Grade submissions: a worker for each lesson, its checks in order, compared with the reference."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from blindgrade.catalog import Catalog, CourseError, LessonFiles, Target
from blindgrade.checks import Check
from blindgrade.engine.diagnosis import Seen, diagnose
from blindgrade.engine.judging import ReferenceFailed
from blindgrade.engine.lesson_checks import LessonChecks
from blindgrade.engine.reference import KEY_SEED, KeyReference, LiveReference, check_seed, judge_by, observe
from blindgrade.engine.sandbox import Limits
from blindgrade.engine.scoring import block, score
from blindgrade.engine.submission import LessonSubmission, read_submission
from blindgrade.engine.variants import Solution
from blindgrade.engine.worker import load
from blindgrade.engine.workers import Worker, WorkerGone, Zygote, ZygoteFailed, needs_optimizer
from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Grading, Outcome, SubmissionRef

LOAD_SECONDS = 10.0
MAX_SEED = 1 << 53  # what every JSON reader keeps exact

Reply = dict[str, Any]
Progress = Callable[[str, str, Outcome | None], None]  # lesson, exercise, its outcome when it is done


class GraderFailed(Exception):
    """The grader itself could not do its work: exit code 3."""


@dataclass(frozen=True)
class Options:
    """How to grade; see `grade --help`."""

    seed: int | None = None
    reference: Literal["auto", "live", "key"] = "auto"
    device: str = "cpu"
    debug: bool = False
    progress: Progress | None = None


def grade(
    catalog: Catalog, targets: list[Target], submission: Path, options: Options, warm: Zygote | None = None
) -> Grading:
    """Grade what the targets name. SubmissionError, CourseError or GraderFailed if that cannot be done.

    `warm` is a warm process that was started before; it is closed at the end, like one of our own.
    """
    with warm or Zygote(optimizer=needs_optimizer(targets)) as zygote:
        defined = {t.files.entry.id: {e.defines for e in t.lesson.exercises} for t in targets}
        found = read_submission(submission, [t.files for t in targets], defined)
        try:
            attempts = [_LessonRun(t, found[t.files.entry.id], submission, options, zygote).attempt() for t in targets]
        except ZygoteFailed as error:
            raise GraderFailed(str(error)) from None
    return Grading.of(attempts)


@dataclass
class _Spent:
    """What an exercise has used of its budget."""

    seconds: float = 0.0
    stopped: str = ""


@dataclass
class _LessonRun:
    target: Target
    submission: LessonSubmission | None
    path: Path
    options: Options
    zygote: Zygote
    problems: list[str] = field(default_factory=list)
    worker: Worker | None = None
    load_failure: str = ""

    def __post_init__(self) -> None:
        files = self.target.files
        self.checks, self.reference = _reference(self.target, self.options)
        public_seed = KEY_SEED if self.reference.kind == "key" else None
        self.seed = next(s for s in (public_seed, self.options.seed, secrets.randbelow(MAX_SEED)) if s is not None)
        self.toys = files.toys.read_bytes() if files.toys.is_file() else b""
        if self.submission is not None and self.submission.unreadable:
            self.problems.append(self.submission.unreadable)
            self.submission = None
        elif self.submission is None:
            self.problems.append(f"the submission holds no file for {files.entry.id} ({files.module}.py or .ipynb)")
        else:
            self.problems += self.submission.problems

    def attempt(self) -> Attempt:
        """Grade the lesson."""
        begun = time.monotonic()
        try:
            results = self._exercises()
        finally:
            self._end_worker()
        ref = self.submission
        return Attempt(
            lesson=self.target.files.entry.id,
            title=self.target.lesson.title,
            points=round(sum(r.points for r in results), 6),
            max_points=sum(r.max_points for r in results),
            submission=SubmissionRef(path=str(self.path), sha256=ref.sha256 if ref else ""),
            graded_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            seed=self.seed,
            reference="key" if self.reference.kind == "key" else "live",
            sandbox="none" if self.options.debug else self.zygote.sandbox or "process",
            seconds=round(time.monotonic() - begun, 3),
            problems=self.problems,
            exercises=results,
        )

    def _exercises(self) -> list[ExerciseResult]:
        outcomes: dict[str, Outcome] = {}
        results = []
        for name in self.target.exercises:
            exercise = self.target.lesson.exercise(name)
            if not self.checks.of(name):
                continue  # a released course may hold no public check of it
            self._tell(name, None)
            result = self._exercise(exercise)
            if result.outcome is Outcome.FAILED:
                self._grade_required(exercise, outcomes)
                result = block(exercise, result, outcomes)
            outcomes[name] = result.outcome
            results.append(result)
            self._tell(name, result.outcome)
        return results

    def _tell(self, exercise: str, outcome: Outcome | None) -> None:
        if self.options.progress is not None:
            self.options.progress(self.target.files.entry.id, exercise, outcome)

    def _grade_required(self, exercise: Exercise, outcomes: dict[str, Outcome]) -> None:
        """Whom to blame needs the outcome of required exercises that were not asked for, too."""
        for name in exercise.requires:
            if name not in outcomes and self.checks.of(name):
                outcomes[name] = self._exercise(self.target.lesson.exercise(name)).outcome

    def _exercise(self, exercise: Exercise) -> ExerciseResult:
        seen: list[Seen] = []
        spent = _Spent()
        output = ""
        for check in self.checks.of(exercise.name):
            own = check_seed(self.seed, self.target.files.entry.id, check)
            begun = time.monotonic()
            reply, printed = self._observe(exercise, check, own, spent)
            seconds = time.monotonic() - begun
            result = self._judge(check, reply, own)
            result.seconds = round(seconds, 4)
            output += printed if check.public else ""
            if result.outcome is Outcome.FAILED and result.where is None:
                result.where = self._definition(exercise)
            seen.append((check, own, reply, result))
        if isinstance(self.reference, LiveReference):
            diagnose(exercise, seen, self.reference)
        else:
            for *_, result in seen:
                result.hint = exercise.hints[0] if result.outcome is Outcome.FAILED else ""
        return score(exercise, [result for *_, result in seen], output)

    def _definition(self, exercise: Exercise) -> str | None:
        """Where the exercise stands in the student's file: the place to look if no line is to blame."""
        if self.submission is None:
            return None
        found = re.search(rf"^(?:async +)?(?:def|class) +{exercise.defines}\b", self.submission.text, re.MULTILINE)
        return self.submission.lines.where(self.submission.text.count("\n", 0, found.start()) + 1) if found else None

    def _judge(self, check: Check, reply: Reply, seed: int) -> CheckResult:
        try:
            result = judge_by(self.reference, check, reply, seed)
        except ReferenceFailed as error:
            return CheckResult(
                name=check.name, claim=check.claim, public=check.public, outcome=Outcome.ERROR, weight=check.weight,
                message=f"the grader could not judge this check, which costs no points ({error})",
            )  # fmt: skip
        if self.submission is not None:
            result.message, result.where = self._in_students_lines(result.message, result.where)
        return result

    def _in_students_lines(self, message: str, where: str | None) -> tuple[str, str | None]:
        assert self.submission is not None
        if where and where.startswith(f"{self.submission.file}:"):
            place = self.submission.lines.where(int(where.rsplit(":", 1)[1]))
            return message.replace(where, place), place
        return message, where

    def _observe(self, exercise: Exercise, check: Check, seed: int, spent: _Spent) -> tuple[Reply, str]:
        """The student's reply, and what was printed. Never raises for what the student did."""
        if self.submission is None:
            return {"kind": "raised", "type": "NotImplementedError", "own": True}, ""
        if spent.stopped:
            return {"kind": "stopped", "message": f"not run, because an earlier check was {spent.stopped}"}, ""
        if self.options.debug:
            return self._observe_here(check, seed), ""
        if check.isolated:
            self._end_worker()
        request = {
            "op": "run", "name": check.name, "modules": self.checks.slice(check), "seed": seed,
            "device": self.options.device,
        }  # fmt: skip
        begun = time.monotonic()
        printed = ""
        try:
            worker = self._worker(exercise)
            if self.load_failure:
                return {"kind": "stopped", "message": self.load_failure}, ""
            # The reference works at the same time; its result is remembered for the verdict.
            left = max(exercise.seconds - spent.seconds, 0.1)
            reply = worker.call(request, left, meanwhile=lambda: self.reference.expected(check, seed))
            printed = worker.take_output()
        except WorkerGone as gone:
            self._end_worker()
            reply = {"kind": "stopped", "message": gone.reason}
            if gone.reason.startswith("stopped after"):
                reply["message"] = gone.reason = (
                    f"stopped after {exercise.seconds:.0f} s: is there a loop that never ends?"
                )
                spent.stopped = f"stopped after {exercise.seconds:.0f} s"
        spent.seconds += time.monotonic() - begun
        if check.isolated:
            self._end_worker()
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

    def _worker(self, exercise: Exercise) -> Worker:
        assert self.submission is not None
        if self.worker is None:
            longest = max(e.seconds for e in self.target.lesson.exercises)
            limits = Limits(memory_mb=exercise.memory_mb, cpu_seconds=int(10 * longest) + 60)
            self.worker = self.zygote.spawn(limits)
            first = not self.load_failure
            self.load_failure = self._load(self.worker)
            if self.load_failure and first:
                self.problems.append(self.load_failure)
        return self.worker

    def _load(self, worker: Worker) -> str:
        """Load the student's file; a sentence if that did not end, and notes about lines that were left out."""
        assert self.submission is not None
        request = {
            "op": "load", "module": self.target.files.module, "text": self.submission.text,
            "file": self.submission.file, "files": {**self.submission.files, "toys.py": self.toys},
        }  # fmt: skip
        try:
            reply = worker.call(request, LOAD_SECONDS)
            worker.take_output()
        except WorkerGone as gone:
            return f"{self.submission.file} could not be loaded: {gone.reason}"
        for problem in reply.get("problems", [])[:20]:
            note = self._problem(problem)
            if note not in self.problems:
                self.problems.append(note)
        return ""

    def _problem(self, problem: Reply) -> str:
        assert self.submission is not None
        place = self.submission.lines.where(int(problem.get("line") or 1))
        text = " ".join(str(problem.get("message", "")).split())[:200]
        return f"{place}: {problem.get('type')}: {text}; this part was left out and the rest was graded"

    def _end_worker(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None


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
